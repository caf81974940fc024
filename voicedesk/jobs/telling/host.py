"""The IVR at work: calls that the switch hands over by AGI walk through it, and the ledger keeps what they were told.

Nothing here may keep a caller waiting: the ledger is written beside the conversation, and whatever goes wrong, the call
is given back to the switch, whose dialplan leads it to the queue.
"""

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.server import AgiLimits, AgiServer
from voicedesk.audio.g711 import Samples
from voicedesk.calls.model import CallFacts
from voicedesk.catalogue.model import Catalogue
from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import AgiError, AgiHungUp, InputError, StoreError
from voicedesk.hall.prompts import book_of, catalogue_of, frames_of, menu_of, wanted_of
from voicedesk.ivr import dialplan
from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import (
    AskDigits,
    Entry,
    Exit,
    Input,
    Leave,
    LookedUp,
    LookUp,
    Menu,
    Play,
    Played,
    Recorded,
    Standing,
    State,
    Step,
    TakeMessage,
    Texts,
)
from voicedesk.ivr.names import item_named, names_of
from voicedesk.ivr.tracking_code import new_code
from voicedesk.ivr.walk import Walk
from voicedesk.ivr.wording import CHINESE, Wording, digits
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.telling.in_writing import message_of
from voicedesk.jobs.telling.outages import Outages
from voicedesk.jobs.telling.programs import tell
from voicedesk.jobs.telling.sound import IvrSound, Spool
from voicedesk.phone_numbers import is_mobile, normalise
from voicedesk.prompts.book import PromptBook
from voicedesk.settings import LineSettings, Settings
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.consultations import StoredConsultation
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

RESERVE_SECONDS = 1.0
LOOK_UP_SECONDS = 3.0
SAVE_AGAIN_SECONDS = 1.0
CODE_TRIES = 20
ROUND_SECONDS = 300.0
MOST_REFUSED = 500
LAST_PHONE_SECONDS = 6.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What is told today: the menu, the words around it, and where their sounds are."""

    day: str
    menu: Menu
    words: Wording
    book: PromptBook
    catalogue: Catalogue


class IvrHost:
    """Serves the calls of all switches; `calls` finds the call that a channel belongs to, by PBX."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: Mapping[str, Callable[[str], CallFacts | None]],
        now: NowUs,
        *,
        outages: Outages,
        phones: PhoneDesk | None = None,
        workers: SpeechWorkers | None = None,
        below: Callable[[int], int] = secrets.randbelow,
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard or Guard(now)
        self._refused: dict[str, StoredConsultation] = {}
        self._store, self._settings, self._calls, self._now = store, settings, calls, now
        self._outages, self._phones, self._workers, self._below = outages, phones, workers, below
        self._calendar = WorkCalendar.of(settings)
        self._shelf: Shelf | None = None
        self._unsaved: dict[str, StoredConsultation] = {}
        self._changed = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self.port: int | None = None
        self.as_kept: Callable[[str, str, StoredConsultation], StoredConsultation] = lambda _pbx, _uniqueid, kept: kept
        """What may be kept of a caller's consultation: nothing of a number that is to be forgotten."""

    # --- the service's side

    async def run(self) -> None:
        """Listens until cancelled; what was told is saved before the end."""
        address = self._settings.ivr.address
        if address is None:
            return
        server = AgiServer(self.serve, AgiLimits(sessions=self._settings.ivr.sessions))
        saving = asyncio.create_task(self._save_on(), name="consultations unsaved")
        try:
            async with server.listening(*address) as self.port:
                _log.info("ivr_listening", host=address[0], port=self.port, items=len(self._today().menu.items))
                await asyncio.Event().wait()
        except OSError as error:
            _log.error("ivr_unavailable", address=self._settings.ivr.listen, reason=str(error))
        finally:
            saving.cancel()
            await asyncio.gather(saving, *self._telling, return_exceptions=True)
            with contextlib.suppress(StoreError):
                await self._save_all()

    def change_settings(self, settings: Settings) -> None:
        """Hours, items and texts are others from now on."""
        self._settings = settings
        self._calendar = WorkCalendar.of(settings)
        self._shelf = None
        self._outages.change_settings(settings)

    def _today(self) -> Shelf:
        """What is told today; read again each day, for items begin and expire."""
        day = to_datetime(self._now()).astimezone(self._settings.hall.zone).date()
        if self._shelf is None or self._shelf.day != day.isoformat():
            self._shelf = self._stocked(self._settings, day.isoformat())
        return self._shelf

    def _stocked(self, settings: Settings, day: str) -> Shelf:
        date = datetime.fromisoformat(day).date()
        catalogue, book = catalogue_of(settings), book_of(settings)
        for problem in catalogue.problems:
            _log.error("catalogue_problem", problem=str(problem))
        for item in catalogue.expired_on(date):
            _log.warning("item_expired", item=item.id, name=item.name)
        wanted = wanted_of(settings, date)
        missing = sum(book.find(one.text, language=one.language) is None for one in wanted)
        if missing:
            _log.error("prompts_missing", count=missing, of=len(wanted), cure="voicedesk prompts build")
        menu = menu_of(catalogue, date, samples=settings.notices.samples)
        return Shelf(day=day, menu=menu, words=Wording(frames_of(settings)), book=book, catalogue=catalogue)

    # --- a call's side

    async def serve(self, call: AgiCall) -> None:
        """One call, from the AGI's first line to the way it leaves. Raises AgiError, AgiHungUp when the caller is gone.

        Whatever else goes wrong costs this caller the IVR: the switch leads the call on.
        """
        try:
            await self._serve(call)
        except AgiError:
            raise
        except Exception as error:  # noqa: BLE001  # it costs this caller
            asked = call.environment
            about = f"{asked.path} {asked.uniqueid}"
            pbx = asked.query.get("pbx", "")
            self._guard.set_aside(Part.CALLER, error, about=about, content=written(asked), pbx=pbx)

    async def _serve(self, call: AgiCall) -> None:
        asked = call.environment
        try:
            path, shelf = dialplan.Path(asked.path), self._today()
        except (ValueError, InputError) as error:
            _log.error("ivr_refused", path=asked.path, reason=str(error))
            return
        if path is dialplan.Path.STAFF:
            await self._tell_staff(call, shelf)
            return
        if path is dialplan.Path.BREAK:
            await self._warn_last_phone(call, shelf)
            return
        line = next((one for one in self._settings.lines if one.name == asked.query.get("line")), None)
        is_on_duty = self._calendar.is_on_duty(line.duty if line else (), self._now())
        if path is dialplan.Path.GATE:
            await self._announce(call, shelf, line)
            if is_on_duty:
                await self._tell_deserted(call, shelf, line)
                await call.set_variable(dialplan.RESULT, Exit.PERSON)
                return
        if not _can_speak(shelf):
            _log.error("ivr_silent", reason="the texts have no sounds", cure="voicedesk prompts build")
            return
        await self._walk(call, shelf, path, line, is_on_duty=is_on_duty)

    async def _tell_staff(self, call: AgiCall, shelf: Shelf) -> None:
        """Who is being rung back; nobody is, who was reached while the staff phone rang."""
        if await self._is_reached(call.environment.uniqueid):
            _log.info("callback_not_needed", attempt=call.environment.uniqueid)
            await call.hangup()
            return
        number = digits(call.environment.query.get("number", ""), CHINESE)
        await self._sound(call, shelf, "callback").say(shelf.words.say("calling_back", CHINESE, digits=number))

    async def _is_reached(self, attempt_id: str) -> bool:
        """Whether the ticket that a call was placed for is closed by now; without a database it is not."""
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(RESERVE_SECONDS):
                attempt = await self._store.tickets.attempt(attempt_id)
                stored = await self._store.tickets.get(attempt.ticket_id) if attempt is not None else None
                return stored is not None and stored.ticket.is_closed
        return False

    async def _announce(self, call: AgiCall, shelf: Shelf, line: LineSettings | None) -> None:
        """An outage is told before anything else (S10)."""
        texts = self._outages.texts_for(line.name if line else None)
        if texts:
            await call.answer()
            await self._sound(call, shelf, "outage").say(texts)

    async def _tell_deserted(self, call: AgiCall, shelf: Shelf, line: LineSettings | None) -> None:
        """Where every phone of a line is paused or away, the caller hears so before waiting for one (S11)."""
        texts = shelf.words.say("all_away", CHINESE)
        deserted = self._phones is not None and line is not None and self._phones.is_deserted(line.name)
        if deserted and _has_sound(shelf, texts):
            await call.answer()
            await self._sound(call, shelf, "away").say(texts)

    async def _warn_last_phone(self, call: AgiCall, shelf: Shelf) -> None:
        """Who is about to pause the last free phone of a line must say so by a key; without a voice nobody is asked."""
        endpoint = call.environment.channel.rpartition("-")[0]
        lines = self._phones.left_without(call.environment.query.get("pbx", ""), endpoint) if self._phones else []
        texts = shelf.words.say("last_phone", CHINESE)
        if not lines or not _has_sound(shelf, texts):
            return
        sound = self._sound(call, shelf, "break")
        answer = await sound.play(Play(texts=texts, wait_seconds=LAST_PHONE_SECONDS))
        if isinstance(answer, Played) and answer.key == "1":
            return
        _log.info("break_not_begun", endpoint=endpoint, lines=lines)
        await call.set_variable(dialplan.BREAK, dialplan.STAY)
        await sound.say(shelf.words.say("stays", CHINESE))

    async def _walk(
        self, call: AgiCall, shelf: Shelf, path: dialplan.Path, line: LineSettings | None, *, is_on_duty: bool
    ) -> None:
        number = normalise(call.environment.caller_number, self._settings.hall.area_code)
        again = call.environment.query.get("round", "1") not in ("", "1")
        entry = _entry_of(path, call)
        kept = self._begun(call, entry, line, number)
        kept = await self._reserved(kept)
        sound = self._sound(call, shelf, kept.consultation.code)
        walk = Walk(
            shelf.menu,
            shelf.words,
            code=kept.consultation.code,
            entry=entry,
            at=kept.consultation.started_at,
            number=number,
            normalise=lambda typed: normalise(typed, self._settings.hall.area_code),
            person_there=is_on_duty and not again,
            can_hear=self._can_hear,
            sms=bool(self._settings.ivr.sms_command) and is_mobile(number),
            again=again,
        )
        step: Step = walk.start()
        try:
            await call.answer()
            while not isinstance(step, Leave):
                step = walk.take(await self._done(step, sound, shelf), self._now())
                await self._tell_heard(call, kept, walk)
                kept = self._note(kept, walk)
            await self._leave(call, sound, step)
        except AgiHungUp as gone:
            walk.hang_up(self._now(), gone.finished)
            raise
        finally:
            self._note(kept, walk)
            self._tell_sms(shelf, walk)

    async def _done(self, step: Step, sound: IvrSound, shelf: Shelf) -> Input:
        match step:
            case Play():
                return await sound.play(step)
            case AskDigits():
                return await sound.ask(step)
            case TakeMessage():
                return await self._message(sound, step)
            case LookUp():
                return LookedUp(standing=await self._standing(step.code, shelf.menu))
            case Leave():
                raise AssertionError("the walk is over")  # pragma: no cover

    async def _message(self, sound: IvrSound, step: TakeMessage) -> Recorded:
        """A message, moved to where evidence is kept; it stays where it is if that refuses."""
        message = await sound.take_message(step)
        folder = self._settings.ivr.folder
        if not message.file or folder is None:
            return message
        day = to_datetime(self._now()).astimezone(self._settings.hall.zone).date().isoformat()
        try:
            await asyncio.to_thread(_move, folder / message.file, self._settings.recording.folder / day)
        except OSError as error:
            _log.error("message_unmoved", file=message.file, reason=str(error))
            return message
        return replace(message, file=f"{day}/{message.file}")

    async def _tell_heard(self, call: AgiCall, before: StoredConsultation, walk: Walk) -> None:
        """A notice that was heard to its end is told to the switch, and so to whoever follows the call (S1)."""
        known = {one.item_id for one in before.consultation.notices if one.is_complete}
        for one in walk.consultation().notices:
            if one.is_complete and one.item_id not in known:
                await call.command("EXEC", "UserEvent", f"{dialplan.NOTICE_EVENT},Complete: 1,Item: {one.item_id}")

    async def _leave(self, call: AgiCall, sound: IvrSound, step: Leave) -> None:
        await sound.say(step.texts, slow=step.slow)
        await call.set_variable(dialplan.RESULT, step.exit)

    def _sound(self, call: AgiCall, shelf: Shelf, name: str) -> IvrSound:
        prompts, folder = self._settings.prompts, self._settings.ivr.folder
        spool = Spool(here=folder, there=folder) if folder else None

        async def choose(samples: Samples, rate: int) -> str | None:
            return await self._choose(samples, rate, shelf.menu)

        sounds = prompts.asterisk_folder or prompts.folder
        return IvrSound(call, shelf.book, sounds, spool=spool, name=name, choose=choose if self._can_hear else None)

    @property
    def _can_hear(self) -> bool:
        return self._workers is not None and self._settings.ivr.speech and self._settings.ivr.folder is not None

    async def _choose(self, samples: Samples, rate: int, menu: Menu) -> str | None:
        """The item that is named in what a caller said."""
        workers = self._workers
        if workers is None:
            return None
        async with workers.hear(rate, names_of(menu)) as voice:
            await voice.accept(samples)
            transcript = await voice.finish()
        item = item_named(menu, "".join(word.text for word in transcript.words if not word.is_unknown))
        return item.id if item else None

    # --- the ledger

    def _begun(self, call: AgiCall, entry: Entry, line: LineSettings | None, number: str | None) -> StoredConsultation:
        pbx = call.environment.query.get("pbx") or next(iter(self._calls), "")
        return StoredConsultation(
            pbx=pbx,
            uniqueid=call.environment.uniqueid,
            line=line.name if line else None,
            caller_number=number,
            consultation=Ledger(new_code(self._below), entry, self._now()).consultation(State.MENU, CHINESE),
        )

    async def _reserved(self, kept: StoredConsultation) -> StoredConsultation:
        """With a code that is nobody else's; without a database any code does, for then nobody can ask for it."""
        try:
            async with asyncio.timeout(RESERVE_SECONDS):
                for _ in range(CODE_TRIES):
                    if await self._store.consultations.begin(kept):
                        break
                    kept = replace(kept, consultation=replace(kept.consultation, code=new_code(self._below)))
        except (StoreError, TimeoutError) as error:
            _log.error("consultation_unreserved", reason=str(error) or "the database took too long")
        return kept

    def _note(self, kept: StoredConsultation, walk: Walk) -> StoredConsultation:
        """What there is by now will be saved soon."""
        find = self._calls.get(kept.pbx)
        facts = find(kept.uniqueid) if find else None
        kept = replace(kept, consultation=walk.consultation(), call_id=facts.id if facts is not None else kept.call_id)
        self._unsaved[kept.consultation.code] = self.as_kept(kept.pbx, kept.uniqueid, kept)
        self._changed.set()
        return kept

    async def _save_on(self) -> None:
        while True:
            promise_round(None)
            await self._changed.wait()
            self._changed.clear()
            promise_round(ROUND_SECONDS)
            try:
                await self._save_all()
            except StoreError as error:
                _log.error("consultations_unsaved", count=len(self._unsaved), reason=str(error))
                await asyncio.sleep(SAVE_AGAIN_SECONDS)
                self._changed.set()

    async def _save_all(self) -> None:
        """What waits; what the database refuses for good is set aside. Raises StoreError: then the rest waits on."""
        for code, kept in list(self._unsaved.items()):
            about = f"consultation {code}"
            with self._guard.one(Part.ROW, about, content=written(kept), pbx=kept.pbx):
                await self._store.consultations.save(kept)
                if self._unsaved.get(code) is kept:
                    del self._unsaved[code]
                self._refused.pop(about, None)
                continue
            self._unsaved.pop(code, None)
            self._refused[about] = kept
            if len(self._refused) > MOST_REFUSED:
                del self._refused[next(iter(self._refused))]

    async def save_again(self, item: SetAside) -> str:
        """A consultation that was set aside is saved again. Raises InputError where it is not known any more."""
        kept = self._refused.get(item.about)
        if kept is None:
            raise InputError(f"{item.about} is not in memory any more: only what was set aside since the last start is")
        await self._store.consultations.save(kept)
        del self._refused[item.about]
        return f"{item.about} is saved"

    async def _standing(self, code: str, menu: Menu) -> Standing | None:
        """Where the matter of a code stands; None if nobody knows the code, or it cannot be looked up now."""
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                found = self._unsaved.get(code) or await self._store.consultations.get(code)
        except (StoreError, TimeoutError) as error:
            _log.error("consultation_unread", reason=str(error) or "the database took too long")
            return None
        if found is None:
            return None
        day = to_datetime(found.consultation.started_at).astimezone(self._settings.hall.zone)
        told = found.consultation.notices[-1] if found.consultation.notices else None
        item = menu.item(told.item_id) if told else None
        return Standing(
            code=code,
            month=day.month,
            day=day.day,
            item_id=item.id if item else None,
            item_name=item.name if item else None,
            is_changed=item is not None and told is not None and item.version != told.version,
            requests=tuple((one.asked.kind, one.settled_at is not None) for one in found.requests),
        )

    # --- text messages

    def _tell_sms(self, shelf: Shelf, walk: Walk) -> None:
        kept = walk.consultation()
        told = kept.notices[-1] if kept.notices else None
        item = shelf.catalogue.version(told.item_id, told.version) if told else None
        if kept.sms_to is None or item is None:
            return
        what = {"number": kept.sms_to, "code": kept.code, "text": message_of(item, kept.code)}
        task = asyncio.create_task(self._send_sms(kept.code, what), name="text message")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _send_sms(self, code: str, what: Mapping[str, object]) -> None:
        with self._guard.one(Part.DELIVERY, f"text message {code}", content=written(what)):
            outcome = await tell(self._settings.ivr.sms_command, what)
            log = _log.info if outcome == "ok" else _log.error
            log("sms_told", code=code, outcome=outcome)
            with contextlib.suppress(StoreError):
                await self._store.consultations.note_sms(code, outcome)


def _has_sound(shelf: Shelf, texts: Texts) -> bool:
    return all(shelf.book.find(one.text) is not None for one in texts)


def _can_speak(shelf: Shelf) -> bool:
    """Whether the least there is to say has a sound: a silent menu would be worse than none."""
    return all(
        shelf.book.find(one.text) is not None
        for key in ("welcome", "menu_keys", "menu_person", "goodbye")
        for one in shelf.words.say(key, CHINESE)
    )


def _entry_of(path: dialplan.Path, call: AgiCall) -> Entry:
    match path:
        case dialplan.Path.GATE:
            return Entry.OUT_OF_HOURS
        case dialplan.Path.OVERFLOW:
            return Entry.OVERFLOW
        case _:
            return Entry.ON_REQUEST if call.environment.query.get("sent") == "1" else Entry.DEDICATED


def _move(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(source, folder / source.name)
    (folder / source.name).chmod(0o600)

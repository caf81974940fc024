"""The IVR at work: calls that the switch hands over by AGI walk through it, and the ledger keeps what they were told.

Nothing here may keep a caller waiting: the ledger is written beside the conversation, and whatever goes wrong, the call
is given back to the switch, whose dialplan leads it to the queue.

`shelf` has what is told, `gate` says what comes before a walk, `conversation` carries a walk out, `proof` keeps it.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.agi.server import AgiLimits, AgiServer
from voicedesk.calls.model import CallFacts
from voicedesk.clock import NowUs
from voicedesk.errors import AgiError, InputError, StoreError, reason_of
from voicedesk.ivr import dialplan
from voicedesk.ivr.model import Entry, Exit, Menu, Standing
from voicedesk.ivr.walk import Walk
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.telling.conversation import Conversation, standing_of
from voicedesk.jobs.telling.gate import Gate, OutagesNow, PhonesNow
from voicedesk.jobs.telling.messages import MessageFolder, TextMessages
from voicedesk.jobs.telling.proof import AsKept, Proof, all_of_it
from voicedesk.jobs.telling.shelf import DailyShelf, Shelf, Stock, stocked
from voicedesk.jobs.telling.voices import Voices
from voicedesk.phone_numbers import is_mobile, normalise
from voicedesk.settings import LineSettings, Settings
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

_log = structlog.get_logger()


class _WorksBySettings(Protocol):
    def change_settings(self, settings: Settings, /) -> None: ...


class AnnouncedOutages(OutagesNow, _WorksBySettings, Protocol):
    """The outage switch, as the host needs it."""


class IvrHost:
    """Serves the calls of all switches; `calls` finds the call that a channel belongs to, by PBX.

    `phones` None: nobody watches them. `workers` None: nobody is asked to speak. `as_kept` says what may be kept of a
    caller's consultation: nothing of a number that is to be forgotten. `stock` makes what is told on a day.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: Mapping[str, Callable[[str], CallFacts | None]],
        now: NowUs,
        *,
        outages: AnnouncedOutages,
        phones: PhonesNow | None = None,
        workers: SpeechWorkers | None = None,
        below: Callable[[int], int] = secrets.randbelow,
        guard: Guard | None = None,
        as_kept: AsKept = all_of_it,
        stock: Stock = stocked,
    ) -> None:
        self._guard = guard or Guard(now)
        self._settings, self._now = settings, now
        self._calendar = WorkCalendar.of(settings)
        self._shelf = DailyShelf(settings, now, stock)
        self._voices = Voices(settings, workers)
        self._gate = Gate(store, self._voices, outages, phones)
        self._message_folder = MessageFolder(settings, now)
        self._text_messages = TextMessages(store, settings, self._guard)
        self._by_settings: tuple[_WorksBySettings, ...] = (
            *(outages, self._shelf, self._voices),
            *(self._message_folder, self._text_messages),
        )
        self.proof = Proof(store, calls, self._guard, below=below, as_kept=as_kept)
        self.port: int | None = None

    # --- the service's side

    async def run(self) -> None:
        """Listens until cancelled; what was told is saved before the end."""
        address = self._settings.ivr.address
        if address is None:
            return
        server = AgiServer(self.serve, AgiLimits(sessions=self._settings.ivr.sessions))
        saving = asyncio.create_task(self.proof.run(), name="consultations unsaved")
        try:
            async with server.listening(*address) as self.port:
                items = len(self._shelf.today().menu.items)
                _log.info("ivr_listening", host=address[0], port=self.port, items=items)
                await asyncio.Event().wait()
        except OSError as error:
            _log.error("ivr_unavailable", address=self._settings.ivr.listen, reason=reason_of(error))
        finally:
            saving.cancel()
            await asyncio.gather(saving, self._text_messages.finish(), return_exceptions=True)
            with contextlib.suppress(StoreError):
                await self.proof.save()

    def change_settings(self, settings: Settings) -> None:
        """Uses the new hours, items, texts and folders from the next call on."""
        self._settings = settings
        self._calendar = WorkCalendar.of(settings)
        for part in self._by_settings:
            part.change_settings(settings)

    async def save_again(self, item: SetAside) -> str:
        """Saves a consultation that was set aside. Raises InputError where it is not known any more."""
        return await self.proof.save_again(item)

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
            path, shelf = dialplan.Path(asked.path), self._shelf.today()
        except (ValueError, InputError) as error:
            _log.error("ivr_refused", path=asked.path, reason=str(error))
            return
        match path:
            case dialplan.Path.STAFF:
                await self._gate.tell_staff(call, shelf)
            case dialplan.Path.BREAK:
                await self._gate.warn_last_phone(call, shelf)
            case _:
                await self._serve_caller(call, shelf, path)

    async def _serve_caller(self, call: AgiCall, shelf: Shelf, path: dialplan.Path) -> None:
        line = next((one for one in self._settings.lines if one.name == call.environment.query.get("line")), None)
        is_on_duty = self._calendar.is_on_duty(line.duty if line else (), self._now())
        name = line.name if line else None
        if path is dialplan.Path.GATE:
            await self._gate.announce(call, shelf, name)
            if is_on_duty:
                await self._gate.tell_deserted(call, shelf, name)
                await call.set_variable(dialplan.RESULT, Exit.PERSON)
                return
        if not shelf.can_speak:
            _log.error("ivr_silent", reason="the texts have no sounds", cure="voicedesk prompts build")
            return
        await self._walk(call, shelf, path, line, is_on_duty=is_on_duty)

    async def _walk(
        self, call: AgiCall, shelf: Shelf, path: dialplan.Path, line: LineSettings | None, *, is_on_duty: bool
    ) -> None:
        asked, area = call.environment, self._settings.hall.area_code
        number = normalise(asked.caller_number, area)
        again = asked.query.get("round", "1") not in ("", "1")
        entry = _entry_of(path, call)
        kept = await self.proof.begin(
            entry,
            self._now(),
            pbx=asked.query.get("pbx"),
            uniqueid=asked.uniqueid,
            line=line.name if line else None,
            number=number,
        )
        code = kept.consultation.code
        walk = Walk(
            shelf.menu,
            shelf.words_for(line.name if line else None),
            code=code,
            entry=entry,
            at=kept.consultation.started_at,
            number=number,
            normalise=lambda typed: normalise(typed, area),
            person_there=is_on_duty and not again,
            can_hear=self._voices.can_hear,
            sms=bool(self._settings.ivr.sms_command) and is_mobile(number),
            again=again,
        )
        conversation = Conversation(
            call,
            self._voices.of(call, shelf, code),
            walk,
            self.proof,
            kept,
            look_up=lambda typed: self._standing(typed, shelf.menu),
            keep_message=self._message_folder.keep,
            now=self._now,
        )
        try:
            await conversation.run()
        finally:
            self._text_messages.send(walk.consultation(), shelf.catalogue)

    async def _standing(self, code: str, menu: Menu) -> Standing | None:
        """Where the matter of a code stands; None if nobody knows the code, or it cannot be looked up now."""
        found = await self.proof.find(code)
        return standing_of(found, menu, self._settings.hall.zone) if found is not None else None


def _entry_of(path: dialplan.Path, call: AgiCall) -> Entry:
    match path:
        case dialplan.Path.GATE:
            return Entry.OUT_OF_HOURS
        case dialplan.Path.OVERFLOW:
            return Entry.OVERFLOW
        case _:
            return Entry.ON_REQUEST if call.environment.query.get("sent") == "1" else Entry.DEDICATED

"""The outage switch (S10): what callers are told first while something is broken, and who else is told."""

import structlog

from voicedesk.catalogue.reading import spoken
from voicedesk.clock import NowUs
from voicedesk.errors import InputError, StoreError, reason_of
from voicedesk.hall.prompts import book_of, frames_of, pronunciation_of
from voicedesk.ivr.model import Spoken, Texts
from voicedesk.ivr.wording import CHINESE
from voicedesk.jobs.news.news import News
from voicedesk.jobs.news.receivers import concerned, leave_news
from voicedesk.jobs.telling.programs import tell
from voicedesk.language.translate import said
from voicedesk.prompts.book import Pace
from voicedesk.prompts.build import Wanted, build_spoken, missing
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.meanwhile import speak_meanwhile
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.settings import Settings
from voicedesk.store.outages import Outage
from voicedesk.store.store import Store

_log = structlog.get_logger()


class Outages:
    """What is announced now, as the running service knows it; `refresh` reads it again."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._current: list[Outage] = []

    def change_settings(self, settings: Settings) -> None:
        """Uses the new texts and sounds from the next call on."""
        self._settings = settings

    async def refresh(self) -> None:
        """Reads what is announced now; a database in trouble changes nothing."""
        try:
            current = await self._store.outages.current()
        except StoreError as error:
            _log.error("outages_unread", reason=str(error))
            return
        if current != self._current:
            _log.info("outages", current=[one.text for one in current])
        self._current = current

    def texts_for(self, line: str | None) -> Texts:
        """What a caller of a line hears first; nothing where nothing is broken. What has no sound is left out."""
        concerned = [one for one in self._current if one.line is None or one.line == line]
        if not concerned:
            return ()
        book = book_of(self._settings)
        own = [read for one in concerned if book.find(read := announcement(one.text)) is not None]
        return (Spoken(text=_general(self._settings)), *(Spoken(text=read) for read in own))


def announcement(text: str) -> str:
    """A text as it is read aloud: "15点30分" as 十五点三十分. In a hurry nobody thinks of writing digits as words."""
    return spoken(" ".join(text.split()))


def speak(text: str, settings: Settings) -> tuple[str, ...]:
    """Builds the sounds of an announcement; what callers will not hear of it, and why. Nothing: they hear all of it.

    Whatever goes wrong here is told and stops nothing: the switch is thrown when things are broken already.
    """
    book, pronunciation = book_of(settings), pronunciation_of(settings)
    general, own = _general(settings), announcement(text)
    wanted = [Wanted(text=general), Wanted(text=own)]
    orders = [(one, pace) for one, pace in missing(wanted, book, pronunciation) if pace is Pace.NORMAL]
    try:
        speak_meanwhile(wanted, book, pronunciation)  # at once; a natural voice takes longer, and may fail
        with Synthesis.open(pronunciation) as synthesis:
            failed = dict(build_spoken(orders, book, synthesis, PromptCheck(None)).failed)
    except OSError as error:
        failed = {one.text: f"the voice cannot be started: {reason_of(error)}" for one, _ in orders}
    told = []
    if settings.ivr.address is None:
        told.append("callers hear nothing of it: there is no IVR, see [ivr] listen in the settings")
    if book.find(general) is None:
        told.append(f"the general sentence will not be heard: {failed.get(general, 'it has no sound')}")
    if book.find(own) is None:
        told.append(f"only the general sentence will be heard: {failed.get(own, 'this text has no sound')}")
    return tuple(told)


def _general(settings: Settings) -> str:
    return frames_of(settings)[CHINESE]["outage"]


def refuse(text: str, line: str | None, settings: Settings) -> None:
    """Raises InputError for an announcement that says nothing, or concerns no line there is."""
    if not announcement(text):
        raise InputError("say what is broken, and until when: callers hear it")
    if line is not None and line not in {one.name for one in settings.lines}:
        raise _unknown(line)


async def start(store: Store, settings: Settings, text: str, *, line: str | None, by: str, now: NowUs) -> str:
    """Begins to announce an outage, leaves the news of it, and tells the information centre; what came of that.

    Raises InputError as `refuse`.
    """
    refuse(text, line, settings)
    outage = await store.outages.start(text, line=line, at=now(), by=by)
    await _leave(store, settings, outage, by, now())
    return await _notify(settings, "start", outage, by)


async def stop(store: Store, settings: Settings, *, line: str | None, by: str, now: NowUs) -> list[tuple[Outage, str]]:
    """Ends the announcements of a line, or all; each with what came of telling the information centre.

    Raises InputError for a line that there is not; one that was taken out of the settings may be announced still.
    """
    known = {one.name for one in settings.lines} | {one.line for one in await store.outages.current()}
    if line is not None and line not in known:
        raise _unknown(line)
    ended = await store.outages.stop(line=line, at=now(), by=by)
    for one in ended:
        await _leave(store, settings, one, by, now(), over=True)
    return [(one, await _notify(settings, "stop", one, by)) for one in ended]


def _unknown(line: str) -> InputError:
    return InputError(f"no line is called {line!r}: see [[lines]] in the settings")


async def _leave(store: Store, settings: Settings, outage: Outage, by: str, at: int, *, over: bool = False) -> None:
    """The running service tells people, as of anything else; this may be another process."""
    kind, title = "outage_started", said("The announcement of an outage begins")
    if over:
        kind, title = "outage_ended", said("The announcement of an outage has ended")
    fields: dict[str, str] = {
        said("Line"): outage.line or said("All"),
        said("Announcement"): outage.text,
        said("Done by"): by,
    }
    await leave_news(store, settings, News(id=f"{kind} {outage.id}", kind=kind, at=at, title=title, fields=fields), at)


async def _notify(settings: Settings, what: str, outage: Outage, by: str) -> str:
    command = settings.outage.notify_command
    webhooks = concerned(settings, "outage_started" if what == "start" else "outage_ended")
    if not command and not webhooks:
        return "nobody is told: [outage] notify_command is not set, and no webhook is told of outages"
    said = ["[outage] notify_command is not set"]
    if command:
        said = [await tell(command, {"what": what, "line": outage.line, "text": outage.text, "by": by})]
    if webhooks:
        said.append(f"told by webhook 已交消息推送: {', '.join(webhooks)}")
    return "; ".join(said)

"""The outage switch (S10): what callers are told first while something is broken, and who else is told."""

import structlog

from voicedesk.clock import NowUs
from voicedesk.errors import InputError, StoreError
from voicedesk.ivr.model import Spoken, Texts
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import Pace
from voicedesk.prompts.build import Wanted, build_spoken, missing
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.services.commands import tell
from voicedesk.services.news import News
from voicedesk.services.prompt_desk import book_of, frames_of, pronunciation_of
from voicedesk.services.receivers import leave_news
from voicedesk.settings import Settings
from voicedesk.store.outages import Outage
from voicedesk.store.store import Store

_log = structlog.get_logger()


class Outages:
    """What is announced now, as the running service knows it; `refresh` reads it again."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._current: list[Outage] = []

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
        book, frame = book_of(self._settings), frames_of(self._settings)[CHINESE]
        own = [Spoken(text=one.text) for one in concerned if book.find(one.text) is not None]
        return (Spoken(text=frame["outage"]), *own)


def speak(text: str, settings: Settings) -> str | None:
    """Builds the sound of an announcement; what is wrong with it: then only the general one is heard. None: nothing."""
    book = book_of(settings)
    pronunciation = pronunciation_of(settings)
    orders = [(one, pace) for one, pace in missing([Wanted(text=text)], book, pronunciation) if pace is Pace.NORMAL]
    with Synthesis.open(pronunciation) as synthesis:
        built = build_spoken(orders, book, synthesis, PromptCheck(None))
    return built.failed[0][1] if built.failed else None


async def start(store: Store, settings: Settings, text: str, *, line: str | None, by: str, now: NowUs) -> str:
    """Begins to announce an outage, leaves the news of it, and tells the information centre; what came of that."""
    if line is not None and line not in {one.name for one in settings.lines}:
        raise InputError(f"no line is called {line!r}: see [[lines]] in the settings")
    outage = await store.outages.start(text, line=line, at=now(), by=by)
    await _leave(store, settings, outage, by, now())
    return await _notify(settings, "start", outage, by)


async def stop(store: Store, settings: Settings, *, line: str | None, by: str, now: NowUs) -> list[tuple[Outage, str]]:
    """Ends the announcements of a line, or all; each with what came of telling the information centre."""
    ended = await store.outages.stop(line=line, at=now(), by=by)
    for one in ended:
        await _leave(store, settings, one, by, now(), over=True)
    return [(one, await _notify(settings, "stop", one, by)) for one in ended]


async def _leave(store: Store, settings: Settings, outage: Outage, by: str, at: int, *, over: bool = False) -> None:
    """The running service tells people, as of anything else; this may be another process."""
    kind, title = ("outage_ended", "故障公告已结束") if over else ("outage_started", "开始播报故障公告")
    fields = {"线路": outage.line or "全部", "内容": outage.text, "操作人": by}
    await leave_news(store, settings, News(id=f"{kind} {outage.id}", kind=kind, at=at, title=title, fields=fields), at)


async def _notify(settings: Settings, what: str, outage: Outage, by: str) -> str:
    command = settings.outage.notify_command
    if not command:
        return "nobody is told: [outage] notify_command is not set"
    told = {"what": what, "line": outage.line, "text": outage.text, "by": by}
    return await tell(command, told)

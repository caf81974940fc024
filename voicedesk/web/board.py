"""What open pages are sent without asking: made once for all who see the same, and of it only what changed."""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

import structlog

from voicedesk.clock import NowUs
from voicedesk.errors import StoreError
from voicedesk.web.live import Live, Watcher

WHOLE_SECONDS = 1.0
"""All of a page is made no more often; the calls of this moment whenever something changed."""
_PART = re.compile(r'<(section|div)\b[^>]*\bdata-live="(\w+)".*?</\1>', re.DOTALL)
_COUNTED = re.compile(
    r' data-(?:since|made)="\d+"(?:>\d+:\d\d(?=<))?|(?<=data-ring>)[^<]*|(?<=data-seconds>)[^<]*'
    r'|burst(?: heard)?"|width="\d+"(?= height="6" data-run)'
)
_SINCE = re.compile(r' data-ms="(\d+)"')
_AGAIN = re.compile(r' data-again="(\d+)"')
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Made:
    """A page's parts, or some of them, as text. `at`: when they were made (µs); `live_id`: the point they show."""

    text: str
    at: int
    live_id: str


Make = Callable[[bool], Awaitable[Made]]
"""Makes all of a page, or (True) the calls of this moment alone. Raises StoreError where the database is away."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `sign` differs where a page that counts on by itself would not show the same."""

    text: str
    sign: str
    version: int
    at: int


def parts_of(made: Made) -> dict[str, tuple[str, str]]:
    """The parts of a text by their names, each with its sign: what a page counts on by itself is not in it."""
    from_ms = made.at // 1000

    def begun(found: re.Match[str]) -> str:
        return f" {(from_ms - int(found[1]) + 50) // 100}"

    return {one[2]: (one[0], _SINCE.sub(begun, _COUNTED.sub("", one[0]))) for one in _PART.finditer(made.text)}


@dataclass(slots=True, eq=False)
class Reader:
    """One open page of a board: which version of each part it was sent. However slow it is, it needs no more memory."""

    watcher: Watcher
    board: "Board"
    sent: dict[str, int] = field(default_factory=dict)


class Board:
    """What all see who see the same. It works while somebody looks on."""

    def __init__(self, make: Make, live: Live, now: NowUs) -> None:
        self._make, self._live, self._now = make, live, now
        self._parts: dict[str, Part] = {}
        self._version = 0
        self._encoded: dict[Hashable, str] = {}
        self.readers: set[Reader] = set()
        self.news = asyncio.Event()
        self.live_id = ""
        self.has_failed = False

    async def work(self) -> None:
        """Makes parts as things change, until cancelled."""
        loop = asyncio.get_running_loop()
        whole_at, again_at = -WHOLE_SECONDS, None
        is_due = False
        while True:
            due = [at for at in (whole_at + self._least() if is_due else None, again_at) if at is not None]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(due) if due else None):
                    await self.news.wait()
            is_due = is_due or self.news.is_set()
            self.news.clear()
            begun = loop.time()
            is_moment = bool(self._parts) and begun < whole_at + self._least()
            if not is_moment:
                whole_at, is_due = begun, False
            again = await self.look(is_moment=is_moment)
            again_at = begun + again if again is not None else None
            await asyncio.sleep(self._live.pace.more)

    def _least(self) -> float:
        return WHOLE_SECONDS + self._live.pace.more

    async def look(self, *, is_moment: bool) -> int | None:
        """Makes the parts once, and tells the pages. Gives after how many seconds a place becomes free by itself."""
        try:
            made = await self._make(is_moment)
        except StoreError:
            self._fail()
            return None
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not leave pages without news
            _log.error("web_board_failed", exc_info=error)
            self._fail()
            return None
        self.has_failed = False
        for name, (text, sign) in parts_of(made).items():
            old = self._parts.get(name)
            if old is None or old.sign != sign:
                self._version += 1
                self._parts[name] = Part(text, sign, self._version, made.at)
        self.live_id = made.live_id
        self._encoded.clear()
        self._wake()
        soon = _AGAIN.search(made.text)
        return int(soon[1]) if soon else None

    def _fail(self) -> None:
        """Pages then ask by themselves, and are told what is wrong."""
        self.has_failed = True
        self._parts.clear()
        for one in self.readers:
            one.sent.clear()
        self._wake()

    def _wake(self) -> None:
        for one in self.readers:
            if self.has_failed or self._missing(one):
                one.watcher.news.set()

    def _missing(self, reader: Reader) -> list[str]:
        return [name for name, part in self._parts.items() if reader.sent.get(name) != part.version]

    def take(self, reader: Reader) -> str | None:
        """What a page has not been sent yet, as the data of an event; None: nothing. A slow page gets the newest."""
        names = self._missing(reader)
        if not names:
            return None
        reader.sent.update((name, self._parts[name].version) for name in names)
        key = tuple(names)
        if key not in self._encoded:
            parts = [{"html": self._parts[name].text, "at": self._parts[name].at // 1000} for name in names]
            self._encoded[key] = json.dumps(parts, ensure_ascii=False)
        return f'{{"now": {self._now() // 1000}, "parts": {self._encoded[key]}}}'


class Boards:
    """The boards that somebody looks at, by all that decides what is seen: who looks, in which language."""

    def __init__(self, live: Live, now: NowUs) -> None:
        self._live, self._now = live, now
        self._boards: dict[Hashable, tuple[Board, asyncio.Task[None]]] = {}

    def join(self, key: Hashable, make: Make, watcher: Watcher) -> Reader:
        """A page at the board of all who see the same. `make` goes by no more of its viewer than the key says."""
        found = self._boards.get(key)
        if found is None:
            board = Board(make, self._live, self._now)
            found = self._boards[key] = board, asyncio.create_task(board.work())
            self._live.boards.add(board.news)
        board, _ = found
        reader = Reader(watcher, board)
        watcher.is_read = True
        watcher.news.clear()
        if self._live.is_behind(watcher):
            board.news.set()
        board.readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """A page is gone; a board that nobody looks at ends."""
        reader.board.readers.discard(reader)
        for key, (board, task) in list(self._boards.items()):
            if not board.readers:
                del self._boards[key]
                self._live.boards.discard(board.news)
                task.cancel()

"""`voicedesk run` again and again beside a busy switch: each life is forked with everything loaded, and may be killed.

`safe_stamps` looks at what a life left behind without touching it: copies are opened, so that the next life finds the
files as the kill left them.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import zlib
from asyncio import sleep
from collections.abc import Iterable
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import corpus
from tests.fakes.ami_server import FakeAmiServer
from tests.testbed.forks import loaded
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.cli.service import run
from voicedesk.clock import now_us
from voicedesk.store.batch import unpack_batch
from voicedesk.store.spill import Spill

A_SECOND = 1_000_000 // corpus.STEP_US
DATABASE = "voicedesk.db"
SETTINGS = """
[log]
level = "error"
[[pbx]]
name = "main"
host = "127.0.0.1"
port = {port}
username = "voicedesk"
secret = "s3cret"
[[lines]]
name = "hotline"
extensions = ["4001"]
"""


def serve(config: Path) -> None:
    """One life, in a process of its own."""
    log = os.open(config.with_name("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    run(config)


class BusySwitch(FakeAmiServer):
    """Says what happens in its hall to whoever has logged in, in real time; remembers the stamps of what matters."""

    def __init__(self) -> None:
        super().__init__()
        self.lists["CoreShowChannels"] = []
        self.told: list[str] = []
        self._alive: dict[str, list[tuple[str, object]]] = {}
        self._born: dict[int, int] = {}
        self._is_heard = False
        self._is_closed = False

    async def be_busy(self) -> None:
        """A hall with fifty calls at a time, until it closes."""
        begun = now_us()
        stream = corpus.stream(10**7, seed=3, start_us=begun)
        number = 0
        while not self._is_closed:
            due = (now_us() - begun) * A_SECOND // 1_000_000
            blocks = []
            while number < due:
                blocks.append(self._as_born(next(stream).block, now_us()))
                number += 1
                self._note(dict(line.split(": ", 1) for line in blocks[-1].decode().split("\r\n") if line))
            if blocks and self._is_heard:
                session = self.sessions
                try:
                    await self.send(b"".join(blocks))
                except ConnectionError:  # it was killed; the next one may have logged in meanwhile
                    self._is_heard = self._is_heard and self.sessions != session
            await sleep(0.005)

    def close_hall(self) -> None:
        """The hall closes: nobody is on the phone any more, and nobody has said so."""
        self._is_closed = True
        self.lists["CoreShowChannels"] = []

    async def _accept(self, reader, writer) -> None:
        self._is_heard = False
        self._writers.clear()
        await super()._accept(reader, writer)

    def _answer(self, action: dict[str, str]) -> bytes:
        answer = super()._answer(action)
        self._is_heard = self._is_heard or action["Action"] == "Login"
        return answer

    def _as_born(self, block: bytes, now: int) -> bytes:
        """The stream names all calls after one second; here each is named after its own, as a switch does."""

        def named(found: re.Match[bytes]) -> bytes:
            second = self._born.setdefault(int(found[1]) // 2, now // 1_000_000)
            return b"pbx-%d.%b" % (second, found[1])

        return re.sub(rb"pbx-\d+\.(\d+)", named, block)

    def _note(self, headers: dict[str, str]) -> None:
        if headers["Event"] in WANTED_EVENTS:
            self.told.append(headers["Timestamp"])
        if headers["Event"] in ("Newchannel", "Newstate"):
            kept = ("Channel", "ChannelStateDesc", "CallerIDNum", "Exten", "Uniqueid", "Linkedid")
            self._alive[headers["Uniqueid"]] = [("Event", "CoreShowChannel"), *((key, headers[key]) for key in kept)]
        elif headers["Event"] == "Hangup":
            self._alive.pop(headers["Uniqueid"], None)
        self.lists["CoreShowChannels"] = list(self._alive.values())


class Lives:
    """Lives of the service on one database, in `folder`."""

    def __init__(self, switch: BusySwitch, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "voicedesk.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(SETTINGS.format(port=switch.port), encoding="utf-8")
        self._context = loaded()

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def begin(self) -> BaseProcess:
        """A new life; it ends with the one who began it, if not before."""
        process = self._context.Process(target=serve, args=(self.config,), daemon=True)
        process.start()
        return process

    def safe_stamps(self) -> set[str]:
        """The stamps of the switch's events that are on disk, in the database or in the spill file."""
        with TemporaryDirectory() as copies:
            for file in self.folder.glob(f"{DATABASE}*"):
                shutil.copy(file, copies)
            stamps = set(journalled(Path(copies) / DATABASE))
            spill = Spill(Path(copies) / f"{DATABASE}.spill", reserve_bytes=4096)
            with contextlib.closing(spill):
                spill.open()
                for _, payload in spill.records():
                    stamps.update(switch_stamps(unpack_batch(payload).reduced))
        return stamps


def journalled(database: Path) -> list[str]:
    """The stamps of the switch's own events in the journal, in its order."""
    with contextlib.closing(sqlite3.connect(database)) as opened:
        if not opened.execute("SELECT name FROM sqlite_master WHERE name = 'journal'").fetchall():
            return []
        rows = opened.execute("SELECT payload FROM journal ORDER BY sequence").fetchall()
    return [stamp for (payload,) in rows for stamp in switch_stamps(zlib.decompress(payload).split(b"\r\n\r\n")[:-1])]


def switch_stamps(reduced: Iterable[bytes]) -> list[str]:
    """The stamps of events, those of lists and of our own left out."""
    told = [dict(line.split(": ", 1) for line in block.decode().split("\r\n")) for block in reduced]
    return [
        one["Timestamp"]
        for one in told
        if not one["Event"].startswith(("Voicedesk", "CoreShow", "FullyBooted")) and "ActionID" not in one
    ]

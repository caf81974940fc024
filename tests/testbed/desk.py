"""`voicedesk web` as a process on a folder of its own, with its database and a free port."""

import asyncio
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from voicedesk.store.store import Store

PATIENCE_SECONDS = 180.0
"""Python and its libraries are a second of work: on a machine that is busy with other tests that is a minute."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class RunningDesk:
    """A desk that runs, and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process, self.port, self.folder = process, port, folder
        self.address, self.database = f"https://127.0.0.1:{port}", f"sqlite:///{folder / 'v.db'}"
        self.lines: list[str] = []

    async def logged(self, words: str) -> str:
        """The line that has these words, waited for."""
        assert self.process.stderr is not None
        while not (found := [line for line in self.lines if words in line]):
            line = await asyncio.wait_for(self.process.stderr.readline(), PATIENCE_SECONDS)
            assert line, f"it ended: {self.lines}"
            self.lines.append(line.decode())
        return found[0]

    def client(self) -> httpx.AsyncClient:
        """Asks over HTTPS; the desk's own certificate is believed, and no other."""
        trusted = ssl.create_default_context(cafile=str(self.folder / "web" / "desk.pem"))
        return httpx.AsyncClient(verify=trusted, base_url=self.address, follow_redirects=True)


@asynccontextmanager
async def desk_running(folder: Path, more: str = "", *, with_database: bool = True) -> AsyncIterator[RunningDesk]:
    """Starts a desk; `more` follows in its settings behind those of [web]."""
    port = free_port()
    settings = folder / "voicedesk.toml"
    settings.write_text(
        f'[store]\nurl = "sqlite:///v.db"\n[web]\nlisten = "127.0.0.1:{port}"\n{more}', encoding="utf-8"
    )
    if with_database:
        async with Store.open(f"sqlite:///{folder / 'v.db'}"):
            pass
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicedesk", "web", "--config", str(settings), stderr=asyncio.subprocess.PIPE
    )
    desk = RunningDesk(process, port, folder)
    try:
        await desk.logged("web_listens")
        yield desk
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()

"""The parts of the demonstration that are processes of their own: commands of Voicedesk, started and stopped."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from voicedesk.errors import NotBegun

START_SECONDS = 120
"""A machine that is busy, or slow, takes long to start Python."""
STOP_SECONDS = 20


@contextlib.asynccontextmanager
async def running(command: str, file: Path, *, until: str, times: int = 1) -> AsyncIterator[None]:
    """A command with a settings file, as a process; it is ready when `until` stands so many times in its log.

    Raises NotBegun where it does not get ready; the last lines of its log are told.
    """
    log = file.parent / f"{command}.log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicedesk", command, "--config", str(file), stderr=written
        )
    try:
        if not await _is_ready(process, log, until, times):
            last = " | ".join(_text(log).splitlines()[-5:])
            raise NotBegun(f"`voicedesk {command}` does not start; its log ends with: {last}")
        yield
    finally:
        await _end(process)


async def _is_ready(process: asyncio.subprocess.Process, log: Path, until: str, times: int) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while _text(log).count(until) < times:
                if process.returncode is not None:
                    return False
                await asyncio.sleep(0.1)
            return True
    return False


def _text(log: Path) -> str:
    return log.read_text("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()

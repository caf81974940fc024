"""A process of our own that takes one order after another: a line of JSON for each, and a line of JSON for its answer.

Engines of speech and hearing are large and may crash or hang; in a process apart they cost one order, and never the
process that asked.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from voicedesk.errors import reason_of

HANGS_SECONDS = 120.0
"""No order takes so much of a processor. A process hangs that worked so long at one, or for so long did not work at
all; the clock alone says nothing, because on a busy machine others work meanwhile."""
LOOK_SECONDS = 5.0
NICE = 10
"""Orders wait for whatever else the machine has to do: it follows calls."""


class Helper:
    """`python -m module arguments…`, started when it is first asked; after a failure the next order starts another."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._arguments = ("-m", module, *arguments)
        self._process: subprocess.Popen[str] | None = None

    def ask(self, order: Mapping[str, object]) -> dict[str, Any]:
        """The answer to an order; {"error": why} where the process gave none."""
        process = self._process = self._process or self._start()
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the process was started with both")  # pragma: no cover
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            ready = answers(stdout, process.pid, HANGS_SECONDS)
            answer = stdout.readline() if ready else ""
        except OSError as error:
            self.end()
            return {"error": reason_of(error)}
        if not answer:
            self.end()
            return {"error": "its process ended" if ready else f"it hung over it for {HANGS_SECONDS:g} s"}
        told: dict[str, Any] = json.loads(answer)
        return told

    def end(self) -> None:
        """Ends the process, where there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 -- our own module, by this very interpreter
            (sys.executable, *self._arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )


def answers(stream: IO[str] | int, pid: int, hangs_seconds: float) -> bool:
    """Waits for something to read on `stream`, which the process `pid` writes; its end counts as well.

    True when there is something to read. False when the process hangs: it used `hangs_seconds` of processor time
    without writing, or `hangs_seconds` passed in which it used none.
    """
    began = worked = _worked_seconds(pid)
    idle_since = time.monotonic()
    while not select.select([stream], [], [], min(LOOK_SECONDS, hangs_seconds))[0]:
        before, worked = worked, _worked_seconds(pid)
        if worked > before:
            idle_since = time.monotonic()
        if worked - began >= hangs_seconds or time.monotonic() - idle_since >= hangs_seconds:
            return False
    return True


def _worked_seconds(pid: int) -> float:
    """How much of a processor a process has used; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def be_nice() -> None:  # pragma: no cover -- in a process of its own
    """Lets everything else go first; called by a helper that has begun.

    Linux shares the processor out among sessions first (autogroup): a process that leads its own would get as much as
    the whole service, however nice it is.
    """
    with contextlib.suppress(OSError):
        os.nice(NICE)
        if os.getsid(0) == os.getpid():
            Path("/proc/self/autogroup").write_text(str(NICE), encoding="ascii")

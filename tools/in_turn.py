"""Runs commands one after another, whatever becomes of each, and says at the end which failed.

    python -m tools.in_turn NAME 'COMMAND …' [NAME 'COMMAND …']…

A command may say in a line what failed: it appends it to the file that FAILURES_FILE names, and the end repeats it.
The exit code is 0 only if all of them passed. Ctrl-C (or SIGTERM) ends the one that runs and begins none of the others.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
ENDING_SECONDS = 30.0
"""So long one that was interrupted may put its things away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a command; `code` None: it was not begun."""

    name: str
    code: int | None
    seconds: float = 0.0


def run_all(commands: list[tuple[str, str]], failures: Path) -> tuple[list[Ran], bool]:
    """Runs each; what became of them in their order, and whether they were interrupted."""
    environment = {**os.environ, "FAILURES_FILE": str(failures)}
    ran: list[Ran] = []
    interrupted = False
    for name, command in commands:
        if interrupted:
            ran.append(Ran(name=name, code=None))
            continue
        sys.stdout.write(f"\n=== {name}: {command}\n")
        sys.stdout.flush()
        begun = time.monotonic()
        code, interrupted = _run(command, environment)
        ran.append(Ran(name=name, code=code, seconds=time.monotonic() - begun))
    return ran, interrupted


def _run(command: str, environment: dict[str, str]) -> tuple[int, bool]:
    """One command, by the same terminal; its exit code, and whether it was interrupted."""
    try:
        process = subprocess.Popen(shlex.split(command), env=environment)
    except OSError as error:
        sys.stdout.write(f"{command}: {error.strerror}\n")
        return FAILED, False
    try:
        return process.wait(), False
    except KeyboardInterrupt:
        return _end(process), True


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Has an interrupted command put its things away; a second Ctrl-C kills it."""
    with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)  # the terminal has told it too
        process.send_signal(signal.SIGINT)
        return process.wait(ENDING_SECONDS)
    process.kill()
    return process.wait()


def told(ran: list[Ran]) -> str:
    """A line for each, and one for all."""
    width = max(len(one.name) for one in ran)
    lines = [f"{one.name:{width}}  {_said(one):8}  {one.seconds:6.0f} s" for one in ran]
    bad = [one.name for one in ran if one.code != OK]
    total = sum(one.seconds for one in ran)
    lines.append(f"{'FAILED: ' + ', '.join(bad) if bad else 'all passed'}, after {total / 60:.1f} min")
    return "\n".join(lines)


def _said(one: Ran) -> str:
    return "not run" if one.code is None else "passed" if one.code == OK else "FAILED"


def main(arguments: list[str]) -> int:
    """The exit code of it all."""
    if not arguments or len(arguments) % 2:
        sys.stderr.write(__doc__ or "")
        return USAGE
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with tempfile.TemporaryDirectory() as folder:
        failures = Path(folder) / "failures"
        failures.touch()
        ran, interrupted = run_all(list(zip(arguments[::2], arguments[1::2], strict=True)), failures)
        sys.stdout.write(f"\n{failures.read_text(errors='replace')}{told(ran)}\n")
    if interrupted:
        return INTERRUPTED
    return OK if all(one.code == OK for one in ran) else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs targets over many inputs: what came out that should not have, each kind once, with the smallest input found."""

import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.target import Target, TooMuchWork, tried

CPU_SECONDS = 10
"""A pattern that never ends makes no calls that could be counted: the processor's own time ends it."""
SHRINK_TRIES = 300
COUNTED_EACH = 10
"""Of so many inputs the steps of one are counted: counting takes as long as the work itself."""


@dataclass(slots=True)
class Finding:
    """A kind of exception that left a border: where it was raised, how often, and the smallest input that does it."""

    target: str
    kind: str
    trace: str
    data: bytes
    count: int = 1


@dataclass(slots=True)
class Report:
    """What a run did."""

    inputs: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    megabytes: int = 0
    """How much the process grew."""


def fuzzed(targets: Iterable[Target], inputs: int, seed: int, tell: Callable[[str], None]) -> Report:
    """`inputs` inputs in all, shared out among the targets; the same for the same seed."""
    chosen = list(targets)
    shares = sum(one.share for one in chosen)
    report = Report()
    before = _peak_megabytes()
    for target in chosen:
        many = max(inputs * target.share // shares, 1)
        begun = time.perf_counter()
        for number in range(many):
            data = target.make(Random(f"{seed} {target.name} {number}"))
            error = failure(target, data, counts=number % COUNTED_EACH == 0)
            if error is not None:
                _note(report, target, data, error, tell)
        report.inputs[target.name] = many
        report.seconds[target.name] = time.perf_counter() - begun
        tell(f"{target.name}: {many} inputs, {report.seconds[target.name]:.0f} s")
    report.megabytes = _peak_megabytes() - before
    return report


def failure(target: Target, data: bytes, *, counts: bool = True) -> Exception | None:
    """What a border raised that it may not; None where it behaved."""
    try:
        with _limited():
            tried(target, data, counts=counts)
    except Exception as error:  # noqa: BLE001  # everything that is not foreseen is what is looked for
        return error
    return None


def kind_of(target: Target, error: Exception) -> str:
    """The same for the same mistake: what was raised, and the last line of ours that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/voicedesk/" in one.filename or "/tests/fuzz/" in one.filename]
    last = ours[-1] if ours else frames[-1]
    return f"{target.name}: {type(error).__name__} in {Path(last.filename).name}:{last.name}"


def _note(report: Report, target: Target, data: bytes, error: Exception, tell: Callable[[str], None]) -> None:
    kind = kind_of(target, error)
    known = report.findings.get(kind)
    if known is not None:
        known.count += 1
        return
    small = data if isinstance(error, TooMuchWork) else shrunk(target, data, kind)
    trace = "".join(traceback.format_exception(error))[-3000:]
    report.findings[kind] = Finding(target=target.name, kind=kind, trace=trace, data=small)
    tell(f"FOUND {kind} ({len(small)} bytes)")


def shrunk(target: Target, data: bytes, kind: str) -> bytes:
    """A smaller input that does the same, as far as some hundred tries find one."""
    left = SHRINK_TRIES
    size = len(data) // 2
    while size >= 1 and left > 0:
        at = 0
        while at < len(data) and left > 0:
            less = data[:at] + data[at + size :]
            left -= 1
            error = failure(target, less)
            if error is not None and kind_of(target, error) == kind:
                data = less
            else:
                at += size
        size //= 2
    return data


@contextmanager
def _limited() -> Iterator[None]:
    def over(_number: int, _frame: FrameType | None) -> None:
        raise TooMuchWork(f"more than {CPU_SECONDS} s of the processor's time")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

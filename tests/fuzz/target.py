"""What is fuzzed: a border of the product, how its inputs are made, and which errors it may raise."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from random import Random
from types import FrameType

from voicedesk.errors import VoicedeskError

MOST_CALLS = 3_000_000
"""So many calls of functions an input may cost, whatever the machine: what needs more counts as hanging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One border. `run` is given an input that `make` made, and raises nothing but `allowed`."""

    name: str
    make: Callable[[Random], bytes]
    run: Callable[[bytes], None]
    allowed: tuple[type[VoicedeskError], ...] = ()
    share: int = 30
    """How many inputs of a long run are its own, beside the others'."""


class TooMuchWork(Exception):
    """An input costs more steps than any input may."""


def tried(target: Target, data: bytes, *, counts: bool = True) -> None:
    """Gives a border one input. Raises what it raised and was not allowed to, TooMuchWork where it does not end.

    Without `counts` it takes half the time, and its steps are not counted.
    """
    with _counted(MOST_CALLS) if counts else nullcontext(), suppress(*target.allowed):
        target.run(data)


@contextmanager
def _counted(most: int) -> Iterator[None]:
    """Counts calls, not seconds: a busy machine changes nothing."""
    left = most

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            sys.setprofile(None)
            raise TooMuchWork(f"more than {most} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)

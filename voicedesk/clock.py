"""Time as it is passed in: nothing in the house reads a clock that was not handed to it.

Instants are integers, microseconds since the Unix epoch (`us`): exact, so that 14.999999 s stays below 15 s.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

MICROSECONDS = 1_000_000

LAST_INSTANT_US = 253_339_228_800 * MICROSECONDS
"""The first instant of the year 9998 in UTC: what is earlier can be shown in every zone, and has days after it."""

_FIRST_SHOWN_US = -62_100_000_000 * MICROSECONDS
"""In the year 2."""

NowUs = Callable[[], int]
"""A clock: returns the present instant in microseconds since the epoch."""


def now_us() -> int:
    """The machine's own clock, microseconds since the epoch."""
    return time.time_ns() // 1000


def steady_us() -> int:
    """A clock that nobody sets and that goes on while the machine sleeps; what it counts from means nothing."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def is_instant(us: int) -> bool:
    """Whether it is a time that a calendar can show, in every zone, and a database keep: from 1970 to the year 9997."""
    return 0 <= us < LAST_INSTANT_US


def to_datetime(us: int) -> datetime:
    """An aware UTC datetime of `us` microseconds since the epoch; what no calendar can show is its nearest end.

    It can be turned into any zone.
    """
    seconds, rest = divmod(min(max(us, _FIRST_SHOWN_US), LAST_INSTANT_US - 1), MICROSECONDS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return int(moment.replace(microsecond=0).timestamp()) * MICROSECONDS + moment.microsecond


def to_seconds(us: int | None) -> float | None:
    """Epoch seconds with microseconds, as programs read them; None stays None."""
    return None if us is None else us / MICROSECONDS


def to_ms(us: int | None) -> float | None:
    """A duration in milliseconds with microseconds; None stays None."""
    return None if us is None else us / 1000


def format_epoch(us: int) -> str:
    """An instant as AMI's `Timestamp` writes it: "1795421258.035513"."""
    return f"{us // MICROSECONDS}.{us % MICROSECONDS:06d}"


def parse_epoch(text: str) -> int | None:
    """Microseconds of AMI's `Timestamp` ("1795421258.035513"); None where it is none, or in no year of a calendar."""
    digits = text.replace(".", "", 1)
    if len(text) == 17 and text[10] == "." and digits.isdecimal():  # as Asterisk writes it: the fast way
        return int(digits)
    seconds, _, fraction = text.partition(".")
    if not (seconds.isascii() and seconds.isdigit()) or len(seconds) > 11:
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    return int(seconds) * MICROSECONDS + int(fraction[:6].ljust(6, "0"))

"""Damages bytes as networks, disks, other programs and ill will do: cut, flipped, doubled, swapped, absurd values."""

import re
from collections.abc import Callable
from random import Random

ABSURD: tuple[bytes, ...] = (
    b"",
    b"0",
    b"-1",
    b"1.5",
    b"nan",
    b"inf",
    b"1e400",
    b"true",
    b"null",
    b"None",
    b"9" * 400,
    b"9" * 5000,
    b"-" + b"9" * 5000,
    b"1795421258123",  # milliseconds where seconds are meant: the year 58864
    b"20261129155812",
    b"20261129155812.1",
    b"253402300800",  # the year 10000
    b"9223372036854775808",
    b"18446744073709551616",
    b"\0",
    b"a\0b",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\x81",
    "１２３".encode(),
    "²".encode(),
    "٣".encode(),
    "王小明".encode("gbk"),
    "\u2028".encode(),
    "\u202e".encode(),
    b"\xed\xa0\x80",  # half of a pair of surrogates
    b"[" * 3000,
    b'{"a":' * 3000,
    b"(" * 3000,
    b"x" * 70_000,
    b"../../etc/passwd",
    b"[/x]",
    b"%00",
    b"%s%n",
    b'"',
    b"'",
    b",",
    b"|",
    b";",
    b"=",
    b":",
)
"""What a value may be that nobody meant."""
MEGABYTE = b"y" * 1_000_000
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_WORD = re.compile(rb"[^\s,|=:\"'\[\](){}]+")

Edit = Callable[[Random, bytes, bytes], bytes]


def damaged(rng: Random, data: bytes, *, unit: bytes = b"\n", most: int = 5) -> bytes:
    """The data after one to `most` accidents; `unit` ends what belongs together (a line, an event)."""
    for _ in range(rng.randint(1, most)):
        data = rng.choice(EDITS)(rng, data, unit)
    return data


def absurd(rng: Random) -> bytes:
    """A value that nobody meant; a megabyte of it now and then."""
    return MEGABYTE if rng.randrange(200) == 0 else rng.choice(ABSURD)


def _place(rng: Random, data: bytes) -> int:
    return rng.randint(0, len(data))


def _span(rng: Random, data: bytes) -> tuple[int, int]:
    begin = _place(rng, data)
    return begin, min(len(data), begin + rng.choice((1, 2, 8, 64, 1000)))


def _flip(rng: Random, data: bytes, _unit: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut_out(rng: Random, data: bytes, _unit: bytes) -> bytes:
    begin, end = _span(rng, data)
    return data[:begin] + data[end:]


def _cut_off(rng: Random, data: bytes, _unit: bytes) -> bytes:
    return data[: _place(rng, data)]


def _double(rng: Random, data: bytes, _unit: bytes) -> bytes:
    begin, end = _span(rng, data)
    return data[:end] + data[begin:]


def _put_in(rng: Random, data: bytes, _unit: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + absurd(rng) + data[at:]


def _found(rng: Random, data: bytes, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
    """The first from some place on, else the first at all."""
    return pattern.search(data, _place(rng, data)) or pattern.search(data)


def _replace(pattern: re.Pattern[bytes]) -> Edit:
    def edit(rng: Random, data: bytes, _unit: bytes) -> bytes:
        found = _found(rng, data, pattern)
        return data if found is None else data[: found.start()] + absurd(rng) + data[found.end() :]

    return edit


def _units(change: Callable[[Random, list[bytes]], None]) -> Edit:
    def edit(rng: Random, data: bytes, unit: bytes) -> bytes:
        units = data.split(unit)
        change(rng, units)
        return unit.join(units)

    return edit


def _swap(rng: Random, units: list[bytes]) -> None:
    a, b = rng.randrange(len(units)), rng.randrange(len(units))
    units[a], units[b] = units[b], units[a]


def _repeat(rng: Random, units: list[bytes]) -> None:
    units.insert(rng.randrange(len(units)), rng.choice(units))


def _drop(rng: Random, units: list[bytes]) -> None:
    del units[rng.randrange(len(units))]


def _absurd_unit(rng: Random, units: list[bytes]) -> None:
    units.insert(rng.randint(0, len(units)), absurd(rng))


EDITS: tuple[Edit, ...] = (
    _flip,
    _cut_out,
    _cut_off,
    _double,
    _put_in,
    *(_replace(_NUMBER),) * 3,
    *(_replace(_WORD),) * 3,
    _units(_swap),
    _units(_repeat),
    _units(_drop),
    _units(_absurd_unit),
)

"""Awkward messages and what a client must make of each; after each comes an ordinary event that must arrive too."""

from collections.abc import Callable
from dataclasses import dataclass

AFTER = b"Event: Newstate\r\nPrivilege: call,all\r\nTimestamp: 1761890001.000000\r\nMarker: after\r\n\r\n"

Told = list[dict[str, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One awkward message; `expect` judges what was delivered before the ordinary event.

    `parts` are sent one by one, a number among them is a pause in seconds.
    """

    name: str
    parts: tuple[bytes | float, ...]
    expect: Callable[[Told], bool]

    def is_met(self, told: Told) -> bool:
        """True if the message was read as it must be, and the event after it arrived."""
        after = [one for one in told if one.get("marker") == ["after"]]
        return len(after) == 1 and self.expect([one for one in told if one.get("marker") != ["after"]])


def _event(*lines: bytes) -> bytes:
    head = (b"Event: Newchannel", b"Privilege: call,all", b"Timestamp: 1761890000.000000")
    return b"\r\n".join((*head, *lines)) + b"\r\n\r\n"


def _has(key: str, *values: str) -> Callable[[Told], bool]:
    return lambda told: len(told) == 1 and told[0].get(key) == list(values)


def _none_or(key: str, *values: str) -> Callable[[Told], bool]:
    """Whole or not at all: a message over a client's limit may be dropped, never be delivered cut."""
    return lambda told: not told or _has(key, *values)(told)


_NAME = _event("X: 王小明".encode())
_IN_A_LETTER = _NAME.index("王".encode()) + 1
_LONG_LINES = tuple(f"{number}".rjust(60_000, "a") for number in range(16))

CASES = (
    Case(
        name="letter cut in two reads",
        parts=(_NAME[:_IN_A_LETTER], 0.2, _NAME[_IN_A_LETTER:]),
        expect=_has("x", "王小明"),
    ),
    Case(name="end cut in two reads", parts=(_event(b"X: 1")[:-2], 0.2, b"\r\n"), expect=_has("x", "1")),
    Case(name="3 s of silence", parts=(_event(b"X: 1"), 3.0), expect=_has("x", "1")),
    Case(name="empty value", parts=(_event(b"Extra: ", b"X: 1"),), expect=_has("extra", "")),
    Case(name="empty last value", parts=(_event(b"Extra: "),), expect=_has("extra", "")),
    Case(name="no space after the colon", parts=(_event(b"Extra:1", b"X: 1"),), expect=_has("extra", "1")),
    Case(name="value with colons", parts=(_event(b"Extra: a: b: c"),), expect=_has("extra", "a: b: c")),
    Case(name="outer spaces", parts=(_event(b"Extra:  two "),), expect=_has("extra", " two ")),
    Case(name="repeated header", parts=(_event(b"X: 1", b"X: 2", b"X: 3"),), expect=_has("x", "1", "2", "3")),
    Case(
        name="repeated variable",
        parts=(_event(b"ChanVariable: a=1", b"ChanVariable: b=2"),),
        expect=_has("chanvariable", "a=1", "b=2"),
    ),
    Case(name="variable without value", parts=(_event(b"ChanVariable: a", b"X: 1"),), expect=_has("x", "1")),
    Case(name="line without colon", parts=(_event(b"nonsense", b"X: 1"),), expect=_has("x", "1")),
    Case(name="name that is no UTF-8", parts=(_event("X: 王".encode("gbk"), b"Y: 1"),), expect=_has("y", "1")),
    Case(name="line separator U+2028", parts=(_event("X: a\u2028Y: b".encode()),), expect=_has("x", "a\u2028Y: b")),
    Case(name="next line U+0085", parts=(_event("X: a\u0085Y: b".encode()),), expect=_has("x", "a\u0085Y: b")),
    Case(name="vertical tab", parts=(_event(b"X: a\x0bY: b"),), expect=_has("x", "a\x0bY: b")),
    Case(name="extra empty line", parts=(_event(b"X: 1") + b"\r\n",), expect=_has("x", "1")),
    Case(name="60 KiB value", parts=(_event(b"X: " + b"a" * 60_000),), expect=_has("x", "a" * 60_000)),
    Case(
        name="event of nearly 1 MiB",
        parts=(_event(*(f"X: {line}".encode() for line in _LONG_LINES)),),
        expect=_has("x", *_LONG_LINES),
    ),
    Case(name="line of 3 MiB", parts=(_event(b"X: " + b"a" * 3 * 2**20),), expect=_none_or("x", "a" * 3 * 2**20)),
    Case(name="escaped name", parts=(_event(b'CallerIDName: \\"A\\" B'),), expect=_has("calleridname", '"A" B')),
)

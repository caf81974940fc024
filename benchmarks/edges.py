"""Awkward messages and what a client must make of each; after each comes an ordinary event that must arrive too."""

from collections.abc import Callable
from dataclasses import dataclass

AFTER = b"Event: Newstate\r\nPrivilege: call,all\r\nTimestamp: 1761890001.000000\r\nMarker: after\r\n\r\n"

Told = list[dict[str, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One awkward message; `expect` judges what was delivered before the ordinary event."""

    name: str
    message: bytes
    expect: Callable[[Told], bool]

    @property
    def data(self) -> bytes:
        return self.message + AFTER

    def is_met(self, told: Told) -> bool:
        """True if the message was read as it must be, and the event after it arrived."""
        after = [one for one in told if one.get("marker") == ["after"]]
        return len(after) == 1 and self.expect([one for one in told if one.get("marker") != ["after"]])


def _event(*lines: bytes) -> bytes:
    head = (b"Event: Newchannel", b"Privilege: call,all", b"Timestamp: 1761890000.000000")
    return b"\r\n".join((*head, *lines)) + b"\r\n\r\n"


def _has(key: str, *values: str) -> Callable[[Told], bool]:
    return lambda told: len(told) == 1 and told[0].get(key) == list(values)


def _one_without(key: str) -> Callable[[Told], bool]:
    return lambda told: len(told) == 1 and key not in told[0]


CASES = (
    Case(name="empty last value", message=_event(b"Extra: "), expect=_has("extra", "")),
    Case(name="value with colons", message=_event(b"Extra: a: b: c"), expect=_has("extra", "a: b: c")),
    Case(name="outer spaces", message=_event(b"Extra:  two "), expect=_has("extra", " two ")),
    Case(name="repeated header", message=_event(b"X: 1", b"X: 2", b"X: 3"), expect=_has("x", "1", "2", "3")),
    Case(
        name="repeated variable",
        message=_event(b"ChanVariable: a=1", b"ChanVariable: b=2"),
        expect=_has("chanvariable", "a=1", "b=2"),
    ),
    Case(name="variable without value", message=_event(b"ChanVariable: a", b"X: 1"), expect=_has("x", "1")),
    Case(name="line without colon", message=_event(b"nonsense", b"X: 1"), expect=_has("x", "1")),
    Case(name="UTF-8 name", message=_event("X: 王小明".encode()), expect=_has("x", "王小明")),
    Case(
        name="name that is no UTF-8",
        message=_event("X: 王".encode("gbk"), b"Y: 1"),
        expect=_has("y", "1"),
    ),
    Case(name="line separator U+2028", message=_event("X: a\u2028Y: b".encode()), expect=_one_without("y")),
    Case(name="next line U+0085", message=_event("X: a\u0085Y: b".encode()), expect=_one_without("y")),
    Case(name="vertical tab", message=_event(b"X: a\x0bY: b"), expect=_one_without("y")),
    Case(name="extra empty line", message=_event(b"X: 1") + b"\r\n", expect=_has("x", "1")),
    Case(name="60 KiB value", message=_event(b"X: " + b"a" * 60_000), expect=_has("x", "a" * 60_000)),
    Case(
        name="escaped name",
        message=_event(b'CallerIDName: \\"A\\" B'),
        expect=_has("calleridname", '"A" B'),
    ),
)

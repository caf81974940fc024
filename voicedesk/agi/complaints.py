"""What goes wrong at the door is told once a minute for each kind, with how often: a flood fills no log."""

from collections.abc import Callable
from dataclasses import dataclass

EVERY_SECONDS = 60.0
MOST_KINDS = 50
_OTHERS = "others"

Tell = Callable[[int], None]
"""Writes the line; it is given how often it happened since the line before."""


@dataclass(slots=True)
class _Kind:
    until: float
    tell: Tell
    held: int = 0


class Complaints:
    """The first of a kind is told at once; what follows within a minute is counted, and told when the minute is over.

    `now` is in seconds of a clock that never steps back.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    @property
    def is_holding(self) -> bool:
        """Whether something is counted that is not told yet."""
        return any(kind.held for kind in self._kinds.values())

    def add(self, name: str, now: float, tell: Tell) -> None:
        """One more of a kind; `tell` is called now or later, the last one for all that were counted."""
        if name not in self._kinds and len(self._kinds) >= MOST_KINDS:
            name = _OTHERS
        kind = self._kinds.get(name)
        if kind is None or (now >= kind.until and not kind.held):
            self._kinds[name] = _Kind(until=now + EVERY_SECONDS, tell=tell)
            tell(1)
            return
        kind.held += 1
        kind.tell = tell
        self.look(now)

    def look(self, now: float) -> None:
        """Tells what was counted in minutes that are over."""
        for kind in self._kinds.values():
            if now >= kind.until and kind.held:
                held, kind.held, kind.until = kind.held, 0, now + EVERY_SECONDS
                kind.tell(held)

    def close(self) -> None:
        """Tells all that was counted and not told."""
        for kind in self._kinds.values():
            if kind.held:
                held, kind.held = kind.held, 0
                kind.tell(held)

"""What truly happened in a call, as the simulated hall knows it: nothing of this is read from events."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class TrueLeg:
    """One ringing of one phone. `rang_at` is None if it never rang; `told` if the switch was told that it rings."""

    phone: str
    uniqueid: str
    dialled_at: int
    was: str
    rang_at: int | None = None
    told: bool = False
    silent_at: int | None = None
    how: str = "rings"
    staff: bool = True
    transferred: bool = False


@dataclass(slots=True, kw_only=True)
class TrueCall:
    """One matter: who asked for whom, and who answered. `waits` is what every due phone did while the caller waited."""

    kind: str
    linkedid: str
    started_at: int
    asked_at: int | None = None
    answered_at: int | None = None
    answered_by: str | None = None
    gave_up_at: int | None = None
    waited_until: int | None = None
    ended_at: int | None = None
    due: tuple[str, ...] = ()
    legs: list[TrueLeg] = field(default_factory=list)
    phones: dict[str, set[str]] = field(default_factory=dict)

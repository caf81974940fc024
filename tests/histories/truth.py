"""What truly happened in a call, as the simulated hall knows it: nothing of this is read from events."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True, eq=False)
class TrueLeg:
    """One ringing of one phone.

    `rang_at` is None if it never rang; `told` if the switch was told that it rings. `up_at`: the phone was lifted;
    `joined_at`: caller and phone could hear each other. `house`: a phone of the hall's own, with a state the switch
    tells; `twin`: the other contact of the same phone was dialled with it.
    """

    phone: str
    endpoint: str
    uniqueid: str
    dialled_at: int
    was: str
    rang_at: int | None = None
    told: bool = False
    up_at: int | None = None
    joined_at: int | None = None
    silent_at: int | None = None
    how: str = "rings"
    cause: int = 0
    staff: bool = True
    house: bool = True
    transferred: bool = False
    twin: "TrueLeg | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A phone that came to share a bridge with the caller: from when, and when it had been lifted."""

    endpoint: str
    at: int
    up_at: int


@dataclass(slots=True, kw_only=True)
class TrueCall:
    """One matter: who asked for whom, and who shared a bridge with the caller. `phones` is what every due phone did
    while the caller waited; `unheard` if the line of this caller does not tell that they hang up, `analogue` if of such
    a line nobody can be sure that it does."""

    kind: str
    linkedid: str
    started_at: int
    asked_at: int | None = None
    together: list[Together] = field(default_factory=list)
    reached: bool = False
    gave_up_at: int | None = None
    gave_up_in_silence: bool = False
    unheard: bool = False
    analogue: bool = False
    waited_until: int | None = None
    ended_at: int | None = None
    due: tuple[str, ...] = ()
    legs: list[TrueLeg] = field(default_factory=list)
    phones: dict[str, set[str]] = field(default_factory=dict)

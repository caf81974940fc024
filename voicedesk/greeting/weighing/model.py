"""Values of the weighing: the limits of one model, and what the comparison of sentences led to."""

from dataclasses import dataclass, replace
from enum import StrEnum

from voicedesk.greeting.model import Doubt


class Kind(StrEnum):
    """What kind of sentence won."""

    COMPLIANT = "compliant"
    OTHER_DEPARTMENT = "other_department"
    OTHER_ORDER = "other_order"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighingLimits:
    """The limits of doubt of one model, in nats: differences of log-probability between sentences.

    A sentence `fits` by how far it is below the best text that the model heard freely: 0 is as good, -12 is poor. The
    defaults were read off the gaps between right and wrong sentences in two development voices with Whisper base.
    """

    compliant_fit: float = -12.5
    whole_fit: float = -15.5
    """The same where no part looks left out."""
    over_names: float = 7.0
    over_decoys: float = 3.0
    over_orders: float = 4.0
    clear_fit: float = -4.0
    """A compliant sentence that fits so well and leads clearly ends the comparison early."""
    clear_over_orders: float = 8.0
    clear_over_names: float = 12.0
    poor_fit: float = -13.0
    """Nobody is accused while the compliant sentence fits better than this."""
    other_fit: float = -15.0
    other_lead: float = 10.0
    """Another department over the own one; and `next_lead` over every third one."""
    next_lead: float = 6.0
    order_fit: float = -15.0
    order_lead: float = 5.0
    no_name_fit: float = -4.0
    no_name_cost: float = -20.0
    """How well the sentence without the part must fit, and what putting the part in must cost."""
    no_name_poor_fit: float = -9.0
    no_name_dear_cost: float = -22.0
    """Where putting any name in costs even more, the sentence without one may fit less well."""
    no_matter_fit: float = -10.0
    no_matter_cost: float = -10.0
    no_hello_fit: float = -8.0
    no_hello_cost: float = -11.0
    maybe_no_name: float = -18.0
    maybe_no_matter: float = -13.0
    maybe_no_hello: float = -9.0
    rival_fit: float = -12.5
    """For a part left out every whole sentence must fit worse than this."""
    least_probability: float = 1e-6
    most_flat: int = 2
    """Nobody is accused by a sentence with a less probable token than this, or with more tokens of no length together.
    """
    most_sentences: int = 110
    """The budget: so many sentences are scored at most; what is not told then is `cannot_tell`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One sentence that was compared, as a person may read it: what it stands for, its text, and how well it fits.

    `fit` is in nats against the best free hearing: 0 fits as well, and the more below the worse.
    """

    stands_for: str
    sentence: str
    fit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the comparison led to. `sentence` is what was most likely said; `kind` is None where that is not sure.

    `reason` says why it is not; `forbidden` are phrases that were surely said and stand in `sentence`; `doubtful` are
    phrases that were perhaps said. `asked` counts the sentences that were scored.
    """

    kind: Kind | None
    sentence: str = ""
    reason: Doubt | None = None
    missing: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()
    heard: tuple[str, ...] = ()
    asked: int = 0


def more_careful(limits: WeighingLimits, nats: float) -> WeighingLimits:
    """Limits under which the winner must lead by so many nats more, over everything: for a model that is less sure."""
    return replace(
        limits,
        over_names=limits.over_names + nats,
        over_decoys=limits.over_decoys + nats,
        over_orders=limits.over_orders + nats,
        clear_over_orders=limits.clear_over_orders + nats,
        clear_over_names=limits.clear_over_names + nats,
        other_lead=limits.other_lead + nats,
        next_lead=limits.next_lead + nats,
        order_lead=limits.order_lead + nats,
        no_name_cost=limits.no_name_cost - nats,
        no_name_dear_cost=limits.no_name_dear_cost - nats,
        no_matter_cost=limits.no_matter_cost - nats,
        no_hello_cost=limits.no_hello_cost - nats,
    )

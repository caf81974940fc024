"""What comparing one greeting found so far: `weigh` fills it in, and `deciding` decides from it."""

from dataclasses import dataclass, field

from voicedesk.greeting.weighing.brushed_off import Brushed
from voicedesk.greeting.weighing.scores import Scores
from voicedesk.greeting.weighing.sentences import Sentence, Wordings


@dataclass(slots=True, kw_only=True)
class Found:
    """All that was compared for one greeting."""

    wordings: Wordings
    scores: Scores
    heard: tuple[str, ...]
    compliant: Sentence
    order: Sentence | None = None
    other: Sentence | None = None
    other_name: str = ""
    next_fit: float = -999.0
    decoy: Sentence | None = None
    left_out: dict[str, tuple[Sentence, Sentence]] = field(default_factory=dict)
    goes_on: str | None = None
    """What the model hears behind the greeting without its last part; None where it was not asked."""
    brushed: Brushed | None = None

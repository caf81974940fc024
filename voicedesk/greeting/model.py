"""Values of the greeting rules: whose greeting, what was found of it, and the verdict with its evidence."""

from dataclasses import dataclass, field
from enum import StrEnum

from voicedesk.greeting.stream import Match


class GreetingVerdict(StrEnum):
    """The verdict of a greeting; of those that apply, the first in this order (S2)."""

    CANNOT_TELL = "cannot_tell"
    INCOMPLETE = "incomplete"
    WRONG_DEPARTMENT = "wrong_department"
    WRONG_NUMBER = "wrong_number"
    """A staff number was surely heard, and it is not that of the person who sat there."""
    WRONG_ORDER = "wrong_order"
    LATE_START = "late_start"
    COMPLIANT = "compliant"
    NOT_JUDGED = "not_judged"
    """The rule does not ask for a greeting here (a call transferred, a line without a department); phrases count."""


class Doubt(StrEnum):
    """Why a greeting cannot be told."""

    NO_SPEECH = "no_speech"
    """Nothing was heard: silence, or a sound that is no speech."""
    NOT_UNDERSTOOD = "not_understood"
    """The recogniser did not understand this voice or this line well enough to accuse anybody."""
    CUT_SHORT = "cut_short"
    """The sound ends before the greeting need have."""
    NOT_HEARD = "not_heard"
    """There is no recording, or the recogniser failed over it twice."""
    PART_UNCLEAR = "part_unclear"
    """In the place of a missing part something was said that could be it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentNames:
    """How a line's department may be called, and what the hall's other departments are called."""

    name: str
    aliases: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The limits of doubt of one model: below them nobody is accused (S2). Shares and confidences from 0 to 1.

    Above `sure_confidence` less agreement is enough, evenly down to `sure_agreement` where the confidence is 1: fast
    speech is heard surely as words and badly as bare syllables, which run into one another.

    They are calibrated for a hall on its own labelled recordings; until then adverse verdicts go to a person.
    """

    confidence: float = 0.6
    known_share: float = 0.6
    agreement: float = 0.6
    sure_confidence: float = 0.9
    sure_agreement: float = 0.26
    part_confidence: float = 0.5
    forbidden_confidence: float = 0.7
    calibrated: bool = False

    def agreement_at(self, confidence: float) -> float:
        """The least agreement of two hearings of such a confidence."""
        if confidence <= self.sure_confidence or self.sure_confidence >= 1:
            return self.agreement
        surer = (confidence - self.sure_confidence) / (1 - self.sure_confidence)
        return self.agreement - surer * (self.agreement - self.sure_agreement)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFound:
    """A part of a greeting where it was said. `department` parts may be another department's name."""

    part: str
    text: str
    start_seconds: float
    end_seconds: float
    confidence: float
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseFound:
    """A phrase where it was said."""

    phrase: str
    start_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhrasesFound:
    """Phrases of the standard in the whole of what was said (S3)."""

    forbidden: tuple[PhraseFound, ...] = ()
    exempted: tuple[PhraseFound, ...] = ()
    polite: tuple[PhraseFound, ...] = ()
    doubtful: tuple[PhraseFound, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingJudgement:
    """The verdict of a greeting and what it rests on; `missing` names parts, `remarks` are for people.

    `needs_review` is true where a person must look before it counts: it cannot be told, or it is adverse and the
    model was never calibrated.
    """

    verdict: GreetingVerdict
    rules_version: str
    violations: tuple[GreetingVerdict, ...] = ()
    missing: tuple[str, ...] = ()
    reason: Doubt | None = None
    parts: tuple[PartFound, ...] = ()
    phrases: PhrasesFound = field(default_factory=PhrasesFound)
    remarks: tuple[str, ...] = ()
    needs_review: bool = False

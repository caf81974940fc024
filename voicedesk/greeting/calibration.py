"""Sets a model's limits of doubt from a hall's own labelled recordings, and proves them on recordings it did not see.

Nobody may be accused wrongly: of the limits under which no labelled greeting is called what it is not, those are taken
that leave the fewest untold. The proof is made with the half of the recordings that had no part in the choice. For a
model that compares sentences it is chosen by how many nats more the winner must lead (`more_careful`); how well a
sentence must fit stays as it was read off Whisper base.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from voicedesk.errors import InputError, reason_of
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import GreetingRules, Limits, Template
from voicedesk.greeting.verdict import is_understood, judge_greeting
from voicedesk.greeting.weighing.model import WeighingLimits, more_careful
from voicedesk.plain_files import read_plain
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Transcript, Understanding

FILE = "calibration.json"
FEWEST = 60
FEWEST_OF_A_KIND = 20
"""At least so many greetings in all, and so many that comply, and so many that do not. Half of each kind is for
choosing limits, half for proving them. Chosen: with fewer, a proof says little."""
LEAST_TOLD = 0.5
"""Limits under which more than this share is left untold are of no use."""
_CONFIDENCE = (0.5, 0.6, 0.7, 0.8, 0.9)
_KNOWN_SHARE = (0.5, 0.6, 0.7, 0.8)
_AGREEMENT = (0.4, 0.5, 0.6, 0.7, 0.8)
_SURER_BY, _LEAST_SURE = 0.3, 0.25
"""The limits that are tried, in steps as fine as some hundred labelled greetings can tell apart. `sure_agreement` is
tried at a fixed distance below `agreement`: a fifth scale would ask for more greetings than a hall will label."""
CARES = (0.0, 2.0, 4.0, 7.0, 10.0)
"""So many nats more the winner of a comparison must lead by, in steps that some hundred greetings can tell apart. No
model is given less care than Whisper base: less could not be proven on so few."""
_BELIEVE_ALL = Thresholds(confidence=0, known_share=0, agreement=0, sure_confidence=0, sure_agreement=0)
_BELIEVE_NONE = Thresholds(confidence=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGreeting:
    """A greeting as it was heard, and what a person says of it: the verdict due, and forbidden phrases if any.

    `template`, `limits` and `number` are what was asked for there; `limits` None: those of the rules. `weighed` are the
    transcripts under each of CARES, where the model compares sentences.
    """

    transcript: Transcript
    names: DepartmentNames
    verdict: GreetingVerdict
    has_forbidden: bool = False
    template: Template = "inbound"
    limits: Limits | None = None
    number: str | None = None
    weighed: tuple[Transcript, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What limits make of labelled greetings: called rightly, left untold, called what they are not."""

    right: int = 0
    untold: int = 0
    wrong: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.right + self.untold + self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Limits of doubt, how they did where they were chosen, and how where they were not.

    `weighing` are those of a model that compares sentences; None for one that does not.
    """

    thresholds: Thresholds
    chosen_on: Tally
    proven_on: Tally
    weighing: WeighingLimits | None = None

    @property
    def is_good(self) -> bool:
        """Nobody was called what they are not, and most were told."""
        proof = self.proven_on
        return proof.wrong == 0 and proof.untold <= (1 - LEAST_TOLD) * proof.total


def calibrate(greetings: Sequence[LabelledGreeting], rules: GreetingRules) -> Calibration:
    """The best limits for these greetings. Raises InputError if there are too few to prove anything."""
    compliant = [one for one in greetings if one.verdict is GreetingVerdict.COMPLIANT]
    others = [one for one in greetings if one.verdict is not GreetingVerdict.COMPLIANT]
    if len(greetings) < FEWEST or min(len(compliant), len(others)) < FEWEST_OF_A_KIND:
        raise InputError(
            f"{len(compliant)} compliant greetings and {len(others)} others are too few: label at least {FEWEST}, "
            f"{FEWEST_OF_A_KIND} of each kind"
        )
    choosing, proving = [*compliant[::2], *others[::2]], [*compliant[1::2], *others[1::2]]
    is_compared = all(len(one.weighed) == len(CARES) for one in greetings)
    found = (_chosen_care if is_compared else _chosen_limits)(choosing, proving, rules)
    return replace(found, thresholds=replace(found.thresholds, calibrated=found.is_good))


def _chosen_limits(
    choosing: Sequence[LabelledGreeting], proving: Sequence[LabelledGreeting], rules: GreetingRules
) -> Calibration:
    """The best limits of understanding, for a model that hears twice or once."""
    first, second = [_told(one, rules) for one in choosing], [_told(one, rules) for one in proving]
    tried = ((limits, _outcome(first, limits)) for limits in _candidates())
    best, chosen_on = min(tried, key=lambda pair: (pair[1].wrong, pair[1].untold, -_strictness(pair[0])))
    return Calibration(thresholds=best, chosen_on=chosen_on, proven_on=_outcome(second, best))


def _chosen_care(
    choosing: Sequence[LabelledGreeting], proving: Sequence[LabelledGreeting], rules: GreetingRules
) -> Calibration:
    """The best care of CARES, for a model that compares sentences; of equal ones the greater care."""

    def outcome(greetings: Sequence[LabelledGreeting], place: int) -> Tally:
        heard = (replace(one, transcript=one.weighed[place]) for one in greetings)
        kinds = Counter(_kind(one, rules, Thresholds()) for one in heard)
        return Tally(right=kinds["right"], untold=kinds["untold"], wrong=kinds["wrong"])

    tried = ((place, outcome(choosing, place)) for place in range(len(CARES)))
    best, chosen_on = min(tried, key=lambda pair: (pair[1].wrong, pair[1].untold, -pair[0]))
    return Calibration(
        thresholds=Thresholds(),
        chosen_on=chosen_on,
        proven_on=outcome(proving, best),
        weighing=more_careful(WeighingLimits(), CARES[best]),
    )


_Kind = Literal["right", "untold", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How a greeting is judged if its voice counts as understood, and if it does not."""

    understanding: Understanding | None
    understood: _Kind
    doubted: _Kind


def _told(one: LabelledGreeting, rules: GreetingRules) -> _Told:
    return _Told(
        understanding=one.transcript.understanding,
        understood=_kind(one, rules, _BELIEVE_ALL),
        doubted=_kind(one, rules, _BELIEVE_NONE),
    )


def _kind(one: LabelledGreeting, rules: GreetingRules, thresholds: Thresholds) -> _Kind:
    judged = judge_greeting(
        one.transcript, one.names, rules, thresholds, template=one.template, limits=one.limits, number=one.number
    )
    if judged.phrases.forbidden and not one.has_forbidden:
        return "wrong"
    if judged.verdict is one.verdict:
        return "right"
    return "untold" if judged.verdict is GreetingVerdict.CANNOT_TELL else "wrong"


def _outcome(greetings: Iterable[_Told], limits: Thresholds) -> Tally:
    """How these limits judge the greetings."""
    kinds = Counter(one.understood if is_understood(one.understanding, limits) else one.doubted for one in greetings)
    return Tally(right=kinds["right"], untold=kinds["untold"], wrong=kinds["wrong"])


def thresholds_of(model: SpeechModel) -> Thresholds:
    """A model's limits of doubt: as calibrated here, else the careful ones. Raises InputError for a damaged file."""
    path = model.path / FILE
    try:
        return Thresholds(**json.loads(read_plain(path))["thresholds"])
    except FileNotFoundError:
        return Thresholds()
    except (OSError, ValueError, TypeError, LookupError, RecursionError, MemoryError) as error:
        raise InputError(f"{path}: the calibration cannot be read: calibrate the model again") from error


def weighing_limits_of(model: SpeechModel) -> WeighingLimits | None:
    """A model's limits for weighing sentences: its own where its calibration has some, else those of Whisper base.

    None for a model that compares no sentences. Raises InputError for a damaged file.
    """
    if not model.compares:
        return None
    path = model.path / FILE
    try:
        return WeighingLimits(**json.loads(read_plain(path)).get("weighing", {}))
    except FileNotFoundError:
        return WeighingLimits()
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise InputError(f"{path}: the calibration cannot be read: calibrate the model again") from error


def keep_calibration(model: SpeechModel, found: Calibration, when: str) -> Path:
    """Writes a calibration beside its model. Raises InputError if that folder may not be written."""
    values: dict[str, Any] = {
        "thresholds": asdict(found.thresholds),
        "calibrated_at": when,
        "chosen_on": asdict(found.chosen_on),
        "proven_on": asdict(found.proven_on),
    }
    if found.weighing is not None:
        values["weighing"] = asdict(found.weighing)
    path = model.path / FILE
    try:
        path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: the calibration cannot be written: {reason_of(error)}") from error
    return path


def _candidates() -> Iterable[Thresholds]:
    for confidence, known_share, agreement in product(_CONFIDENCE, _KNOWN_SHARE, _AGREEMENT):
        sure = max(_LEAST_SURE, round(agreement - _SURER_BY, 2))
        yield Thresholds(confidence=confidence, known_share=known_share, agreement=agreement, sure_agreement=sure)


def _strictness(limits: Thresholds) -> float:
    return limits.confidence + limits.known_share + limits.agreement

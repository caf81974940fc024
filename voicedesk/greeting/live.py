"""Judges what a staff member says while it is being said: the greeting until it is decided, phrases to the end.

Speech after the greeting's time does not change its verdict, and neither does how well that speech was understood.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from typing import Any

from voicedesk.greeting.again import believed, depends_on_hearing_again
from voicedesk.greeting.model import DepartmentNames, GreetingJudgement, GreetingVerdict, PhrasesFound, Thresholds
from voicedesk.greeting.rules import GreetingRules, Limits, Template
from voicedesk.greeting.verdict import judge_greeting, judge_phrases
from voicedesk.speech.transcript import Transcript, Understanding, Word

MOST_WORDS = 200
OVERLAP_WORDS = 60
"""Phrases are looked for in the latest words. When these are more than MOST_WORDS, all but the last OVERLAP_WORDS are
done with. Chosen: so each look costs the same in a long call, and no phrase of the rules has 60 words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingTask:
    """What is asked of one staff member at one answer. `names` None: no greeting is asked for, only phrases are judged.

    `number` is the staff number of the person who sat there. None: the person is not known, and no number is compared.
    """

    names: DepartmentNames | None
    template: Template
    limits: Limits
    number: str | None = None


def task_as_json(task: GreetingTask) -> dict[str, Any]:
    """A task as plain values; `task_from_json` reads it back."""
    names = asdict(task.names) if task.names else None
    template = task.template if isinstance(task.template, str) else list(task.template)
    return {"names": names, "template": template, "limits": task.limits.model_dump(), "number": task.number}


def task_from_json(values: Mapping[str, Any]) -> GreetingTask:
    """The task that `task_as_json` wrote down."""
    named = values["names"]
    names = DepartmentNames(**{key: _tuple(value) for key, value in named.items()}) if named else None
    return GreetingTask(
        names=names,
        template=_tuple(values["template"]),
        limits=Limits(**values["limits"]),
        number=values.get("number"),
    )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class LiveJudge:
    """One staff member's words on one call."""

    def __init__(self, task: GreetingTask, rules: GreetingRules, thresholds: Thresholds) -> None:
        self.task = task
        self.rules = rules
        self._thresholds = thresholds
        self._greeting: GreetingJudgement | None = None
        self._looked_through = PhrasesFound()
        self._looked_until = 0
        self.is_decided = task.names is None
        """True once the greeting's verdict will not change any more."""
        self.understanding: Understanding | None = None
        """How well the greeting was understood when its verdict was decided."""
        self.compared: tuple[str, ...] = ()
        """Remarks on the sentences that were compared, where the engine can compare them."""

    def asks_again(self, transcript: Transcript, *, is_over: bool = False, is_behind: bool = False) -> bool:
        """Whether it must be heard a second time before `take` is told of it.

        A phrase that was found earlier in a long call rests on the whole transcript that is kept: judged again from
        that, it must count as understood as before. `is_behind`: more sound lies ready. A greeting that may still
        become compliant, and accuses nobody yet, waits for that sound.
        """
        if is_over and self._looked_through.forbidden:
            return transcript.understanding is not None and transcript.understanding.held_back
        if is_behind and not self._would_settle(transcript):
            return False
        return depends_on_hearing_again(transcript, lambda heard: copy(self).take(heard, is_over=is_over))

    def _would_settle(self, transcript: Transcript) -> bool:
        """Whether anything would be settled now, if it were heard again and understood."""
        later = copy(self)
        judged = later.take(believed(transcript))
        return later.is_decided or bool(judged.phrases.forbidden)

    def take(self, transcript: Transcript, *, is_over: bool = False) -> GreetingJudgement:
        """The judgement of all that was heard so far. `is_over`: nothing more will come."""
        phrases = self._phrases(transcript)
        names = self.task.names
        if names is None:
            return phrases
        if not self.is_decided or self._greeting is None:
            self._greeting = self._judge(transcript, names, is_over)
        greeting = self._greeting
        remarks = dict.fromkeys((*greeting.remarks, *phrases.remarks, *self.compared))
        review = greeting.needs_review or phrases.needs_review
        return replace(greeting, phrases=phrases.phrases, remarks=tuple(remarks), needs_review=review)

    def _phrases(self, transcript: Transcript) -> GreetingJudgement:
        """Phrases in all words; a long call is not looked through again from its beginning."""
        words = transcript.words[self._looked_until :]
        judged = judge_phrases(replace(transcript, words=words), self.rules, self._thresholds)
        found = _joined(self._looked_through, judged.phrases, words)
        if len(words) > MOST_WORDS:
            self._looked_until += len(words) - OVERLAP_WORDS
            self._looked_through = _before(found, words[-OVERLAP_WORDS].start_seconds)
        review = bool(found.forbidden) and not self._thresholds.calibrated
        return replace(judged, phrases=found, needs_review=review)

    def _judge(self, transcript: Transcript, names: DepartmentNames, is_over: bool) -> GreetingJudgement:
        end = greeting_ends_at(transcript.words, self.task.limits)
        is_past = transcript.heard_seconds >= end
        words = tuple(word for word in transcript.words if word.start_seconds < end)
        judged = judge_greeting(
            replace(transcript, words=words, cut_short=is_over and not is_past),
            names,
            self.rules,
            self._thresholds,
            template=self.task.template,
            limits=self.task.limits,
            number=self.task.number,
        )
        self.understanding = transcript.understanding
        self.is_decided = is_over or is_past or judged.verdict is GreetingVerdict.COMPLIANT
        return judged


def greeting_ends_at(words: Sequence[Word], limits: Limits) -> float:
    """Until when a part may be said: the time for all parts runs from the first word (S2)."""
    first = words[0].start_seconds if words else limits.first_word_seconds
    return first + limits.all_parts_seconds


def _joined(before: PhrasesFound, latest: PhrasesFound, words: tuple[Word, ...]) -> PhrasesFound:
    """What was found earlier, and what was found in the latest words."""
    earlier = _before(before, words[0].start_seconds) if words else before
    kinds = {kind: getattr(earlier, kind) + getattr(latest, kind) for kind in PhrasesFound.__slots__}
    return PhrasesFound(**kinds)


def _before(found: PhrasesFound, seconds: float) -> PhrasesFound:
    return PhrasesFound(
        **{
            kind: tuple(one for one in getattr(found, kind) if one.start_seconds < seconds)
            for kind in PhrasesFound.__slots__
        }
    )

"""先说“您好”，后报部门，再问事情 (S2): from what was heard of a greeting, the verdict and its evidence.

The verdict rests on what surely was said. Where a part is missing and something that was not understood stands in its
place, or where the voice as a whole was not understood, the verdict is `cannot_tell`: nobody is accused on doubtful
sound, and a person listens.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from voicedesk.greeting.forbidden import find_phrases, is_sure
from voicedesk.greeting.model import (
    DepartmentNames,
    Doubt,
    GreetingJudgement,
    GreetingVerdict,
    PartFound,
    PhrasesFound,
    Thresholds,
)
from voicedesk.greeting.numbers import NUMBER, Compared, is_other
from voicedesk.greeting.parts import SaidParts, find_parts, numbers_said
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules, Limits, Template
from voicedesk.greeting.stream import UNKNOWN, Found, Match, Stream, stream_of
from voicedesk.speech.transcript import Transcript, Understanding

FEWEST_UNEXPLAINED = 2
"""At least so many syllables that nothing explains may be the department's name. Chosen: the shortest names have two.
"""
ADVERSE = frozenset(GreetingVerdict) - {
    GreetingVerdict.CANNOT_TELL,
    GreetingVerdict.COMPLIANT,
    GreetingVerdict.NOT_JUDGED,
}


def judge_greeting(
    transcript: Transcript,
    names: DepartmentNames,
    rules: GreetingRules,
    thresholds: Thresholds,
    *,
    template: Template = "inbound",
    limits: Limits | None = None,
    number: str | None = None,
) -> GreetingJudgement:
    """The judgement of the staff side's first words; the transcript's times count from the answer.

    `limits` are the line's own, else those of the rules. `number` is the staff number of the person who sat there; None
    if the person is not known. Raises InputError for a template that does not go with the rules.
    """
    stream = stream_of(transcript.words)
    limits = limits or rules.limits
    understood = is_understood(transcript.understanding, thresholds)
    greeting = _Greeting(
        stream=stream,
        said=find_parts(stream, names, rules, rules.parts_of(template), limits),
        rules=rules,
        limits=limits,
        thresholds=thresholds,
        understood=understood,
        cut_short=transcript.cut_short,
        number=number,
    )
    phrases = find_phrases(stream, rules, thresholds, understood=understood)
    violations = greeting.violations()
    reason = greeting.doubt(violations)
    verdict = GreetingVerdict.CANNOT_TELL if reason else next(iter(violations), GreetingVerdict.COMPLIANT)
    is_adverse = verdict in ADVERSE or bool(phrases.forbidden)
    return GreetingJudgement(
        verdict=verdict,
        rules_version=rules.version,
        violations=() if reason else tuple(violations),
        missing=() if reason else tuple(greeting.said.missing),
        reason=reason,
        parts=greeting.parts(),
        phrases=phrases,
        remarks=(*greeting.remarks(names), *_doubtful(phrases)),
        needs_review=reason is not None or (is_adverse and not thresholds.calibrated),
    )


def judge_phrases(transcript: Transcript, rules: GreetingRules, thresholds: Thresholds) -> GreetingJudgement:
    """The judgement of what staff say where no greeting is asked for: phrases alone (S3)."""
    understood = is_understood(transcript.understanding, thresholds)
    phrases = find_phrases(stream_of(transcript.words), rules, thresholds, understood=understood)
    return GreetingJudgement(
        verdict=GreetingVerdict.NOT_JUDGED,
        rules_version=rules.version,
        phrases=phrases,
        remarks=tuple(_doubtful(phrases)),
        needs_review=bool(phrases.forbidden) and not thresholds.calibrated,
    )


def is_understood(understanding: Understanding | None, thresholds: Thresholds) -> bool:
    """Whether a recogniser understood a voice well enough for anybody to be accused on its word.

    Not while the second hearing is held back: `again.depends_on_hearing_again` tells whether it is needed.
    """
    if understanding is None:
        return True
    if understanding.held_back:
        return False
    least = thresholds.agreement_at(understanding.confidence)
    return (
        understanding.confidence >= thresholds.confidence
        and understanding.known_share >= thresholds.known_share
        and (understanding.agreement is None or understanding.agreement >= least)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Greeting:
    """One greeting under judgement."""

    stream: Stream
    said: SaidParts
    rules: GreetingRules
    limits: Limits
    thresholds: Thresholds
    understood: bool
    cut_short: bool
    number: str | None

    # --- what is wrong

    def violations(self) -> list[GreetingVerdict]:
        """Everything that is wrong, in the order of precedence."""
        applies = {
            GreetingVerdict.INCOMPLETE: bool(self.said.missing),
            GreetingVerdict.WRONG_DEPARTMENT: self.said.other_department,
            GreetingVerdict.WRONG_NUMBER: self.number_said().wrong,
            GreetingVerdict.WRONG_ORDER: not self.said.in_order,
            GreetingVerdict.LATE_START: self._first_word_at() > self.limits.first_word_seconds or self._ends_late(),
        }
        return [verdict for verdict, is_so in applies.items() if is_so]

    def number_said(self) -> Compared:
        """The result of comparing the staff number; empty if it is not asked for, or not known."""
        if self.number is None or NUMBER not in self.said.template or NUMBER not in self.said.parts:
            return Compared()
        places = numbers_said(self.stream, self.rules, NUMBER, self.said.window)
        least = self.thresholds.forbidden_confidence
        compared = is_other(self.stream, places, self.number, least, cut_short=self.cut_short)
        return compared if self.understood or not compared.wrong else replace(compared, wrong=False, unclear=True)

    def _first_word_at(self) -> float:
        return next((one.start_seconds for one in self.stream.syllables if one.text), 0.0)

    def _last_part_at(self) -> float:
        return max((self.stream.end_of(found) for found in self.said.parts.values()), default=0.0)

    def _ends_late(self) -> bool:
        return not self.said.missing and self._last_part_at() > self.limits.all_parts_seconds

    # --- whether it can be told

    def doubt(self, violations: list[GreetingVerdict]) -> Doubt | None:
        """Why nothing can be said for certain, if so."""
        if not any(one.text for one in self.stream.syllables):
            return Doubt.NO_SPEECH
        if not violations:
            return Doubt.NOT_UNDERSTOOD if self._is_unsure() and not self.understood else None
        if not self.understood or self._is_unsure():
            return Doubt.NOT_UNDERSTOOD
        if self.said.missing and self.cut_short:
            return Doubt.CUT_SHORT
        return Doubt.PART_UNCLEAR if self._is_part_unclear() else None

    def _is_unsure(self) -> bool:
        least = self.thresholds.part_confidence
        return any(self.stream.confidence_of(found) < least for found in self.said.parts.values())

    def _is_part_unclear(self) -> bool:
        """Another department's name was not surely heard, or what is missing may be there after all."""
        if self.said.other_department:
            named = self.said.parts[DEPARTMENT]
            if not is_sure(self.stream, named, self.thresholds.part_confidence):
                return True
        explained = self._explained()
        return any(self._may_be_there(part, explained) for part in self.said.missing)

    def _explained(self) -> set[int]:
        """The syllables that are known to be something: a part, a courtesy, a phrase of the standard."""
        rules = self.rules
        texts = (*rules.courtesy.phrases, *rules.department.around, *rules.polite.phrases, *rules.forbidden.phrases)
        found = [*self.stream.find_any(texts), *self.said.parts.values()]
        sure = (one for one in found if not one.unknown and not self._is_vague(range(one.first, one.last)))
        return {place for one in sure for place in range(one.first, one.last)}

    def _may_be_there(self, part: str, explained: set[int]) -> bool:
        """Whether something in the place of a missing part could be it: not understood, or worded in another way."""
        places = (_place_of(self.said, part), range(self._first_part()))
        return any(self._could_be(part, run) for place in places for run in self._unexplained_runs(place, explained))

    def _first_part(self) -> int:
        """Where the parts begin: what stands before may be a part said too early, and not understood."""
        return min((found.first for found in self.said.parts.values()), default=self.said.window)

    def _could_be(self, part: str, run: range) -> bool:
        if self._is_vague(run):
            return True
        text = "".join(self.stream.syllables[at].text for at in run)
        if any(hint in text for hint in self.rules.caller.hints):
            return False
        if part == DEPARTMENT:
            return len(run) >= FEWEST_UNEXPLAINED
        return any(hint in text for hint in self.rules.parts[part].hints)

    def _is_vague(self, run: range) -> bool:
        heard = self.stream.syllables[run.start : run.stop]
        return any(one.text == UNKNOWN or one.confidence < self.thresholds.part_confidence for one in heard)

    def _unexplained_runs(self, place: range, explained: set[int]) -> list[range]:
        bare = [at for at in place if at not in explained and self.stream.syllables[at].text]
        edges = [0, *(k + 1 for k, (one, after) in enumerate(pairwise(bare)) if after != one + 1), len(bare)]
        return [range(bare[start], bare[end - 1] + 1) for start, end in pairwise(edges) if end > start]

    # --- what people read

    def parts(self) -> tuple[PartFound, ...]:
        """The parts that were found, as they were said."""
        return tuple(self._part(part, found) for part, found in self.said.in_time())

    def _part(self, part: str, found: Found) -> PartFound:
        return PartFound(
            part=part,
            text=self.stream.said(found),
            start_seconds=self.stream.start_of(found),
            end_seconds=self.stream.end_of(found),
            confidence=self.stream.confidence_of(found),
            match=found.match,
        )

    def remarks(self, names: DepartmentNames) -> Iterable[str]:
        """Remarks for the supervisor, in Chinese."""
        hello = self.said.parts.get("hello")
        if hello is not None and "你" in self.stream.said(hello):
            yield "说的是“你好”，规范用语是“您好”"
        for part, found in self.said.in_time():
            if found.match is Match.PINYIN:
                is_own = part == DEPARTMENT and not self.said.other_department
                yield f"“{self.stream.said(found)}”按读音认作“{names.name if is_own else found.phrase}”，请核对"
        if self.said.other_department:
            yield f"报的是“{self.stream.said(self.said.parts[DEPARTMENT])}”，本线路是“{names.name}”"
        number = self.number_said()
        if number.wrong:
            yield f"报的工号是“{number.heard}”，应为“{self.number}”"
        elif number.unclear:
            yield f"工号听作“{number.heard}”，未听清，不与“{self.number}”比对"
        if self._first_word_at() > self.limits.first_word_seconds:
            yield f"接通后 {self._first_word_at():.1f} 秒才开口（限 {self.limits.first_word_seconds:g} 秒）"
        if self._ends_late():
            yield f"接通后 {self._last_part_at():.1f} 秒才说完（限 {self.limits.all_parts_seconds:g} 秒）"


def _place_of(said: SaidParts, part: str) -> range:
    """The syllables between the parts that stand before and after a missing one."""
    at = said.template.index(part)
    start = max((said.parts[one].last for one in said.template[:at] if one in said.parts), default=0)
    after = [said.parts[one].first for one in said.template[at + 1 :] if one in said.parts]
    return range(start, min((first for first in after if first >= start), default=said.window))


def _doubtful(phrases: PhrasesFound) -> Iterable[str]:
    for found in phrases.doubtful:
        yield f"{found.start_seconds:.1f} 秒处疑似“{found.phrase}”，未听清，不计"

"""The greeting of one voice: weighed while it grows, and put into the transcript of all that the voice says.

What was said at the answer is told by the comparison of sentences, the rest of the call by what was heard. So the rules
judge words as always: those of the greeting with full confidence where the comparison is sure, else with none.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

from voicedesk.greeting.live import GreetingTask, greeting_ends_at
from voicedesk.greeting.model import DepartmentNames, GreetingJudgement, GreetingVerdict, Thresholds
from voicedesk.greeting.numbers import NUMBER
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.stream import SPOKEN_DIGITS
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.greeting.weighing.driving import Ask, asked_now
from voicedesk.greeting.weighing.joining import checked, placed
from voicedesk.greeting.weighing.model import Kind, Weighed, WeighingLimits
from voicedesk.greeting.weighing.telling import remarks_of, weighed_as_json
from voicedesk.greeting.weighing.weigh import weigh
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.transcript import UNKNOWN_WORD, Transcript, Word, understanding_of

MOST_WEIGHINGS = 3
"""A greeting in more pieces than this is not weighed again. Chosen: it bounds what one greeting costs, and each of its
three parts may have a pause behind it."""
DIGIT_CONFIDENCE = 0.6
"""Digits are not compared with others, so they are believed enough to be the right staff number, and too little to be a
wrong one (`Thresholds.forbidden_confidence`)."""

GIVEN_UP = "句子比对超时，未作判定"


class WeighedVoice:
    """One voice at one answer. `limits` are those of the model that hears it."""

    def __init__(self, task: GreetingTask, rules: GreetingRules, limits: WeighingLimits) -> None:
        self._task, self._rules, self._limits = task, rules, limits
        self.weighed: Weighed | None = None
        """What the comparison led to, so far; None where nothing was compared."""
        self._words: tuple[Word, ...] = ()
        self._until = 0.0
        self._heard_words = 0
        self._weighings = 0
        self._is_given_up = False

    def is_due(self, heard: Transcript, *, is_over: bool = False, is_behind: bool = False) -> bool:
        """Whether more was said of the greeting since it was weighed last.

        `is_over`: nothing more will come. `is_behind`: more sound lies ready, and the greeting waits for it while there
        is time left for a part of it. Where no word was believed the sentences are compared once at the end.
        """
        if self._task.names is None or self._weighings >= MOST_WEIGHINGS:
            return False
        is_past = is_over or heard.heard_seconds >= greeting_ends_at(heard.words, self._task.limits)
        if not heard.words:
            return is_past and self._weighings == 0
        return (is_past or not is_behind) and len(self._in_time(heard.words)) > self._heard_words

    def weigh(self, heard: Transcript) -> Generator[Question, Answer, None]:
        """Weighs what was said so far; `heard` is the transcript of it."""
        names = self._task.names
        if names is None:
            return
        self._weighings += 1
        self._heard_words = len(self._in_time(heard.words))
        template = self._rules.parts_of(self._task.template)
        first = yield Question(kind="hear")
        weighed = yield from weigh(names, self._rules, template, self._limits, first.hearings)
        weighed = checked(weighed, names, self._rules, template)
        if weighed.kind is None and self._is_sure():
            return  # what follows the greeting was not understood with it: `joined` sees what it may mean
        words: tuple[Word, ...] = ()
        if weighed.kind is not None:
            answer = yield Question(kind="words", sentences=(weighed.sentence,))
            words = tuple(self._believed(one) for one in placed(weighed.sentence, answer.words))
        self.weighed = weighed if words else replace(weighed, kind=None)
        self._words, self._until = words, first.until_seconds

    def weighed_now(self, heard: Transcript, ask: Ask) -> Transcript:
        """What is judged of a voice that was heard to its end. `ask` answers at once; what it raises comes through."""
        if self.is_due(heard, is_over=True):
            asked_now(self.weigh(heard), ask)
        return self.joined(heard)

    def give_up(self) -> None:
        """The comparison took too long: nothing is told of this greeting."""
        self.weighed, self._words = Weighed(kind=None), ()
        self._weighings, self._is_given_up = MOST_WEIGHINGS, True

    def joined(self, heard: Transcript) -> Transcript:
        """All that was heard, the greeting in it as it was weighed.

        What was said later, in time, may complete a greeting or say its parts otherwise; it was not weighed. So an
        adverse greeting stands only where the rules find the same with it.
        """
        if self._task.names is None:
            return heard
        later = tuple(one for one in heard.words if one.start_seconds >= self._until)
        if not self._is_sure():
            return self._doubted(heard)
        whole = _with_words(heard, (*self._words, *later))
        if not self._is_compliant() and self._in_time(whole.words) != self._words:
            alone, both = self._judged(_with_words(heard, self._words)), self._judged(whole)
            same = (alone.verdict, alone.missing) == (both.verdict, both.missing)
            if not same and both.verdict is not GreetingVerdict.CANNOT_TELL:
                return self._doubted(heard)
        return whole

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks for the supervisor on the sentences that were compared."""
        if self._is_given_up:
            return (GIVEN_UP,)
        return tuple(remarks_of(self.weighed)) if self.weighed else ()

    def as_json(self) -> dict[str, Any] | None:
        """The comparison as it is kept with the verdict; None where nothing was compared."""
        return weighed_as_json(self.weighed, self._limits) if self.weighed else None

    def _is_sure(self) -> bool:
        return self.weighed is not None and self.weighed.kind is not None

    def _is_compliant(self) -> bool:
        return self.weighed is not None and self.weighed.kind is Kind.COMPLIANT

    def _in_time(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        end = greeting_ends_at(words, self._task.limits)
        return tuple(one for one in words if one.start_seconds < end)

    def _doubted(self, heard: Transcript) -> Transcript:
        """What was heard, with no confidence in the greeting: nobody is accused or acquitted on it."""
        words = heard.words
        if not words and self._until:  # somebody spoke, and no word of it was believed
            words = (Word(text=UNKNOWN_WORD, start_seconds=0.0, end_seconds=self._until, confidence=0.0),)
        end = max(self._until, greeting_ends_at(words, self._task.limits))
        return _with_words(heard, (replace(one, confidence=0.0) if one.start_seconds < end else one for one in words))

    def _believed(self, word: Word) -> Word:
        numbered = NUMBER in self._rules.parts_of(self._task.template)
        return replace(word, confidence=DIGIT_CONFIDENCE if numbered and word.text in SPOKEN_DIGITS else 1.0)

    def _judged(self, transcript: Transcript) -> GreetingJudgement:
        return judge_greeting(
            replace(transcript, words=self._in_time(transcript.words)),
            self._task.names or DepartmentNames(name=""),
            self._rules,
            Thresholds(),
            template=self._task.template,
            limits=self._task.limits,
        )


def _with_words(heard: Transcript, words: Iterable[Word]) -> Transcript:
    chosen = tuple(words)
    return replace(heard, words=chosen, understanding=understanding_of(chosen, None))


def weighed_under(
    heard: Transcript, task: GreetingTask, rules: GreetingRules, limits: Iterable[WeighingLimits], ask: Ask
) -> tuple[Transcript, ...]:
    """What is judged of one voice under each of some limits; what is asked again under others is answered once."""
    known: dict[Question, Answer] = {}

    def answer(question: Question) -> Answer:
        if question not in known:
            known[question] = ask(question)
        return known[question]

    return tuple(WeighedVoice(task, rules, one).weighed_now(heard, answer) for one in limits)

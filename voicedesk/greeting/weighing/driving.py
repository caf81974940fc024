"""Carries questions of a weighing to whatever answers them, in this thread or over a worker, and brings the result."""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass

from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import GreetingRules, Template
from voicedesk.greeting.weighing.joining import checked, transcript_of
from voicedesk.greeting.weighing.model import Weighed, WeighingLimits
from voicedesk.greeting.weighing.weigh import weigh
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.transcript import Transcript

Ask = Callable[[Question], Answer]
AskLater = Callable[[Question], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighable:
    """What is asked of one stretch of speech: whose greeting it is, and by which rules and limits it is weighed.

    `speaks` is whether a voice was found in the sound; `heard_seconds`, `model` and `cut_short` go into the transcript.
    """

    names: DepartmentNames
    rules: GreetingRules
    limits: WeighingLimits
    speaks: bool
    heard_seconds: float
    model: str
    template: Template = "inbound"
    cut_short: bool = False


WeighedGreeting = tuple[Weighed, Transcript]
_Steps = Generator[Question, Answer, WeighedGreeting]


def weigh_now(greeting: Weighable, ask: Ask) -> WeighedGreeting:
    """The comparison and the transcript that the rules judge; `ask` answers at once."""
    steps = _steps(greeting)
    try:
        question = next(steps)
        while True:
            question = steps.send(ask(question))
    except StopIteration as done:
        return _result(done)


async def weigh_later(greeting: Weighable, ask: AskLater) -> WeighedGreeting:
    """The same, where a worker answers. Raises what `ask` raises."""
    steps = _steps(greeting)
    try:
        question = next(steps)
        while True:
            question = steps.send(await ask(question))
    except StopIteration as done:
        return _result(done)


def _result(done: StopIteration) -> WeighedGreeting:
    result: WeighedGreeting = done.value
    return result


def _steps(greeting: Weighable) -> _Steps:
    template = greeting.rules.parts_of(greeting.template)
    weighed = yield from weigh(greeting.names, greeting.rules, template, greeting.limits, speaks=greeting.speaks)
    weighed = checked(weighed, greeting.names, greeting.rules, template)
    words = (yield Question(kind="words", sentences=(weighed.sentence,))).words if weighed.sentence else ()
    transcript = transcript_of(
        weighed, words, heard_seconds=greeting.heard_seconds, model=greeting.model, cut_short=greeting.cut_short
    )
    return weighed, transcript

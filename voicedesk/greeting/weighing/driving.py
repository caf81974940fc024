"""Carries questions of a weighing to whatever answers them, in this thread or over a worker, and brings the result."""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from voicedesk.speech.fits import Answer, Question

T = TypeVar("T")
Asking = Generator[Question, Answer, T]
"""What asks its questions one by one, is sent the answer to each, and returns what follows from them."""
Ask = Callable[[Question], Answer]
AskLater = Callable[[Question], Awaitable[Answer]]


def asked_now(steps: Asking[T], ask: Ask) -> T:
    """What follows where `ask` answers at once. Raises what `ask` raises."""
    try:
        question = next(steps)
        while True:
            question = steps.send(ask(question))
    except StopIteration as done:
        result: T = done.value
        return result


async def asked_later(steps: Asking[T], ask: AskLater) -> T:
    """The same, where a worker answers. Raises what `ask` raises."""
    try:
        question = next(steps)
        while True:
            question = steps.send(await ask(question))
    except StopIteration as done:
        result: T = done.value
        return result

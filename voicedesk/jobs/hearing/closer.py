"""Looks closer at what was heard before it is judged, as the engine can: hears it again, or compares sentences (S2)."""

import time
from collections.abc import Callable
from typing import Any

import structlog

from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.weighing.driving import asked_later
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.transcript import Transcript
from voicedesk.speech.workers import Voice

MOST_SECONDS = 90.0
"""A comparison that takes longer is given up, and the greeting goes to a person. Chosen: a dozen greetings that wait
for one worker at once take less on two cores."""

_log = structlog.get_logger()


class _TookTooLong(Exception):
    """The time for a comparison is over."""


class CloserLook:
    """The closer looks at one voice in a worker.

    `limits` are those of a model that compares sentences; None for a model that hears again instead.
    """

    def __init__(
        self, judge: LiveJudge, limits: WeighingLimits | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._judge, self._clock = judge, clock
        self._weighed = WeighedVoice(judge.task, judge.rules, limits) if limits is not None else None

    async def live(
        self, voice: Voice, heard: Transcript, *, is_over: bool = False, is_behind: bool = False
    ) -> Transcript:
        """What is judged of what was `heard` so far. Raises SpeechLost."""
        if self._weighed is None:
            asks = self._judge.asks_again(heard, is_over=is_over, is_behind=is_behind)
            return await voice.hear_again() if asks else heard
        if not self._judge.is_decided and self._weighed.is_due(heard, is_over=is_over, is_behind=is_behind):
            ends = self._clock() + MOST_SECONDS

            async def ask(question: Question) -> Answer:
                if self._clock() > ends:
                    raise _TookTooLong
                return await voice.ask(question)

            try:
                await asked_later(self._weighed.weigh(heard), ask)
            except _TookTooLong:
                _log.warning("greeting_comparison_given_up", seconds=MOST_SECONDS)
                self._weighed.give_up()
        self._judge.compared = self._weighed.remarks
        return self._weighed.joined(heard)

    def compared(self) -> dict[str, Any] | None:
        """The sentences that were compared, as they are kept with the verdict; None where none were."""
        return self._weighed.as_json() if self._weighed is not None else None

"""Hears one recording while the switch still writes it, and judges what was said so far."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from voicedesk.audio.follow import follow
from voicedesk.errors import InputError, SpeechLost
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.model import Doubt, GreetingJudgement, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.jobs.hearing.open_recordings import Recording
from voicedesk.speech.transcript import Transcript, Understanding
from voicedesk.speech.workers import SpeechWorkers, Voice

TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard of a recording so far; `understanding` is that of the greeting when it was decided.

    `is_final`: the verdict will not change any more.
    """

    transcript: Transcript
    judged: GreetingJudgement
    understanding: Understanding | None
    is_final: bool


SoFar = Callable[[Recording, Heard], Awaitable[None]]
"""Is told of a recording what was heard so far, each time there is more."""


class Listening:
    """Hears recordings with the speech workers. `rules` may be replaced: they hold for what is begun from then on."""

    def __init__(self, workers: SpeechWorkers, rules: GreetingRules, thresholds: Thresholds) -> None:
        self._workers, self._thresholds = workers, thresholds
        self.rules = rules

    async def hear(self, recording: Recording, so_far: SoFar) -> Heard:
        """Hears all of a recording; from its beginning again if a worker was lost over it.

        Raises SpeechLost if that happens twice, SpeechUnavailable, and InputError for a recording without sound.
        """
        for left in reversed(range(TRIES)):
            with contextlib.suppress(SpeechLost) if left else contextlib.nullcontext():
                return await self._hear_once(recording, so_far)
        raise AssertionError("the last try returns or raises")

    async def _hear_once(self, recording: Recording, so_far: SoFar) -> Heard:
        judge = LiveJudge(recording.task, self.rules, self._thresholds)
        voice: Voice | None = None
        async with contextlib.AsyncExitStack() as stack:
            async for lump in follow(recording.path, recording.over.is_set):
                if voice is None:
                    voice = await stack.enter_async_context(self._workers.hear(lump.rate))
                heard = await voice.accept(lump.samples, tell=not judge.is_decided)
                if heard is not None:
                    asks = judge.asks_again(heard, is_behind=lump.is_behind)
                    heard = await voice.hear_again() if asks else heard
                    await so_far(recording, _judged(judge, heard, is_over=False))
            if voice is None:
                raise InputError(f"{recording.path}: there is no sound in the recording")
            heard = await voice.finish()
            heard = await voice.hear_again() if judge.asks_again(heard, is_over=True) else heard
        whole = _judged(judge, heard, is_over=True)
        await so_far(recording, whole)
        return whole

    def unheard(self) -> Heard:
        """The judgement of what could not be heard: nothing can be told of it."""
        judged = GreetingJudgement(
            verdict=GreetingVerdict.CANNOT_TELL,
            rules_version=self.rules.version,
            reason=Doubt.NOT_HEARD,
            needs_review=True,
        )
        nothing = Transcript(words=(), heard_seconds=0.0, model="")
        return Heard(transcript=nothing, judged=judged, understanding=None, is_final=True)


def _judged(judge: LiveJudge, heard: Transcript, *, is_over: bool) -> Heard:
    judged = judge.take(heard, is_over=is_over)
    is_final = is_over or judge.is_decided
    return Heard(transcript=heard, judged=judged, understanding=judge.understanding, is_final=is_final)

"""Hears one recording while the switch still writes it, and judges what was said so far."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from voicedesk.audio.follow import follow
from voicedesk.errors import InputError, SpeechInterrupted, SpeechLost
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.model import Doubt, GreetingJudgement, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.jobs.hearing.closer import CloserLook
from voicedesk.jobs.hearing.open_recordings import Recording
from voicedesk.speech.transcript import Transcript, Understanding
from voicedesk.speech.workers import SpeechWorkers, Voice

TRIES = 2
INTERRUPTIONS = 5
"""So often a recording is heard again because workers were lost over others: what loses workers is given up after
TRIES, so only an engine that fails over everything comes so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard of a recording so far; `understanding` is that of the greeting when it was decided.

    `is_final`: the verdict will not change any more. `compared` are the sentences that were compared, where the engine
    can compare them.
    """

    transcript: Transcript
    judged: GreetingJudgement
    understanding: Understanding | None
    is_final: bool
    compared: dict[str, Any] | None = None


SoFar = Callable[[Recording, Heard], Awaitable[None]]
"""Is told of a recording what was heard so far, each time there is more."""


class Listening:
    """Hears recordings with the speech workers. `rules` may be replaced: they hold for what is begun from then on."""

    def __init__(
        self,
        workers: SpeechWorkers,
        rules: GreetingRules,
        thresholds: Thresholds,
        weighing: WeighingLimits | None = None,
    ) -> None:
        self._workers, self._thresholds, self._weighing = workers, thresholds, weighing
        self.rules = rules

    async def hear(self, recording: Recording, so_far: SoFar) -> Heard:
        """Hears all of a recording; from its beginning again if a worker was lost over it.

        Raises SpeechLost if that happens twice, or if its worker was lost over other recordings again and again;
        SpeechUnavailable; and InputError for a recording without sound.
        """
        lost = interrupted = 0
        while True:
            try:
                return await self._hear_once(recording, so_far)
            except SpeechInterrupted:
                interrupted += 1
                if interrupted >= INTERRUPTIONS:
                    raise
            except SpeechLost:
                lost += 1
                if lost >= TRIES:
                    raise

    async def _hear_once(self, recording: Recording, so_far: SoFar) -> Heard:
        judge = LiveJudge(recording.task, self.rules, self._thresholds)
        closer = CloserLook(judge, self._weighing)
        voice: Voice | None = None
        async with contextlib.AsyncExitStack() as stack:
            async for lump in follow(recording.path, recording.over.is_set):
                if voice is None:
                    voice = await stack.enter_async_context(self._workers.hear(lump.rate))
                heard = await voice.accept(lump.samples, tell=not judge.is_decided)
                if heard is not None:
                    heard = await closer.live(voice, heard, is_behind=lump.is_behind)
                    await so_far(recording, _judged(judge, closer, heard, is_over=False))
            if voice is None:
                raise InputError(f"{recording.path}: there is no sound in the recording")
            heard = await closer.live(voice, await voice.finish(), is_over=True)
        whole = _judged(judge, closer, heard, is_over=True)
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


def _judged(judge: LiveJudge, closer: CloserLook, heard: Transcript, *, is_over: bool) -> Heard:
    judged = judge.take(heard, is_over=is_over)
    return Heard(
        transcript=heard,
        judged=judged,
        understanding=judge.understanding,
        is_final=is_over or judge.is_decided,
        compared=closer.compared(),
    )

"""Speech workers that a test writes down: what is heard lump by lump, and who answers about sentences."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from voicedesk.errors import SpeechError
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.transcript import Transcript


class FakeVoice:
    """One voice. It tells `heard` one after another, the last one ever again."""

    def __init__(self, heard: Sequence[Transcript | None], ask: Callable[[Question], Answer]) -> None:
        self._heard, self._ask, self._place = heard, ask, -1

    async def accept(self, _samples: object, *, tell: bool = False) -> Transcript | None:
        """What is told after this lump."""
        self._place = min(self._place + 1, len(self._heard) - 1)
        return self._heard[self._place]

    async def finish(self) -> Transcript:
        """All that was heard."""
        whole = self._heard[-1]
        assert whole is not None
        return whole

    async def hear_again(self) -> Transcript:
        """The same once more."""
        return await self.finish()

    async def ask(self, question: Question) -> Answer:
        """What the test says; it may raise."""
        return self._ask(question)


class FakeWorkers:
    """Workers of which each voice is another `FakeVoice`; `lost` are the errors that the first voices raise."""

    def __init__(
        self, heard: Sequence[Transcript | None], ask: Callable[[Question], Answer], lost: Sequence[SpeechError] = ()
    ) -> None:
        self._heard, self._ask, self._lost = heard, ask, list(lost)
        self.begun = 0

    @contextlib.asynccontextmanager
    async def hear(self, _rate: int) -> AsyncIterator[FakeVoice]:
        """Begins a voice; one that is lost is lost in the midst of its first question."""
        self.begun += 1
        yield FakeVoice(self._heard, self._lose(self._lost.pop(0)) if self._lost else self._ask)

    def _lose(self, error: SpeechError) -> Callable[[Question], Answer]:
        def ask(_question: Question) -> Answer:
            raise error

        return ask

"""The port to speech recognition: what any engine does for us."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from voicedesk.audio.g711 import Samples
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Word


class Hearing(Protocol):
    """One voice being heard, block by block."""

    def accept(self, samples: Samples) -> None:
        """Takes the next samples, at the rate the hearing was begun with."""

    def skip(self, count: int) -> None:
        """So many samples of silence between utterances are left out: they only count as time."""

    def so_far(self) -> str:
        """The words heard so far, which may still change."""

    def settled(self) -> tuple[Word, ...]:
        """The words of all utterances that are over: these will not change."""

    def settle(self) -> None:
        """Ends the utterance here, as in a pause: what was heard of it will not change any more."""

    def finish(self) -> tuple[Word, ...]:
        """Every word, in order of start; nothing can be taken any more."""


@runtime_checkable
class ComparingHearing(Hearing, Protocol):
    """A hearing that can tell how well given sentences fit what was said first: see `SpeechModel.compares`."""

    def ask(self, question: Question) -> Answer:
        """The answer about all that was said from the first utterance on, up to the last pause; at most so much of it
        as a greeting takes. Empty where nobody spoke. Times count from the first sample of the voice."""


class Recognizer(Protocol):
    """An engine with a model loaded."""

    model: SpeechModel

    def hear(self, rate: int, grammar: Sequence[str] | None = None) -> Hearing:
        """Begins to hear a voice of `rate` samples a second.

        `grammar` are the phrases it may be, their words divided by spaces; None: anything the model knows. Raises
        InputError for a grammar where the model takes none, or with words it does not know.
        """

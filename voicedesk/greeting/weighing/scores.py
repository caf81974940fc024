"""Scores of sentences as they come in: each sentence is asked for once, within a budget."""

from collections.abc import Generator, Iterable, Mapping, Sequence

from voicedesk.greeting.weighing.sentences import Sentence
from voicedesk.speech.fits import Answer, Question, SentenceFit

Asking = Generator[Question, Answer, None]
UNKNOWN = SentenceFit(total=-999.0, least=0.0, flat=99)
"""The fit of a sentence that was never scored: it never wins."""


class Scores:
    """The fits of all sentences asked for. `free` is the fit of the best text that was heard freely."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._fits: dict[str, SentenceFit] = {}
        self.free = 0.0
        self.is_cut = False
        """True once a sentence was not scored because the budget was spent: then nobody is accused."""

    def allow(self, more: int) -> None:
        """Lets so many more sentences be scored."""
        self._most += more

    @property
    def asked(self) -> int:
        """How many sentences were scored."""
        return len(self._fits)

    def ask(self, texts: Iterable[str]) -> Asking:
        """Asks for those that are not known yet, as far as the budget goes."""
        wanted = [text for text in dict.fromkeys(texts) if text and text not in self._fits]
        room = max(0, self._most - len(self._fits))
        self.is_cut = self.is_cut or len(wanted) > room
        wanted = wanted[:room]
        if wanted:
            answer = yield Question(kind="fits", sentences=tuple(wanted))
            self._fits.update(zip(wanted, answer.fits, strict=True))

    def of(self, text: str) -> SentenceFit:
        """The fit of a text."""
        return self._fits.get(text, UNKNOWN)

    def fit(self, sentence: Sentence | None) -> float:
        """How well a sentence fits against the best free hearing; very badly where there is none."""
        return self.of(sentence.text).total - self.free if sentence is not None else UNKNOWN.total

    def best(self, sentences: Sequence[Sentence]) -> Generator[Question, Answer, Sentence]:
        """The one of some sentences that fits best, the first of equals."""
        yield from self.ask(one.text for one in sentences)
        return max(sentences, key=self.fit)

    def known(self) -> Mapping[str, SentenceFit]:
        """All of them."""
        return self._fits

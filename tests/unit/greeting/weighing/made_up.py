"""Answers with made-up scores: an ear that heard one sentence, and finds others less likely the more they differ."""

from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.driving import Weighable, WeighedGreeting, weigh_now
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.speech.fits import Answer, FreeHearing, Question, SentenceFit
from voicedesk.speech.transcript import Word

NAMES = DepartmentNames(name="社保中心", aliases=("社会保险",), others=("医保局", "人才中心", "劳动监察大队", "养老科"))
NATS, LEFT_OUT = 8.0, 0.3
"""What a character costs that was not said, and one that was said and is left out: almost nothing, as with Whisper."""


class MadeUpEar:
    """It hears `heard` freely; what was said is `said`, and what differs costs."""

    def __init__(self, said: str, heard: str | None = None, *, no_speech: float = 0.0, score: float = -0.3) -> None:
        self.said, self.heard = said, said if heard is None else heard
        self.no_speech, self.score = no_speech, score
        self.asked: list[Question] = []
        self.fit_of: dict[str, SentenceFit] = {}
        self.follows = ""

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        match question.kind:
            case "hear" | "hear_plainly":
                return Answer(hearings=(FreeHearing(text=self.heard, score=self.score, no_speech=self.no_speech),))
            case "go_on":
                return Answer(hearings=(FreeHearing(text=self.follows, score=-0.3, no_speech=0.0),))
            case "words":
                return Answer(words=_words(spoken(question.sentences[0])))
            case _:
                return Answer(fits=tuple(map(self.fit, question.sentences)))

    def fit(self, sentence: str) -> SentenceFit:
        text = spoken(sentence)
        return self.fit_of.get(text) or SentenceFit(total=-3.0 - _apart(text, self.said))

    @property
    def scored(self) -> int:
        return sum(len(one.sentences) for one in self.asked if one.kind == "fits")


def weighed(ear: MadeUpEar, **changed: object) -> WeighedGreeting:
    """What is made of it, by the shipped rules."""
    values: dict[str, object] = {"names": NAMES, "limits": WeighingLimits(), "speaks": True} | changed
    return weigh_now(Weighable(rules=shipped_rules(), heard_seconds=8.0, model="made-up", **values), ear)  # type: ignore[arg-type]


def _words(text: str) -> tuple[Word, ...]:
    return tuple(
        Word(text=one, start_seconds=0.5 + at * 0.2, end_seconds=0.7 + at * 0.2, confidence=0.4)
        for at, one in enumerate(text)
    )


def _apart(one: str, said: str) -> float:
    """What the characters cost that differ."""
    row = [at * LEFT_OUT for at in range(len(said) + 1)]
    for at, character in enumerate(one, 1):
        last, row[0] = row[0], at * NATS
        for place, wanted in enumerate(said, 1):
            changed = last + NATS * (character != wanted)
            last, row[place] = row[place], min(row[place] + NATS, row[place - 1] + LEFT_OUT, changed)
    return row[-1]

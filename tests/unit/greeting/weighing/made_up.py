"""Answers with made-up scores: an ear that heard one sentence, and finds others less likely the more they differ."""

from dataclasses import replace

from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.model import Weighed, WeighingLimits
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.speech.fits import Answer, FreeHearing, Question, SentenceFit
from voicedesk.speech.transcript import Transcript, Word

WeighedGreeting = tuple[Weighed, Transcript]

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
        self.speaks = self.places = True
        self.begins = 0.5

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        match question.kind:
            case "hear" | "hear_plainly":
                if not self.speaks:
                    return Answer()
                heard = FreeHearing(text=self.heard, score=self.score, no_speech=self.no_speech)
                return Answer(hearings=(heard,), until_seconds=self.begins + len(spoken(self.heard)) * 0.2)
            case "go_on":
                return Answer(hearings=(FreeHearing(text=self.follows, score=-0.3, no_speech=0.0),))
            case "words":
                return Answer(words=_words(spoken(question.sentences[0]), self.begins) if self.places else ())
            case _:
                return Answer(fits=tuple(map(self.fit, question.sentences)))

    def fit(self, sentence: str) -> SentenceFit:
        text = spoken(sentence)
        return self.fit_of.get(text) or SentenceFit(total=-3.0 - _apart(text, self.said))

    @property
    def scored(self) -> int:
        return sum(len(one.sentences) for one in self.asked if one.kind == "fits")


def task(names: DepartmentNames | None = NAMES, **changed: object) -> GreetingTask:
    """What is asked for: the shipped inbound greeting."""
    values: dict[str, object] = {"template": "inbound", "limits": shipped_rules().limits} | changed
    return GreetingTask(names=names, **values)  # type: ignore[arg-type]


def heard_as(text: str, *, start: float = 0.5, heard_seconds: float = 8.0, more: tuple[Word, ...] = ()) -> Transcript:
    """A transcript of what was heard freely; `more` is what was heard behind it."""
    words = (*_words(spoken(text), start), *more)
    return Transcript(words=words, heard_seconds=heard_seconds, model="made-up")


def later_words(text: str, start: float, *, confidence: float = 0.9) -> tuple[Word, ...]:
    """Words that are heard behind the greeting."""
    return tuple(replace(one, confidence=confidence) for one in _words(text, start))


def weighed(ear: MadeUpEar, *, limits: WeighingLimits | None = None) -> WeighedGreeting:
    """What is made of it, by the shipped rules: the comparison, and the transcript that the rules judge."""
    voice = WeighedVoice(task(), shipped_rules(), limits or WeighingLimits())
    transcript = voice.weighed_now(heard_as(ear.heard), ear)
    return voice.weighed or Weighed(kind=None), transcript


def _words(text: str, start: float = 0.5) -> tuple[Word, ...]:
    return tuple(
        Word(text=one, start_seconds=start + at * 0.2, end_seconds=start + at * 0.2 + 0.2, confidence=0.4)
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

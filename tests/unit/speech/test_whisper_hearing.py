"""What a Whisper hearing keeps of a voice: its first utterances together, at most so much, with times that fit."""

import numpy as np
import pytest

engine = pytest.importorskip("voicedesk.speech.whisper_engine")
from voicedesk.speech.fits import Answer, FreeHearing, Question  # noqa: E402
from voicedesk.speech.transcript import Word  # noqa: E402
from voicedesk.speech.written import INVENTED, simplified  # noqa: E402

RATE = 8000
LOUD = 1000
TEXT = "您好,這裡是社保中心,請問您要辦理什麼業務"


class MadeUpSound:
    """An engine that finds speech where the sound is loud, and remembers how long each sound was."""

    def __init__(self, text=TEXT):
        self.text = text
        self.encoded = []

    def encode(self, samples, rate):
        self.encoded.append(len(samples) / rate)
        loud = np.flatnonzero(np.abs(samples) >= LOUD // 2)
        return MadeUpEncoded(self, (loud[0] / rate, loud[-1] / rate) if len(loud) else None)


class MadeUpEncoded:
    def __init__(self, sound, speech):
        self.sound = sound
        self.speech = (speech,) if speech else ()

    def hear(self, *, simplified):
        return (FreeHearing(text=self.sound.text, score=-0.3, no_speech=0.0),)

    def words(self, sentence):
        start, end = self.speech[0]
        return (Word(text=sentence.replace(",", ""), start_seconds=start, end_seconds=end, confidence=0.9),)

    def answer(self, question):
        if not self.speech:
            return Answer()
        return Answer(words=self.words(TEXT), until_seconds=self.speech[0][1])


def speech(seconds):
    return np.full(int(seconds * RATE), LOUD, np.int16)


def hushed(seconds):
    return np.zeros(int(seconds * RATE), np.int16)


def hearing(**how):
    sound = MadeUpSound(**how)
    return engine.WhisperHearing(sound, RATE), sound


def test_fault_63_traditional_characters_are_folded_before_the_rules_see_them():
    voice, _ = hearing()
    voice.accept(speech(5))
    assert [one.text for one in voice.finish()] == ["您好这里是社保中心请问您要办理什么业务"]


@pytest.mark.parametrize("text", ["您好问们这里请社保", "什么业务", "请问您要办理什么业务"])
def test_what_is_simplified_already_stays_as_it_is(text):
    assert simplified(text) == text


def test_no_word_of_the_invented_ones_says_what_another_says_already():
    assert not [(one, other) for one in INVENTED for other in INVENTED if one is not other and one in other]


def test_an_utterance_is_encoded_once_for_its_words_and_for_what_is_asked():
    voice, sound = hearing()
    voice.accept(speech(4))
    voice.settle()
    voice.skip(RATE)
    voice.accept(hushed(0.5))
    voice.settle()
    assert voice.ask(Question(kind="hear")).words
    assert sound.encoded == [4.0, 0.5]


def test_utterances_are_asked_about_together_at_the_time_they_were_said():
    voice, sound = hearing()
    voice.skip(2 * RATE)
    voice.accept(hushed(1))  # a noise in which nobody speaks
    voice.settle()
    voice.accept(speech(1))
    voice.skip(3 * RATE)
    voice.accept(hushed(0.05))
    voice.settle()
    voice.accept(speech(2))
    voice.settle()
    answer = voice.ask(Question(kind="hear"))
    voice.skip(20 * RATE)
    voice.accept(speech(1))  # too late for a greeting
    voice.settle()
    assert voice.ask(Question(kind="hear")) == answer
    del sound.encoded[-1]
    assert sound.encoded[-1] == pytest.approx(1 + 3 + 0.05 + 2)
    assert answer.words[0].start_seconds == pytest.approx(3.0, abs=0.01)
    assert answer.until_seconds == pytest.approx(3 + 6.05, abs=0.01)


def test_nothing_is_told_of_a_voice_that_never_spoke():
    voice, _ = hearing()
    assert voice.ask(Question(kind="hear")) == Answer()
    voice.accept(hushed(5))
    assert voice.finish() == ()
    assert voice.ask(Question(kind="hear")) == Answer()


def test_an_hour_of_speech_is_heard_in_pieces_and_only_its_beginning_is_kept():
    voice, sound = hearing(text="好")
    for _ in range(360):
        voice.accept(speech(10))
    voice.finish()
    assert max(sound.encoded) <= engine.MOST_SECONDS
    assert sum(map(len, voice._first)) <= (engine.LONGEST_SECONDS + engine.MOST_SECONDS) * RATE


def test_an_hour_of_silence_is_not_heard_at_all():
    voice, sound = hearing()
    for _ in range(3600):
        voice.skip(RATE)
    voice.accept(hushed(0.05))
    assert voice.finish() == ()
    assert sound.encoded == []

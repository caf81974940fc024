"""A voice heard while it is spoken: settled in pauses, and heard a second time where somebody asks for it."""

import math
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.speech.kept import KEPT_SECONDS, KeptSound
from voicedesk.speech.listening import (
    AFTER_SECONDS,
    BEFORE_SECONDS,
    MARGIN_SECONDS,
    TAIL_SECONDS,
    Listener,
    Listening,
    agreement_of,
    understanding_of,
)
from voicedesk.speech.models import embedded_model
from voicedesk.speech.transcript import Transcript, Understanding, Word, from_json, to_json
from voicedesk.speech.vosk_engine import VoskRecognizer

RATE = 8000


class ScriptedHearing:
    """Hears a word begin with every half second of loud sound; an utterance ends where it is told to."""

    def __init__(self):
        self.seconds = 0.0
        self.loud_seconds = 0.0
        self.given_seconds = 0.0
        self.starts = []
        self.ends = []

    def accept(self, samples):
        for start in range(0, len(samples), RATE // 10):
            self._take(samples[start : start + RATE // 10])

    def _take(self, samples):
        seconds = len(samples) / RATE
        if np.abs(samples).max() > 1000:
            before, self.loud_seconds = self.loud_seconds, self.loud_seconds + seconds
            began = range(len(self.starts), math.ceil(self.loud_seconds * 2 - 1e-6))
            self.starts += [self.seconds + n / 2 - before for n in began]
        self.seconds += seconds
        self.given_seconds += seconds

    def skip(self, count):
        self.seconds += count / RATE

    def _words(self):
        return tuple(Word(text="好", start_seconds=at, end_seconds=at + 0.4, confidence=0.9) for at in self.starts)

    def so_far(self):
        return " ".join(word.text for word in self._words())

    def settled(self):
        return self._words()[: math.ceil(self.ends[-1] * 2 - 1e-6)] if self.ends else ()

    def settle(self):
        self.ends.append(self.loud_seconds)

    def finish(self):
        return self._words()


def sound(seconds, level):
    return (np.ones(int(seconds * RATE)) * level * (-1) ** np.arange(int(seconds * RATE))).astype(np.int16)


class Again:
    """Second hearings: of each the sound it was given; it hears the words of a scripted hearing."""

    def __init__(self, text="好"):
        self.text = text
        self.given = []

    def __call__(self):
        self.given.append(np.zeros(0, np.int16))
        return self

    def accept(self, samples):
        self.given[-1] = np.concatenate([self.given[-1], samples])

    def finish(self):
        first, last = np.flatnonzero(np.abs(self.given[-1]) > 1000)[[0, -1]] / RATE
        return tuple(
            Word(text=self.text, start_seconds=first + n / 2, end_seconds=first + n / 2 + 0.4, confidence=0.5)
            for n in range(round((last - first) * 2))
        )


def listening(again=None):
    hearing, again = ScriptedHearing(), again or Again()
    return Listening("test", hearing, again, RATE), hearing, again


def test_words_are_settled_in_a_pause_and_not_before():
    voice, hearing, again = listening()
    assert not voice.accept(sound(1.0, 8000))
    assert voice.settled().words == ()
    assert not voice.accept(sound(0.3, 20))
    assert voice.accept(sound(0.3, 20))
    assert len(voice.settled().words) == 2
    assert hearing.ends == [pytest.approx(1.0)]
    assert again.given == []


def test_a_pause_settles_once_however_long_it_is():
    voice, hearing, _ = listening()
    voice.accept(sound(1.0, 8000))
    assert [voice.accept(sound(0.5, 20)) for _ in range(6)] == [True, False, False, False, False, False]
    assert len(hearing.ends) == 1
    assert not voice.has_unsettled
    voice.accept(sound(0.2, 8000))
    assert voice.has_unsettled


def test_silence_is_not_given_to_the_recogniser_but_counts_as_time():
    voice, hearing, _ = listening()
    voice.accept(sound(2.0, 20))
    voice.accept(sound(1.0, 8000))
    voice.accept(sound(5.0, 20))
    voice.accept(sound(0.5, 8000))
    voice.accept(sound(1.0, 20))
    whole = voice.finish()
    assert [word.start_seconds for word in whole.words] == [pytest.approx(at) for at in (2.0, 2.5, 8.0)]
    assert whole.heard_seconds == pytest.approx(9.5)
    assert hearing.given_seconds == pytest.approx(1.5 + 2 * (BEFORE_SECONDS + AFTER_SECONDS))


def test_a_soft_voice_after_a_loud_noise_is_given_to_the_recogniser():
    voice, hearing, _ = listening()
    voice.accept(sound(0.5, 20000))
    voice.accept(sound(1.0, 20))
    before = hearing.given_seconds
    voice.accept(sound(0.3, 1400))
    voice.accept(sound(0.1, 20))
    assert hearing.given_seconds - before == pytest.approx(0.3 + BEFORE_SECONDS + 0.1)
    voice.accept(sound(0.3, 20))
    assert len(hearing.ends) == 2


def test_a_sound_that_ends_in_the_midst_of_speech_is_heard_out():
    voice, hearing, _ = listening()
    voice.accept(sound(1.0, 8000))
    voice.finish()
    assert hearing.given_seconds == pytest.approx(1.0 + TAIL_SECONDS)


def test_a_pause_for_breath_is_given_whole():
    voice, hearing, _ = listening()
    for level in (8000, 20, 8000):
        voice.accept(sound(0.3, level))
    assert (hearing.given_seconds, hearing.ends) == (pytest.approx(0.9), [])


def test_a_line_that_hums_has_no_pause_and_its_words_wait_for_the_engine():
    voice, hearing, _ = listening()
    voice.accept(sound(3.0, 4000))
    assert hearing.ends == []
    assert voice.has_unsettled


def test_the_live_hearing_of_a_real_greeting_says_what_the_hearing_of_its_file_says():
    fixture = Path(__file__).parents[3] / "audio_fixtures" / "0003_compliant_edward2_a_law.wav"
    sound_file = read_sound(fixture)
    listener = Listener(VoskRecognizer(embedded_model()))
    samples = np.concatenate([sound_file.samples[0], np.zeros(RATE, np.int16)])
    voice = listener.begin(RATE)
    told = [voice.settled().text for at in range(0, len(samples), 2720) if voice.accept(samples[at : at + 2720])]
    voice.finish()
    live = voice.hear_again()
    assert told[-1] == live.text == listener.transcribe(samples, RATE).text
    assert live.understanding is not None
    assert live.understanding.agreement > 0.6


def test_what_was_said_waits_to_be_heard_again_and_nobody_may_be_accused_on_it():
    voice, _, again = listening()
    voice.accept(sound(1.0, 8000))
    voice.accept(sound(0.6, 20))
    once = voice.settled()
    assert (once.understanding.agreement, once.understanding.held_back) == (None, True)
    twice = voice.hear_again()
    assert (twice.words, twice.heard_seconds) == (once.words, once.heard_seconds)
    assert (twice.understanding.agreement, twice.understanding.held_back) == (1.0, False)
    assert voice.hear_again() == twice
    assert len(again.given) == 1


def test_only_new_words_are_heard_again_in_their_place_with_a_little_sound_around_them():
    voice, _, again = listening()
    voice.accept(sound(1.0, 8000))
    voice.accept(sound(1.0, 20))
    voice.settled()
    voice.hear_again()
    voice.accept(sound(0.5, 8000))
    late = voice.finish()
    assert len(late.words) == 3
    assert (late.understanding.agreement, late.understanding.held_back) == (1.0, True)
    last = voice.hear_again().understanding
    assert (last.agreement, last.held_back) == (1.0, False)
    assert [len(given) / RATE for given in again.given] == [
        pytest.approx(0.9 + MARGIN_SECONDS),
        pytest.approx(MARGIN_SECONDS + 0.5),
    ]


def test_a_second_hearing_that_says_something_else_does_not_agree():
    voice, _, _ = listening(Again("大"))
    voice.accept(sound(1.0, 8000))
    voice.finish()
    assert voice.hear_again().understanding.agreement == 0.0


def test_what_was_said_so_long_ago_that_its_sound_is_gone_stays_held_back():
    voice, _, again = listening()
    voice.accept(sound(1.0, 8000))
    voice.accept(sound(KEPT_SECONDS + 1, 20))
    voice.settled()
    assert voice.hear_again().understanding.held_back
    assert again.given == []


def test_of_a_file_all_sound_is_kept():
    voice = Listening("test", ScriptedHearing(), Again(), RATE, KeptSound(RATE, math.inf))
    voice.accept(sound(1.0, 8000))
    voice.accept(sound(KEPT_SECONDS + 1, 20))
    voice.finish()
    assert not voice.hear_again().understanding.held_back


def test_where_no_second_hearing_can_be_made_none_is_waited_for():
    voice = Listening("test", ScriptedHearing(), None, RATE)
    voice.accept(sound(1.0, 8000))
    heard = voice.finish()
    assert (heard.understanding.agreement, heard.understanding.held_back) == (None, False)
    assert voice.hear_again() == heard


def test_agreement_is_the_share_of_syllables_heard_at_the_same_place_twice():
    def word(text, start):
        return Word(text=text, start_seconds=start, end_seconds=start + 0.2 * len(text), confidence=1.0)

    words = [word("您好", 0.0), word("社保", 1.0)]
    bare = [word("您", 0.02), word("号", 0.25), word("宝", 1.21), word("社", 1.5)]
    assert agreement_of(words, bare) == 0.75
    assert agreement_of([Word(text="[unk]", start_seconds=0, end_seconds=1, confidence=1.0)], bare) == 0.0
    assert understanding_of([], 0.75) is None


def test_of_a_word_alone_only_the_end_is_compared():
    def word(text):
        return Word(text=text, start_seconds=1.0, end_seconds=1.2, confidence=1.0)

    assert [agreement_of([word("喂")], [word(other)]) for other in "为归随我"] == [1.0, 1.0, 1.0, 0.0]


def test_a_transcript_is_the_same_after_it_was_written_down():
    whole = Transcript(
        words=(Word(text="您好", start_seconds=0.1, end_seconds=0.5, confidence=0.9),),
        heard_seconds=2.0,
        model="m",
        understanding=Understanding(confidence=0.9, known_share=1.0, agreement=None),
        cut_short=True,
    )
    assert from_json(to_json(whole)) == whole
    empty = Transcript(words=(), heard_seconds=0.0, model="m")
    assert from_json(to_json(empty)) == empty

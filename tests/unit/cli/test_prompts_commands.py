"""`voicedesk prompts`, as it is typed: what goes wrong, and what is recorded."""

import json
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from voicedesk.cli import prompt_work, prompts
from voicedesk.errors import InputError
from voicedesk.hall import ears, prompt_building
from voicedesk.hall.prompts import book_of
from voicedesk.prompts.book import Pace
from voicedesk.prompts.build import Wanted, keep
from voicedesk.prompts.helper import Helper
from voicedesk.prompts.pronunciation import shipped_pronunciation
from voicedesk.settings import load_settings

PERSON = "人工服务，请按零。"
AGAIN = "请按键选择。"
TEXTS = (Wanted(text=PERSON), Wanted(text=AGAIN))
ENGLISH = Wanted(text="To speak with a person, press zero.", language="en")


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "wanted_of", lambda _settings, _day: TEXTS)
    file = tmp_path / "voicedesk.toml"
    file.write_text('[prompts]\nfolder = "sounds"\nrecordings = "people"\n', encoding="utf-8")
    file.chmod(0o600)
    return str(file)


@pytest.fixture
def microphone(monkeypatch):
    """What is heard and played."""
    played: list[np.ndarray] = []
    heard = [np.full(1600, 3000, np.int16) * np.tile([1, -1], 800).astype(np.int16)] * 20

    def listen(device):
        del device
        yield from ((block, 16000) for block in heard)
        raise KeyboardInterrupt

    monkeypatch.setattr(prompts, "listen", listen)
    monkeypatch.setattr(prompts, "play", lambda samples, rate: played.append((samples, rate)))
    return heard, played


def test_a_build_in_a_pipe_tells_how_far_it_is_and_not_too_often(capsys):
    now = [0.0]
    tell = prompt_work.in_lines("speaking", lambda: now[0])
    for done in range(101):
        tell(done, 100)
        now[0] += 1.0
    told = capsys.readouterr()
    assert [line.split()[-1] for line in told.err.splitlines()] == [f"{n}/100" for n in range(0, 100, 15)]
    assert told.out == ""
    for done in range(21):
        tell(done, 20)
        now[0] += 60.0
    assert capsys.readouterr().err == ""


def test_a_recording_made_here_replaces_the_voice_with_the_next_build(typed, config, tmp_path, microphone):
    options = ("--config", config)
    typed("prompts", "build", "--trust-voice", *options)
    recorded = typed("prompts", "record", PERSON, *options)
    assert recorded.code == 0
    assert PERSON in recorded.out
    (file,) = (tmp_path / "people" / "zh_CN").iterdir()
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (16000, 32000)
    assert "1 taken from recordings" in typed("prompts", "build", *options).out
    unrecorded = typed("prompts", "list", "--missing-recording", *options).out
    assert AGAIN in unrecorded
    assert PERSON not in unrecorded
    file.write_bytes(b"no sound")
    failed = typed("prompts", "build", *options)
    assert failed.code == 1
    assert str(file) in failed.err


def test_silence_and_nothing_at_all_are_no_recording(typed, config, microphone):
    heard, _ = microphone
    heard[:] = [np.zeros(1600, np.int16)]
    assert "silence" in typed("prompts", "record", PERSON, "--config", config).err
    heard.clear()
    assert "nothing was recorded" in typed("prompts", "record", PERSON, "--config", config).err


def test_a_recording_ends_after_its_time_and_needs_a_folder(typed, config, tmp_path, microphone, monkeypatch):
    clock = iter([0.0, 0.5, 2.0])
    monkeypatch.setattr(prompts.time, "monotonic", lambda: next(clock))
    assert typed("prompts", "record", PERSON, "--seconds", "1", "--config", config).code == 0
    (file,) = (tmp_path / "people" / "zh_CN").iterdir()
    with wave.open(str(file)) as sound:
        assert sound.getnframes() == 3200
    monkeypatch.undo()
    other = tmp_path / "other.toml"
    other.write_text("", encoding="utf-8")
    assert "recordings = " in typed("prompts", "record", PERSON, "--config", str(other)).err


def test_without_a_loudspeaker_or_microphone_it_is_said_what_to_do(typed, config, microphone, monkeypatch):
    def none(*_):
        raise InputError("a microphone needs PortAudio")

    typed("prompts", "build", "--config", config)
    monkeypatch.setattr(prompts, "play", none)
    monkeypatch.setattr(prompts, "listen", none)
    assert "PortAudio" in typed("prompts", "play", PERSON, "--config", config).err
    assert "PortAudio" in typed("prompts", "record", PERSON, "--config", config).err


def test_one_language_is_built_into_another_folder(typed, config, tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "wanted_of", lambda _settings, _day: (*TEXTS, ENGLISH))
    there = tmp_path / "elsewhere"
    options = ("--folder", str(there), "--config", config)
    assert "2 spoken" in typed("prompts", "build", "--language", "en", *options).out
    assert [path.name for path in there.iterdir()] == ["en"]
    listed = typed("prompts", "list", *options).out.splitlines()
    assert [line.split()[1] for line in listed] == ["无", "无", "合成"]
    assert not (tmp_path / "sounds").exists()
    wrong = typed("prompts", "build", "--language", "de", *options)
    assert wrong.code == 2
    assert "zh_CN and en" in wrong.err


def test_fault_59_a_voice_that_fails_is_told_once_and_the_job_fails(typed, config, tmp_path):
    options = ("--config", config)
    typed("prompts", "build", *options)
    kept = sorted((tmp_path / "sounds").rglob("*.alaw"))
    text = '[prompts]\nfolder = "sounds"\nvoice = "sit/cmn"\n'
    (tmp_path / "voicedesk.toml").write_text(text, encoding="utf-8")
    failed = typed("prompts", "build", *options)
    assert failed.code == 1
    lines = failed.err.strip().splitlines()
    assert sum("failed its test" in line for line in lines) == 2
    assert "1 other sound" in lines[0]
    assert sorted((tmp_path / "sounds").rglob("*.alaw")) == kept
    assert "合成" in typed("prompts", "list", *options).out
    assert "4 spoken" in typed("prompts", "build", "--trust-voice", *options).out


def heard_back(monkeypatch, heard):
    """An ear for people that writes down `heard`, whatever it is given; what it was given."""
    asked = []
    monkeypatch.setattr(prompt_building, "ear_for_people", lambda _settings: SimpleNamespace(path=Path("model")))

    def ask(_self, order):
        asked.append(order["file"])
        return {"heard": heard, "error": None}

    monkeypatch.setattr(Helper, "ask", ask)
    return asked


def give_sounds(config):
    book = book_of(load_settings(Path(config)))
    tone = (3000 * np.sin(np.arange(16000) / 10)).astype(np.int16)
    for one in TEXTS:
        keep(one, Pace.NORMAL, tone, 16000, book=book, pronunciation=shipped_pronunciation())


def test_what_callers_may_not_understand_is_listed_with_what_was_heard_and_the_cure(typed, config, monkeypatch):
    give_sounds(config)
    asked = heard_back(monkeypatch, "人工服务请按零")
    options = ("--config", config)
    checked = typed("prompts", "check", *options)
    assert (checked.code, len(asked)) == (1, 2)
    for said in (AGAIN, "人工服务请按零", "qing3 an4 jian4 xuan3 ze2", "2 heard", "1 unclear"):
        assert said in checked.out
    assert PERSON not in checked.out
    assert "readings.toml" in checked.err
    assert "prompts record" in checked.err
    listed = typed("prompts", "list", "--unclear", *options)
    assert (listed.code, AGAIN in listed.out, len(asked)) == (0, True, 2)
    (row,) = json.loads(typed("prompts", "list", "--unclear", "--json", *options).out)
    assert (row["text"], row["heard"], row["pace"]) == (AGAIN, "人工服务请按零", "normal")
    assert typed("prompts", "check", PERSON, *options).code == 0
    assert len(asked) == 3
    heard_back(monkeypatch, "请按键选择")
    assert "1 unclear" in typed("prompts", "check", "--again", *options).out


def test_without_an_ear_for_people_it_is_said_that_nobody_can_listen(typed, config, monkeypatch):
    give_sounds(config)
    monkeypatch.setattr(ears, "missing_packages", lambda _: ("gone",))
    checked = typed("prompts", "check", "--config", config)
    assert (checked.code, checked.out) == (1, "")
    assert "pip install 'voicedesk[people]'" in checked.err
    listed = typed("prompts", "list", "--unclear", "--config", config)
    assert "2 sounds were not heard yet" in listed.err


def test_what_came_of_a_natural_voice_is_told_and_nobody_claims_to_have_listened(capsys):
    built = prompt_building.BuiltPrompts(shipped=2, spoken=1, unheard="no ear here")
    prompt_work.tell(built)
    told = capsys.readouterr()
    assert "2 sounds of the natural voice came with Voicedesk" in told.out
    assert "nobody heard whether callers understand it: no ear here" in told.err
    assert prompt_work.as_json(built)["unclear"] is None

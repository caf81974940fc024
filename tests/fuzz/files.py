"""Files from outside: sound, the switch's logs, settings, calendar, catalogue, rules, models, notes, names."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from tests.fuzz.damage import absurd, damaged
from tests.fuzz.switch import CAPTURES, fits
from tests.fuzz.target import Target
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.audio.follow import _layout
from voicedesk.audio.wav import read_layout, read_sound, write_alaw_wav, write_wav
from voicedesk.calls.model import Gap, GapReason, Hall, JudgedCall
from voicedesk.calls.registry import born_us
from voicedesk.calls.three_rings import judge
from voicedesk.catalogue.check import check
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.script import script
from voicedesk.errors import InputError, SettingsError, SpeechError
from voicedesk.greeting.rules import rules_from_file
from voicedesk.ivr.wording import CHINESE, Wording
from voicedesk.jobs.following.logged_calls import read_logs, rebuild, retell
from voicedesk.jobs.hearing.recordings import keep, look
from voicedesk.prompts.book import Pace, PromptBook, Voice, is_whole
from voicedesk.prompts.pronunciation import load_pronunciation
from voicedesk.prompts.texts import load_frames
from voicedesk.settings import load_settings
from voicedesk.speech.install import install_model, verify_model
from voicedesk.speech.models import read_model
from voicedesk.store.calls import _leg_rows, _row
from voicedesk.switch_logs.files import LogPaths
from voicedesk.texts_folder import shipped_texts
from voicedesk.work_calendar import WorkCalendar, read_own_days

ZONE = ZoneInfo("Asia/Shanghai")
MODEL = Path(__file__).parents[1] / "models" / "lookalike"
SETTINGS = """
[hall]
name = "便民大厅"
timezone = "Asia/Shanghai"
area_code = "0371"
departments = ["社保科"]
[store]
url = "sqlite:///voicedesk.db"
[retention]
calls_days = 365
[log]
level = "info"
[ivr]
listen = "127.0.0.1:4573"
sessions = 200
[tickets]
within_hours = 4
[[pbx]]
name = "main"
host = "127.0.0.1"
port = 5038
username = "voicedesk"
secret = "s3cret"
[[lines]]
name = "hotline"
extensions = ["4001"]
queues = ["hotline"]
phones = ["PJSIP/6001", "SIP/6002"]
duty = ["mon-fri 09:00-12:00 13:30-17:00"]
limit_seconds = 15
department = "社保科"
[[agents]]
id = "0012"
name = "王小明"
[[assignments]]
agent = "0012"
endpoint = "PJSIP/6001"
from = 2026-01-01T00:00:00+08:00
[[webhooks]]
name = "robot"
form = "wecom"
url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"
"""
CALENDAR = '日期,类型,说明\n2027-01-01,rest,元旦\n2027/1/2,班,调休\n2027.01.04,休,"停电, 半天"\n'


@cache
def scratch() -> Path:
    """A folder for this process, gone at its end."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _put(name: str, data: bytes) -> Path:
    file = scratch() / name
    file.write_bytes(data)
    return file


def _of_text(text: str, *, most: int = 5) -> Callable[[Random], bytes]:
    return lambda rng: damaged(rng, text.encode(), most=most)


# --- sound


@cache
def _sounds() -> tuple[bytes, ...]:
    file = scratch() / "made.wav"
    tone = (np.sin(np.arange(1600) / 5) * 9000).astype(np.int16)
    write_wav(file, tone, 8000)
    linear = file.read_bytes()
    write_alaw_wav(file, [b"\xd5" * 800], 8000)
    alaw = file.read_bytes()
    return linear, alaw, linear + alaw, linear + b"LIST\x04\0\0\0INFO", tone.tobytes(), b"ID3\x03" + tone.tobytes()


def make_sound(rng: Random) -> bytes:
    """A sound file of some ending, most often damaged near its head."""
    data = rng.choice(_sounds())
    head = damaged(rng, data[:64], unit=b"\0") if rng.randrange(3) else data[:64]
    data = head + data[64:]
    return rng.choice((b".wav", b".sln", b".alaw", b".sln48", b".pcm", b".mp3", b"")) + b"\n" + data


def hear(data: bytes) -> None:
    """A sound file as it is read whole, followed while it grows, and kept."""
    ending, _, data = data.partition(b"\n")
    file = _put("1795421258.7" + ending.decode("ascii", "replace").replace("/", "_").replace("\0", "_")[:20], data)
    try:
        sound = read_sound(file)
        assert sound.samples.size * 2 <= 64 * len(data) + 64
        assert sound.seconds >= 0
        sound.channel(0)
        read_layout(data[:64], file)
        _layout(data[:64], file, is_whole=False)
        keep(file, scratch() / "kept", "main", 1_795_421_258_000_000, ZONE)
    finally:
        file.unlink()


# --- the switch's logs


@cache
def _situations() -> tuple[str, ...]:
    return tuple(sorted(one.name.removesuffix(".raw") for one in (CAPTURES / "logged").glob("*.raw")))


_ENDINGS = {b"cel": ".cel.csv", b"cdr": ".cdr.csv", b"queue_log": ".queue_log"}


def make_log(rng: Random) -> bytes:
    """A damaged log of some situation, whose other logs are whole."""
    situation, kind = rng.choice(_situations()), rng.choice(list(_ENDINGS))
    whole = (CAPTURES / "logged" / f"{situation}{_ENDINGS[kind]}").read_bytes()
    return situation.encode() + b" " + kind + b"\n" + damaged(rng, whole, most=8)


def tell_logs(data: bytes) -> None:
    """Logs read around a gap, calls rebuilt from them alone and with the journal, judged, and made rows."""
    head, _, data = data.partition(b"\n")
    situation, kind = head.decode("ascii").split(" ")
    base = CAPTURES / "logged" / situation
    files = {key: (base.with_name(f"{situation}{ending}"),) for key, ending in _ENDINGS.items()}
    files[kind.encode()] = (_put("damaged.log", data),)
    paths = LogPaths(cel=files[b"cel"], cdr=files[b"cdr"], queue_log=files[b"queue_log"])
    logs = read_logs(paths, [(0, 2**62)], ZONE)
    hall = Hall(phones=frozenset({"PJSIP/6001", "PJSIP/6002"}), every_extension_is_a_line=True)
    journal = RecordedConversation().receive_data(base.with_name(f"{situation}.raw").read_bytes())
    first = next(at for at in (event.timestamp_us for event in journal) if at)
    gap = Gap(from_at=first + 1_000_000, to_at=first + 9_000_000, reason=GapReason.LINK_LOST)
    logs.covers(gap)
    told = [*rebuild("main", hall, logs.events), *retell("main", hall, journal, (gap,), logs, until=2**62)]
    for call in (JudgedCall(facts=facts, judgement=judge(facts)) for facts in told):
        for row in (_row(call), *_leg_rows(call)):
            fits(row)


# --- settings and texts


def settle(data: bytes) -> None:
    """A settings file, and what the calendar makes of its hours."""
    settings = load_settings(_put("voicedesk.toml", data), {})
    calendar = WorkCalendar.of(settings)
    for line in settings.lines:
        calendar.is_on_duty(line.duty, 1_795_421_258_000_000)


def read_days(data: bytes) -> None:
    """A hall's own days."""
    read_own_days(_put("days.csv", data))


def read_greeting_rules(data: bytes) -> None:
    """A hall's own rules for greetings."""
    rules = rules_from_file(_put("rules.toml", data))
    for template in rules.templates:
        rules.parts_of(template)


def read_frames(data: bytes) -> None:
    """A hall's own texts of the frame; what is accepted can be spoken."""
    folder = scratch() / "texts" / CHINESE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "frame.toml").write_bytes(data)
    Wording(load_frames(folder.parent))


def read_readings(data: bytes) -> None:
    """A hall's own readings."""
    load_pronunciation(_put("readings.toml", data)).of("参保缴费凭证。")


@cache
def _catalogue() -> Path:
    folder = scratch() / "catalogue"
    shutil.copytree(shipped_texts() / CHINESE, folder)
    return folder


def _in_folder(folder: Callable[[], Path], *, most_bytes: int = 40_000) -> Callable[[Random], bytes]:
    """The name of a file below a folder, then its bytes damaged."""

    def make(rng: Random) -> bytes:
        files = [one for one in sorted(folder().rglob("*")) if one.is_file() and one.stat().st_size <= most_bytes]
        file = rng.choice(files)
        data = damaged(rng, file.read_bytes()) if rng.randrange(20) else absurd(rng)
        return str(file.relative_to(folder())).encode() + b"\n" + data

    return make


def _replaced(folder: Path, data: bytes, then: Callable[[Path], None]) -> None:
    name, _, data = data.partition(b"\n")
    file = folder / name.decode("ascii", "replace").replace("\0", "_")
    before = file.read_bytes() if file.is_file() else None
    if before is None:
        return  # a name that was cut: no file of this folder
    file.write_bytes(data)
    try:
        then(folder)
    finally:
        file.write_bytes(before)


def read_catalogue(folder: Path) -> None:
    """A catalogue with all that is made of it."""
    catalogue = load_catalogue(folder)
    check(catalogue, date(2026, 11, 29))
    for item in catalogue.spoken_on(date(2026, 11, 29), samples=True):
        script(item)


# --- models, notes, names


@cache
def _model() -> Path:
    folder = scratch() / "model"
    for name in ("am/final.mdl", "conf/model.conf", "graph/phones/word_boundary.int", "graph/HCLr.fst", "graph/Gr.fst"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"--x=1\n")
    (folder / "conf/mfcc.conf").write_text("--use-energy=false # no\n--sample-frequency=16000\n--num-ceps=40\n")
    (folder / "graph/words.txt").write_text("<eps> 0\n你 1\n好 2\n[unk] 3\n", encoding="utf-8")
    (folder / "origin.json").write_text('{"name": "m", "statement": "s", "synthetic_voices_only": true}')
    (folder / "checksums.json").write_text('{"conf/model.conf": "00"}')
    return folder


def read_speech_model(folder: Path) -> None:
    """A speech model's folder: what it says of itself, its words, its checksums."""
    model = read_model(folder)
    assert 0 < model.rate < 1_000_000
    assert len(model.words or ()) >= len(model.characters)
    verify_model(model)


def install(data: bytes) -> None:
    """A ZIP that is to be a model."""
    install_model(_put("model.zip", data), scratch() / "installed")


@cache
def _zip() -> bytes:
    return Path(shutil.make_archive(str(scratch() / "whole"), "zip", _model())).read_bytes()


def read_note(data: bytes) -> None:
    """What is noted of a prompt: whatever stands there, the prompt is found or not."""
    voice = Voice(name="v", rate=160, slow_rate=120)
    book = PromptBook(scratch() / "prompts", {CHINESE: voice})
    file = book.note_path("你好", CHINESE, Pace.NORMAL)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    book.find("你好")
    is_whole(book.spoken_path("你好", CHINESE, Pace.NORMAL))


NOTE = '{"text": "你好", "words": "ni3 hao3", "voice": "v", "rate": 160, "id": "0123456789abcdef"}'


def make_name(rng: Random) -> bytes:
    """The name of a file in a recordings' folder."""
    name = damaged(rng, rng.choice((b"1795421258.7", b"office-1795421258.7", b"1795421258.7.part", b"20261129155812")))
    return (name[:200] + rng.choice((b".sln48", b".wav", b""))).replace(b"/", b"_").replace(b"\0", b"_").strip(
        b"."
    ) or b"x"


def look_at_names(data: bytes) -> None:
    """Something of a name that nobody chose lies among the recordings."""
    folder = scratch() / "recordings"
    folder.mkdir(exist_ok=True)
    file = os.path.join(os.fsencode(folder), data[:255])  # a name need not be text
    Path(os.fsdecode(file)).write_bytes(b"\0\0")
    try:
        for found in look(folder, 1_000_000):
            str(found).encode("utf-8", "surrogateescape")
            if found.uniqueid is not None:
                fits({"changed_at": found.changed_at, "uniqueid": found.uniqueid, "born": born_us(found.uniqueid) or 0})
    finally:
        Path(os.fsdecode(file)).unlink()


_WRONG = (SettingsError, InputError)

TARGETS = (
    Target(name="sound", share=80, make=make_sound, run=hear, allowed=(InputError,)),
    Target(name="logs", share=20, make=make_log, run=tell_logs, allowed=(InputError,)),
    Target(name="settings", share=40, make=_of_text(SETTINGS), run=settle, allowed=(SettingsError,)),
    Target(name="calendar", share=60, make=_of_text(CALENDAR), run=read_days, allowed=(SettingsError,)),
    Target(
        name="catalogue",
        share=3,
        make=_in_folder(_catalogue),
        run=lambda data: _replaced(_catalogue(), data, read_catalogue),
        allowed=_WRONG,
    ),
    Target(
        name="rules",
        share=15,
        make=lambda rng: damaged(rng, (_greeting_rules()).encode()),
        run=read_greeting_rules,
        allowed=_WRONG,
    ),
    Target(
        name="frames",
        share=10,
        make=lambda rng: damaged(rng, (shipped_texts() / CHINESE / "frame.toml").read_bytes()),
        run=read_frames,
        allowed=_WRONG,
    ),
    Target(
        name="readings",
        share=20,
        make=lambda rng: damaged(rng, (shipped_texts() / CHINESE / "readings.toml").read_bytes()),
        run=read_readings,
        allowed=_WRONG,
    ),
    Target(
        name="model",
        share=40,
        make=_in_folder(_model),
        run=lambda data: _replaced(_model(), data, read_speech_model),
        allowed=(InputError, SpeechError),
    ),
    Target(name="model_zip", share=20, make=lambda rng: damaged(rng, _zip()), run=install, allowed=(InputError,)),
    Target(name="note", share=60, make=_of_text(NOTE), run=read_note),
    Target(name="name", share=60, make=make_name, run=look_at_names, allowed=(InputError,)),
)


@cache
def _greeting_rules() -> str:
    import voicedesk.greeting

    return (Path(voicedesk.greeting.__file__).parent / "rules.toml").read_text(encoding="utf-8")

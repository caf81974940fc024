"""Speech models on disk: what a folder must hold, what a model can do, and how it says what it is.

A model is a folder; its files tell its kind (Vosk, or Whisper for CTranslate2), its sample rate, how it cuts words and
whether it takes a grammar.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal

from voicedesk.errors import InputError, why
from voicedesk.plain_files import read_plain
from voicedesk.speech.transcript import UNKNOWN_WORD
from voicedesk.speech.whisper.folder import RATE as WHISPER_RATE
from voicedesk.speech.whisper.folder import check_whisper, is_whisper

DEFAULT_RATE = 16000
"""Kaldi's own sample rate, where a model's configuration does not name one."""
LEAST_RATE, MOST_RATE = 4000, 192_000
EMBEDDED = "embedded"
"""The name of the model that comes with Voicedesk."""
ORIGIN = "origin.json"
_NEEDED = ("am/final.mdl", "conf/model.conf", "graph/phones/word_boundary.int")
_FEATURES = ("conf/mfcc.conf", "conf/fbank.conf")


ModelKind = Literal["vosk", "whisper"]


@dataclass(frozen=True)
class SpeechModel:
    """A model in a folder. `name` is the folder's; `rate` the samples a second it wants; `kind` tells its engine."""

    path: Path
    name: str
    rate: int
    takes_grammar: bool
    statement: str
    synthetic_only: bool
    kind: ModelKind = "vosk"

    @cached_property
    def words(self) -> frozenset[str] | None:
        """Every word it can hear; None where the model does not list them."""
        listed = self.path / "graph" / "words.txt"
        if not listed.exists():
            return None
        lines = _text_of(listed).splitlines()
        return frozenset(line.split()[0] for line in lines if line.split()) - {"<eps>", "#0", "<s>", "</s>"}

    @cached_property
    def characters(self) -> frozenset[str]:
        """Its words of one character: by them any name can be spelt."""
        return frozenset(word for word in self.words or () if len(word) == 1)

    @property
    def compares(self) -> bool:
        """Whether its engine can tell how well given sentences fit what was said."""
        return self.kind == "whisper"

    @property
    def has_unknown(self) -> bool:
        """Whether it says of a sound that it is none of its words."""
        return UNKNOWN_WORD in (self.words or ())


def read_model(path: Path) -> SpeechModel:
    """The model in a folder. Raises InputError that says what is missing, or what of it cannot be read."""
    try:
        return _read_model(path)
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        what = f"{type(error).__name__}: {why(error)}"
        raise InputError(f"{path}: this is a damaged speech model ({what}): install it again") from error


def _read_model(path: Path) -> SpeechModel:
    if not path.is_dir():
        raise InputError(f"{path}: there is no speech model: install one with `voicedesk model install`")
    if not (path / "am").is_dir() and is_whisper(path):
        check_whisper(path)
        return _described(path, WHISPER_RATE, kind="whisper")
    missing = next((name for name in _NEEDED if not (path / name).is_file()), None)
    if missing is None and not any((path / name).is_file() for name in _FEATURES):
        missing = _FEATURES[0]
    if missing is None and not ((path / "graph/HCLG.fst").is_file() or (path / "graph/HCLr.fst").is_file()):
        missing = "graph/HCLr.fst"
    if missing is not None:
        raise InputError(f"{path}: this is no Vosk model, or a damaged one: {missing} is missing")
    takes_grammar = (path / "graph/Gr.fst").is_file() and not (path / "graph/HCLG.fst").is_file()
    return _described(path, _rate(path), takes_grammar=takes_grammar)


def _described(path: Path, rate: int, *, kind: ModelKind = "vosk", takes_grammar: bool = False) -> SpeechModel:
    origin = _origin(path)
    return SpeechModel(
        path=path,
        name=str(origin.get("name") or path.name),
        rate=rate,
        takes_grammar=takes_grammar,
        statement=str(origin.get("statement", "")),
        synthetic_only=bool(origin.get("synthetic_voices_only")),
        kind=kind,
    )


def embedded_model() -> SpeechModel:
    """The model that comes with Voicedesk: it understands synthetic voices only, and says so."""
    return read_model(Path(str(files("voicedesk.speech"))) / EMBEDDED)


def _origin(path: Path) -> dict[str, object]:
    try:
        found = json.loads(read_plain(path / ORIGIN))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path / ORIGIN}: it cannot be read: {why(error)}") from error
    return found if isinstance(found, dict) else {}


def _rate(path: Path) -> int:
    """The sample rate a model's features are made for."""
    for name in _FEATURES:
        if not (path / name).is_file():
            continue
        for line in _text_of(path / name).splitlines():
            key, _, value = line.partition("#")[0].strip().partition("=")
            if key == "--sample-frequency":
                return _rate_named(value, path / name)
    return DEFAULT_RATE


def _rate_named(value: str, file: Path) -> int:
    try:
        rate = round(float(value))
    except (ValueError, OverflowError) as error:
        raise InputError(f"{file}: {value!r} is no sample rate") from error
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise InputError(f"{file}: {value!r} is no sample rate: {LEAST_RATE} to {MOST_RATE} samples a second are one")
    return rate


def _text_of(file: Path) -> str:
    try:
        return read_plain(file).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: it cannot be read: install the model again: {why(error)}") from error

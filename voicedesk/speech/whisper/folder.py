"""Whisper models on disk: what a CTranslate2 folder must hold, and which other formats people mistake for one."""

import json
from pathlib import Path

from voicedesk.errors import InputError
from voicedesk.plain_files import read_plain

RATE = 16_000
"""The samples a second that every Whisper model was trained on."""
WEIGHTS = "model.bin"
_VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
_OBJECTS = ("config.json", "tokenizer.json")
_VERSIONS = range(1, 100)
"""`model.bin` begins with the version of CTranslate2's format, a small number of 4 bytes; 6 in 2026."""
_LONGEST_NAME = 100
_OTHER_FORMATS = (
    ("*.onnx", "ONNX"),
    ("*.safetensors", "Transformers"),
    ("pytorch_model*.bin", "Transformers"),
    ("*.pt", "PyTorch"),
    ("ggml*.bin", "whisper.cpp"),
    ("*.gguf", "whisper.cpp"),
)
_CURE = "take a CTranslate2 folder, or convert it with ct2-transformers-converter"


def is_whisper(folder: Path) -> bool:
    """Whether a folder seems to be meant as a Whisper model, in whatever format."""
    return (folder / WEIGHTS).exists() or (folder / "tokenizer.json").exists() or _other_format(folder) is not None


def check_whisper(folder: Path) -> None:
    """Raises InputError that says what a Whisper folder lacks, or that it is of another format; OSError as it comes."""
    other = _other_format(folder)
    if not (folder / WEIGHTS).is_file() and other:
        raise InputError(f"{folder}: this Whisper model is in the format of {other}: {_CURE}")
    missing = next((name for name in (WEIGHTS, *_OBJECTS) if not (folder / name).is_file()), None)
    if missing is None and not any((folder / name).is_file() for name in _VOCABULARIES):
        missing = " or ".join(_VOCABULARIES)
    if missing is not None:
        raise InputError(f"{folder}: this is no whole Whisper model: {missing} is missing: install it again")
    for name in _OBJECTS:
        found = json.loads(read_plain(folder / name))
        if not isinstance(found, dict):
            raise InputError(f"{folder / name}: it does not describe a model: install the model again")
    _check_weights(folder / WEIGHTS)


def _other_format(folder: Path) -> str | None:
    return next((name for pattern, name in _OTHER_FORMATS if next(folder.glob(pattern), None)), None)


def _check_weights(path: Path) -> None:
    """The head of CTranslate2's format: a version, and the name of the kind of model with its length before it."""
    with path.open("rb") as file:
        head = file.read(6 + _LONGEST_NAME)
    version, length = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:6], "little")
    name = head[6 : 5 + length]
    if version not in _VERSIONS or not 1 < length <= _LONGEST_NAME or not name.isascii():
        raise InputError(f"{path}: this is no CTranslate2 model, or a damaged one: {_CURE}")
    if b"whisper" not in name.lower():
        raise InputError(f"{path}: this model is no Whisper: {name.decode('ascii')!r} hears nothing")

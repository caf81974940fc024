"""A kept recording for a page: where its file is, and the shape of its first seconds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from voicedesk.audio.wav import read_layout
from voicedesk.errors import InputError

SECONDS_DRAWN = 12
"""The greeting must be over after 10 s (S2); a little more shows what came then."""
BARS = 240
_LOUDEST = 32768
_HEAD_BYTES = 4096
MOST_PIECES = 10
"""A player asks for one piece of a recording at a time; who asks for thousands wants to keep a server busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How loud each of BARS pieces of the first SECONDS_DRAWN seconds is, from 0 to 1."""

    bars: tuple[float, ...]


class KeptSound(FileResponse):
    """A recording, or the pieces of it that are asked for; 404 where it was deleted a moment ago."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        asked = next((value for name, value in scope["headers"] if name == b"range"), b"")
        if asked.count(b",") >= MOST_PIECES:
            await Response(status_code=416)(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except RuntimeError:  # its file is gone: it says so before anything is sent
            await Response(status_code=404)(scope, receive, send)


def kept_file(folder: Path, name: str) -> Path | None:
    """The file of a recording; None where it is gone, or its name leads out of the folder."""
    try:
        home, file = folder.resolve(), (folder / name).resolve()
    except (OSError, ValueError):
        return None
    return file if file.is_relative_to(home) and file.is_file() else None


def shape_of(file: Path) -> Shape | None:
    """The shape of a recording's beginning; None where it cannot be read."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
            layout = read_layout(head, file)
            opened.seek(layout.offset)
            body = opened.read(SECONDS_DRAWN * layout.rate * layout.frame_bytes)
        samples = np.abs(layout.decode(body)[0].astype(np.int32))
    except (OSError, InputError, ValueError, KeyError):
        return None
    whole = np.zeros(SECONDS_DRAWN * layout.rate, dtype=np.int32)
    whole[: len(samples)] = samples[: len(whole)]
    pieces = whole[: len(whole) // BARS * BARS].reshape(BARS, -1).max(axis=1)
    return Shape(bars=tuple(round(float(one) / _LOUDEST, 3) for one in pieces))

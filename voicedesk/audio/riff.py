"""Where the samples of a WAV file lie when its header does not own up to all of them.

A header is written first and put right last: what was appended, or written before a crash, is in none. What follows
the samples is therefore looked at: chunks of other things, another whole file put behind, or simply more sound.
"""

from typing import NamedTuple

UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF})
"""Sizes that a writer puts there that does not know the size yet, or cannot go back to write it."""
_OTHERS = frozenset(
    (
        b"LIST",
        b"INFO",
        b"fact",
        b"cue ",
        b"plst",
        b"smpl",
        b"inst",
        b"note",
        b"labl",
        b"bext",
        b"iXML",
        b"axml",
        b"chna",
    )
) | frozenset((b"cart", b"id3 ", b"ID3 ", b"PEAK", b"PAD ", b"JUNK", b"junk", b"FLLR", b"DISP", b"_PMX", b"ds64"))
"""Chunks that stand behind samples, and hold none."""


class Body(NamedTuple):
    """From where to where samples lie, and whether the header accounts for all that is in the file."""

    spans: list[tuple[int, int]]
    is_accounted_for: bool


def body_of(data: bytes, offset: int, declared: int | None) -> Body:
    """The samples of a file that begin at `offset`, `declared` bytes long by its header; None: to the end."""
    end = offset + declared if declared is not None else len(data)
    if end >= len(data):
        return Body([(offset, len(data))], True)
    for pad in (0, 1) if declared is not None and declared % 2 else (0,):  # not every writer fills up an odd length
        more = _behind(data, end + pad, _format_of(data))
        if more is not None:
            return Body([(offset, end), *more], True)
    if not any(data[end:]) or data[end : end + 4] == b"RIFF":  # padding of a disk; or a file of another format
        return Body([(offset, end)], False)
    return Body([(offset, len(data))], False)


def _behind(data: bytes, at: int, form: bytes) -> list[tuple[int, int]] | None:
    """Further samples in the chunks from `at` on; None where these are no chunks."""
    spans: list[tuple[int, int]] = []
    all_known = True
    while at < len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(data) - at < 8:
            return spans if len(data) - at == 1 else None
        if name == b"RIFF" and data[at + 8 : at + 12] == b"WAVE":
            if _format_of(data[at:]) != form:
                return None
            at += 12
            continue
        at += 8
        if name == b"data":
            size = len(data) - at if size in UNKNOWN_SIZES else size
            spans.append((at, min(at + size, len(data))))
        elif name not in _OTHERS and name != b"fmt ":
            all_known = False
            if not all(letter == 0x20 or (chr(letter).isalnum() and letter < 0x80) for letter in name):
                return None
        at += size + size % 2
    return spans if all_known or at in (len(data), len(data) + 1) else None


def _format_of(data: bytes) -> bytes:
    """The format chunk of the file that begins with `data`."""
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"fmt ":
            return data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return b""

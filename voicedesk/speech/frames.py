"""Messages between the service and its speech workers: plain values, and sound behind them."""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

_HEAD = struct.Struct(">II")
_as_json = json.JSONEncoder(ensure_ascii=False).encode
HEAD_BYTES = _HEAD.size


def to_frame(values: Mapping[str, Any], sound: bytes = b"") -> bytes:
    """One message."""
    text = _as_json(values).encode()
    return _HEAD.pack(len(text), len(sound)) + text + sound


def lengths(head: bytes) -> tuple[int, int]:
    """How many bytes of values and of sound follow the `HEAD_BYTES` of a message."""
    values, sound = _HEAD.unpack(head)
    return values, sound


def take_values(unread: bytearray) -> Iterator[dict[str, Any]]:
    """The plain values of each message without sound that is whole; it is taken out of what is unread."""
    while len(unread) >= HEAD_BYTES and len(unread) >= (end := HEAD_BYTES + lengths(bytes(unread[:HEAD_BYTES]))[0]):
        text = bytes(unread[HEAD_BYTES:end])
        del unread[:end]
        yield read_values(text)


def read_values(text: bytes) -> dict[str, Any]:
    """The plain values of a message."""
    found: dict[str, Any] = json.loads(text)
    return found

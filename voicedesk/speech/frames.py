"""Messages between the service and its speech workers: plain values, and sound behind them."""

import json
import struct
from collections.abc import Mapping
from typing import Any

_HEAD = struct.Struct(">II")
HEAD_BYTES = _HEAD.size


def to_frame(values: Mapping[str, Any], sound: bytes = b"") -> bytes:
    """One message."""
    text = json.dumps(values, ensure_ascii=False).encode()
    return _HEAD.pack(len(text), len(sound)) + text + sound


def lengths(head: bytes) -> tuple[int, int]:
    """How many bytes of values and of sound follow the `HEAD_BYTES` of a message."""
    values, sound = _HEAD.unpack(head)
    return values, sound


def read_values(text: bytes) -> dict[str, Any]:
    """The plain values of a message."""
    found: dict[str, Any] = json.loads(text)
    return found

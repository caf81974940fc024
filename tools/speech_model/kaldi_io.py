"""Kaldi's binary stream, written and read: tokens, numbers, vectors, and matrices of one byte a number."""

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_HEADER = b"\0B"
_INT, _FLOAT, _DOUBLE = (4, "<i"), (4, "<f"), (8, "<d")
_LEVELS = 255


class Writer:
    """Writes Kaldi objects to a binary stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.write(_HEADER)

    def tokens(self, text: str) -> None:
        """Tokens, each with the space after it."""
        self._stream.write("".join(token + " " for token in text.split()).encode())

    def lines(self, lines: list[str]) -> None:
        """Text lines between two line ends, as a network's wiring is written."""
        self._stream.write(("\n" + "\n".join(lines) + "\n\n").encode())

    def integers(self, *values: int) -> None:
        """32-bit numbers."""
        for value in values:
            self._basic(_INT, value)

    def floats(self, *values: float) -> None:
        """Single precision."""
        for value in values:
            self._basic(_FLOAT, value)

    def double(self, value: float) -> None:
        """Double precision."""
        self._basic(_DOUBLE, value)

    def integer_vector(self, values: list[int]) -> None:
        """A std::vector<int32>."""
        self._stream.write(b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes())

    def vector(self, values: NDArray[np.float32]) -> None:
        """A Vector<float>."""
        self.tokens("FV")
        self.integers(len(values))
        self._stream.write(np.asarray(values, "<f4").tobytes())

    def matrix(self, values: NDArray[np.float32]) -> None:
        """A compressed matrix: 256 even steps between its smallest and its largest number."""
        low, reach = float(values.min()), float(values.max() - values.min()) or 1.0
        steps = np.clip(np.round((values - low) / reach * _LEVELS), 0, _LEVELS).astype(np.uint8)
        self.tokens("CM3")
        self._stream.write(struct.pack("<ffii", low, reach, *values.shape) + steps.tobytes())

    def _basic(self, kind: tuple[int, str], value: float) -> None:
        size, code = kind
        self._stream.write(bytes([size]) + struct.pack(code, value))


class Reader:
    """Reads what `Writer` writes; it raises ValueError where the stream holds something else."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._want(_HEADER)

    def token(self) -> str:
        """The next token."""
        letters = bytearray()
        while (letter := self._stream.read(1)) not in (b" ", b""):
            letters += letter
        return letters.decode()

    def lines(self) -> list[str]:
        """Text lines up to the empty one."""
        self._want(b"\n")
        found = []
        while line := self._stream.readline().rstrip(b"\n"):
            found.append(line.decode())
        return found

    def integer(self) -> int:
        """A 32-bit number."""
        return int(self._basic(_INT))

    def float(self) -> float:
        """Single precision."""
        return self._basic(_FLOAT)

    def double(self) -> "float":
        """Double precision."""
        return self._basic(_DOUBLE)

    def integer_vector(self) -> list[int]:
        """A std::vector<int32>."""
        self._want(b"\x04")
        (count,) = struct.unpack("<i", self._stream.read(4))
        return np.frombuffer(self._stream.read(4 * count), "<i4").tolist()

    def vector(self) -> NDArray[np.float32]:
        """A Vector<float>."""
        self._want(b"FV ")
        count = self.integer()
        return np.frombuffer(self._stream.read(4 * count), "<f4")

    def matrix(self) -> NDArray[np.float32]:
        """A matrix, no longer compressed."""
        self._want(b"CM3 ")
        low, reach, rows, columns = struct.unpack("<ffii", self._stream.read(16))
        steps = np.frombuffer(self._stream.read(rows * columns), np.uint8).reshape(rows, columns)
        return (low + steps.astype(np.float32) * (reach / _LEVELS)).astype(np.float32)

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return not self._stream.read(1)

    def _basic(self, kind: tuple[int, str]) -> "float":
        size, code = kind
        self._want(bytes([size]))
        (value,) = struct.unpack(code, self._stream.read(size))
        return value

    def _want(self, expected: bytes) -> None:
        found = self._stream.read(len(expected))
        if found != expected:
            raise ValueError(f"{expected!r} expected, {found!r} found")

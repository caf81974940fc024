"""Writes the log's lines by a thread of its own: a reader that is slow, or has stopped reading, holds up nobody else.

A pipe whose reader hangs, a terminal that was halted and a disk that does not answer all block whoever writes to them.
"""

import contextlib
import logging
import os
import select
import threading
from collections import deque

MOST_BYTES = 4 * 1024 * 1024
"""So much may wait to be written: an hour of a busy hall's log. What comes on top is lost, and counted."""
FLUSH_SECONDS = 2.0
"""At the end of the process the last lines get so long to be written."""
_LOST = "log_lines_lost"


class LogOutput(logging.Handler):
    """A handler that formats at once and writes later, in order, to an open file descriptor. It never waits.

    It writes to a duplicate of its own: if whoever opened the descriptor closes it, its number may become a file of
    somebody else's, the database's for one, and a late line would be written into that.

    Lines that could not be written, because too many waited or the writing failed, are counted; a line in their place
    says how many (`log_lines_lost`).
    """

    def __init__(self, descriptor: int, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._descriptor = os.dup(descriptor)
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one line. A record that cannot be formatted counts as lost: logging raises nothing."""
        line = b""
        with contextlib.suppress(Exception):
            line = self._line(record)
        with self._changed:
            if line and self._lost:
                line = self._loss() + line
            if not line or self._bytes + len(line) > self._most_bytes:
                self._lost += 1
                return
            self._lost = 0
            self._lines.append(line)
            self._bytes += len(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    @property
    def is_waiting(self) -> bool:
        """Whether a line is still to be written."""
        with self._changed:
            return self._bytes > 0

    def flush(self) -> None:
        """Returns when everything is written, or after FLUSH_SECONDS."""
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes, timeout=FLUSH_SECONDS)

    def close(self) -> None:
        """Ends the output once all is written; where that takes too long, its descriptor stays open."""
        self.flush()
        with self._changed:
            if not self._bytes and self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
        super().close()

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
                line = self._lines.popleft()
            written = self._write(line)
            with self._changed:
                self._bytes -= len(line)
                self._lost += not written
                self._changed.notify_all()

    def _loss(self) -> bytes:
        said = f"{_LOST} count={self._lost}"
        return self._line(logging.LogRecord("voicedesk", logging.WARNING, "", 0, said, None, None))

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"

    def _write(self, line: bytes) -> bool:
        """Whether all of it was written. Python's own buffers are passed by: a lock on them would delay the exit."""
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                select.select([], [self._descriptor], [], 1.0)
            except OSError:
                return False
        return True

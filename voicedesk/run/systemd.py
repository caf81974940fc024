"""Tells the system's service manager (systemd) how the service stands, and that it is alive; without one, nothing.

The protocol is a datagram of `KEY=VALUE` lines to the socket that NOTIFY_SOCKET names, see sd_notify(3).
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """The service manager that started this process, as its environment says."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "")
        is_watched = is_ours and microseconds.isdecimal() and len(microseconds) < 16
        self.watchdog_seconds = int(microseconds) / 1_000_000 if is_watched else 0.0

    def tell(self, *lines: str) -> None:
        """Says some things at once ("READY=1"); never waits, never fails."""
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, kind) as door:
            door.sendto("\n".join(lines).encode(), self._address)

    async def keep_alive(self) -> None:
        """Says several times in each span of the watchdog that the event loop turns; until cancelled."""
        while self._address and self.watchdog_seconds > 0:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_seconds / 4)

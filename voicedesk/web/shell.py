"""What stands around every page: who asks and under which name, how long a request may be, and the safety headers."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicedesk.settings.web import WebTable

MOST_BODY_BYTES = 64 * 1024
"""No form of the desk is longer."""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}
_MOST_OF = {"/mine/practice": 1_200_000}
"""Of what holds sound: twenty seconds as browsers record them."""
_ONE_YEAR = 365 * 24 * 3600
Refuse = Callable[[Scope, Receive, Send, int], Awaitable[None]]
"""Sends a page of a status: 413 for what is too long, 421 for a name that is not the desk's."""


class Shell:
    """Wraps the pages. What is too long, or asked under another's name, never reaches them."""

    def __init__(self, app: ASGIApp, web: WebTable, refuse: Refuse) -> None:
        self._app, self._prefix, self._refuse = app, web.prefix, refuse
        self._names = {name.casefold() for name in web.names or own_names()} | {"localhost"}
        self._is_vouched_for = web.tls == "own"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = self._inner(scope["path"])
        guarded = self._guarded(scope, send)
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            await self._refuse(scope, receive, guarded, 421)
        elif not _is_short(headers, most := _MOST_OF.get(scope["path"], MOST_BODY_BYTES)):
            await self._refuse(scope, receive, guarded, 413)
        else:
            await self._app(scope, _at_most(receive, most), guarded)

    def _inner(self, path: str) -> str:
        """A path without the prefix: some proxies take it off, some do not."""
        inner = path.removeprefix(self._prefix)
        return inner if self._prefix and (not inner or inner.startswith("/")) and inner != path else path

    def _is_ours(self, host: str) -> bool:
        """Whether it is asked by its own name or by an address: another site may have given its name our address."""
        name = _name_in(host)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.casefold().rstrip(".") in self._names
        return True

    def _guarded(self, scope: Scope, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if self._is_vouched_for and scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR}"
            await send(message)

        return guarded


def own_names() -> Iterable[str]:
    """The names of this machine, as it knows itself."""
    return {socket.gethostname(), socket.getfqdn()}


def _name_in(host: str) -> str:
    """The name or address of a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def _is_short(headers: Headers, most: int) -> bool:
    length = headers.get("content-length", "0")
    return length.isascii() and length.isdigit() and int(length[:20]) <= most


def _at_most(receive: Receive, most: int) -> Receive:
    """Ends a request whose body does not say how long it is, and is too long."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return {"type": "http.disconnect"} if read > most else message

    return bounded

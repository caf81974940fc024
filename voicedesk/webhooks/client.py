"""Posts a message to its receiver: the only place that sends over HTTP.

A name is looked up once, every address it stands for is checked, and the connection goes to one of those, while TLS
asks for the name. No redirect is followed, no proxy of the environment used, and all of it ends after five seconds.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

from voicedesk.errors import WebhookError, reason_of
from voicedesk.web_address import Address, Target, checked
from voicedesk.webhooks.answers import Answer, read_answer
from voicedesk.webhooks.formats import Post
from voicedesk.webhooks.message import Receiver

DEADLINE_SECONDS = 5.0
CONNECT_SECONDS = 2.0
"""For one address, so that another one has a turn."""
MOST_BYTES = 64 * 1024
MOST_LOOKUPS = 8
"""A name server that says nothing holds a thread each time; more than these at once are not begun."""
_WRONG_TIME = frozenset({9, 10})
"""OpenSSL's codes of a certificate that is not valid yet, or no longer."""

T = TypeVar("T")
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host stands for."""


class WebhookClient:
    """Posts to receivers; `resolve` can be passed in."""

    def __init__(self, resolve: Resolve | None = None, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._resolve = resolve or look_up
        self._deadline = deadline_seconds
        self._trust: dict[Path | None, ssl.SSLContext] = {}

    async def addresses(self, receiver: Receiver) -> list[Address]:
        """Where a receiver's host leads. Raises AddressRefused where nothing may be sent, WebhookError if it fails."""
        return await self._in_time(self._addresses(receiver))

    async def post(self, receiver: Receiver, post: Post) -> Answer:
        """Posts, and what the receiver answered. Raises WebhookError where none came."""
        return await self._in_time(self._post(receiver, post))

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await work
        except TimeoutError as error:
            raise WebhookError(f"no answer within {self._deadline:g} s") from error

    async def _addresses(self, receiver: Receiver) -> list[Address]:
        target = receiver.target
        return checked(target, await self._resolve(target.host.strip("[]"), target.port), receiver.allowance)

    async def _post(self, receiver: Receiver, post: Post) -> Answer:
        addresses = await self._addresses(receiver)
        trust = await self.trust(receiver)
        timeouts = httpx.Timeout(self._deadline, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, timeout=timeouts) as client:
            try:
                for address in addresses[:-1]:
                    with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                        return await _ask(client, receiver, post, address)
                return await _ask(client, receiver, post, addresses[-1])
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise WebhookError(_why(error, receiver.target)) from error

    async def trust(self, receiver: Receiver) -> ssl.SSLContext:
        """The certificates that are trusted, read once. Raises WebhookError where `ca_file` cannot be."""
        file = receiver.ca_file
        if file not in self._trust:
            try:
                self._trust[file] = await asyncio.to_thread(ssl.create_default_context, cafile=file)
            except OSError as error:
                raise WebhookError(f"ca_file {file} cannot be read: {reason_of(error)}") from error
        return self._trust[file]


async def _ask(client: httpx.AsyncClient, receiver: Receiver, post: Post, address: Address) -> Answer:
    """Posts to one checked address; the name stands in the Host header, and is what TLS asks for."""
    target = receiver.target
    place = f"[{address}]" if address.version == 6 else str(address)
    request = client.build_request(
        "POST",
        f"{target.scheme}://{place}:{target.port}{target.path}{post.suffix}",
        headers=[("Host", target.authority), ("Accept-Encoding", "identity"), *post.headers],
        content=post.body,
        extensions={"sni_hostname": target.host.strip("[]")},
    )
    answer = await client.send(request, stream=True)
    try:
        body = b""
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) >= MOST_BYTES:
                break
    finally:
        await answer.aclose()
    return read_answer(receiver.form, answer.status_code, body[:MOST_BYTES], answer.headers.get("Retry-After"))


def _why(error: Exception, target: Target) -> str:
    """What went wrong, without anything of the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            is_time = cause.verify_code in _WRONG_TIME
            said = f"the certificate of {target.host} is not trusted: {cause.verify_message}"
            return f"{said}: if its dates are right, this machine's clock is not" if is_time else said
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectTimeout):
        return f"{target.host} cannot be reached: no connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"{target.host} cannot be reached at port {target.port}: nothing answers, or a firewall is between"
    return f"{target.host} gave no answer that can be read ({type(error).__name__})"


_lookups = threading.Semaphore(MOST_LOOKUPS)


async def look_up(host: str, port: int) -> list[str]:
    """All addresses of a host, asked once, in a thread that nobody waits for if it hangs. Raises WebhookError."""
    if not _lookups.acquire(blocking=False):
        raise WebhookError("the name server does not answer: look at this machine's DNS")
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def give(addresses: list[str], error: OSError | None) -> None:
        if found.done():
            return
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(addresses)

    def ask() -> None:
        addresses: list[str] = []
        failure: OSError | None = None
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(where[0]) for *_, where in answers]
        except OSError as error:
            failure = error
        finally:
            _lookups.release()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(give, addresses, failure)

    threading.Thread(target=ask, name="webhook name", daemon=True).start()
    try:
        return await found
    except OSError as error:
        raise WebhookError(f"{host} is not known to the name server ({reason_of(error)}): correct the URL") from error

"""Serves the desk: encrypted, with bounded patience for each connection, until it is told to stop."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import SettingsError, StoreError, reason_of
from voicedesk.settings import Settings
from voicedesk.web.app import Application
from voicedesk.web.certificate import certificate_in
from voicedesk.web.shell import own_names

HEAD_SECONDS = 20
"""Within this a connection has said what it asks: whoever says it letter by letter holds nothing (slow loris)."""
_IDLE_SECONDS, _END_SECONDS = 15, 5
_MOST_AT_ONCE = 600
"""200 open pages, each with its connections, and as many again."""
_MOST_HEAD_BYTES = 32 * 1024
_log = structlog.get_logger()


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to waiting for the head of a request."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Somebody connected."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Somebody said something."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody is gone."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        is_served = self.cycle is not None and not self.cycle.response_complete
        if is_served:
            self._stop()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Tells when it listens, and when settings are to be read again."""

    def __init__(
        self, config: uvicorn.Config, began: Callable[[], None], reread: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        super().__init__(config)
        self._began, self._reread = began, reread
        self._reading: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: Any = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        if self.started:
            self._began()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first SIGTERM or Ctrl-C ends it in order, a second one at once; none is raised again behind it."""

        def stop() -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)

        def reread() -> None:
            task = loop.create_task(self._reread())
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

        for number in numbers:
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, reread)
        try:
            yield
        finally:
            for number in (*numbers, signal.SIGHUP):
                loop.remove_signal_handler(number)


def serve(settings: Settings, now: NowUs = now_us, *, file: Path | None = None) -> None:
    """Serves until SIGTERM or Ctrl-C; `file` is where the settings stand, SIGHUP has it read again.

    Raises SettingsError where it cannot listen, or its certificate not be used.
    """
    asyncio.run(_serve(settings, now, file))


async def _serve(settings: Settings, now: NowUs, file: Path | None) -> None:
    app = Application(settings, now, file=file)
    host, port = settings.web.address
    scheme, tls = "https", _tls(settings)
    if not tls:
        scheme = "http"
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
        limit_concurrency=_MOST_AT_ONCE,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        **tls,
    )
    page = f"{scheme}://{settings.web.listen}{settings.web.prefix}/"
    server = _Server(config, lambda: _log.info("web_listens", page=page), lambda: app.changed.look(at_once=True))
    async with app.at_work():
        greeting = asyncio.create_task(_greet(app, page))
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn ends the process where it cannot listen
            raise SettingsError(
                f"[web] listen = {settings.web.listen!r}: nothing can listen there: is it in use?"
            ) from error
        finally:
            greeting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await greeting


async def _greet(app: Application, page: str) -> None:
    """Tells the first administrator's one-time code, where nobody has an account yet."""
    while True:
        await app.keeper.opened.wait()
        try:
            code = await app.desk.doorkeeper.offer_first_visit()
        except StoreError as error:
            app.keeper.missed(error)
            await asyncio.sleep(_IDLE_SECONDS)
            continue
        if code is not None:
            _log.warning("web_first_visit", page=f"{page}welcome", once=code)
        return


def _tls(settings: Settings) -> dict[str, Any]:
    """What encrypts, for uvicorn; nothing where the settings want none."""
    web = settings.web
    if web.tls == "off":
        return {}
    if web.tls == "own":
        file, key = web.certificate, web.certificate_key
    else:
        names = {name for name in (*own_names(), *web.names) if name}
        made = certificate_in(web.folder, {*names, "localhost", "127.0.0.1", "::1"})
        file, key = made.file, made.key
        _log.info("web_certificate", file=str(file), fingerprint=made.fingerprint)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(str(file), str(key))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{file} and {key} are no certificate and its key: {reason_of(error)}") from error
    return {"ssl_certfile": str(file), "ssl_keyfile": str(key)}

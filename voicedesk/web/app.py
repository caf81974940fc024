"""The desk as one ASGI application: its addresses, and what is sent where a page fails."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import InputError, StoreError
from voicedesk.language.translate import translated
from voicedesk.log import configure_logging
from voicedesk.settings import Settings
from voicedesk.web import pages
from voicedesk.web.call import OneCallPages
from voicedesk.web.calls import CallPages
from voicedesk.web.changed_settings import ChangedSettings
from voicedesk.web.desk import Desk, Leads, Refused, hopped
from voicedesk.web.find import FindPages
from voicedesk.web.keeper import StoreKeeper
from voicedesk.web.live import Live, LivePages
from voicedesk.web.mine import MinePages
from voicedesk.web.pages import Trouble
from voicedesk.web.practice import PracticePages
from voicedesk.web.review import ReviewPages
from voicedesk.web.setup.pages import SetupPages
from voicedesk.web.shell import Shell
from voicedesk.web.sign_in_pages import SignInPages
from voicedesk.web.switches import SwitchPages
from voicedesk.web.texts import t
from voicedesk.web.today import TodayPages
from voicedesk.web.todo import TodoPages

_log = structlog.get_logger()
_AGAIN = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>…</title>…'
_FOREVER = "public, max-age=31536000, immutable"


class Application:
    """The pages over one store. `file` is where the settings stand: what changes there is taken."""

    def __init__(self, settings: Settings, now: NowUs = now_us, *, file: Path | None = None) -> None:
        self.keeper = StoreKeeper(settings, now)
        self.desk = Desk(settings, self.keeper, now)
        self.changed = ChangedSettings(settings, file, now, self._take)
        self.setup = SetupPages(self.desk, self.changed)
        self.live = Live(self.desk)
        inner = self._routes(FastAPI(docs_url=None, redoc_url=None, openapi_url=None))
        shell: ASGIApp = Shell(_Unforeseen(inner), settings.web, self._refuse)
        web = settings.web
        # a Starlette type and a type of uvicorn's own name the same calls
        self._asgi: ASGIApp = ProxyHeadersMiddleware(shell, list(web.proxies)) if web.proxies else shell  # type: ignore[arg-type,assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI has it."""
        if scope["type"] == "http":
            await self.changed.look()
        await self._asgi(scope, receive, send)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Holds the store within the block."""
        async with self.keeper.kept(), self.live.at_work():
            yield

    def _take(self, settings: Settings) -> None:
        self.desk.change_settings(settings)
        configure_logging(
            level=settings.log.level, format=settings.log.format, zone=settings.hall.zone, language=settings.hall.spoken
        )

    def _routes(self, app: FastAPI) -> FastAPI:
        signing_in = SignInPages(self.desk)
        both = ["GET", "POST"]
        app.add_api_route("/signin", signing_in.sign_in, methods=both)
        app.add_api_route("/second", signing_in.second, methods=both)
        app.add_api_route("/welcome", signing_in.welcome, methods=both)
        app.add_api_route("/enrol", signing_in.enrol, methods=both)
        app.add_api_route("/password", signing_in.password, methods=both)
        app.add_api_route("/signout", signing_in.sign_out, methods=["POST"])
        app.add_api_route("/look", signing_in.look, methods=["POST"])
        calls = CallPages(self.desk, self.live)
        app.add_api_route("/calls", calls.calls, methods=["GET"])
        app.add_api_route("/calls/live", calls.live, methods=["GET"])
        app.add_api_route("/calls.{form}", calls.file, methods=["GET"])
        app.add_api_route("/", TodayPages(self.desk, self.live).today, methods=["GET"])
        app.add_api_route("/live", LivePages(self.desk, self.live).live, methods=["GET"])
        one_call = OneCallPages(self.desk)
        app.add_api_route("/calls/{call_id}", one_call.call, methods=both)
        app.add_api_route("/calls/{call_id}/number", one_call.number, methods=["POST"])
        app.add_api_route("/calls/{call_id}/sound", one_call.sound, methods=["GET"])
        app.add_api_route("/review", ReviewPages(self.desk).review, methods=both)
        app.add_api_route("/mine", MinePages(self.desk).mine, methods=["GET"])
        app.add_api_route("/mine/practice", PracticePages(self.desk).practise, methods=["POST"])
        tickets = TodoPages(self.desk, self.live)
        app.add_api_route("/todo", tickets.todo, methods=["GET"])
        app.add_api_route("/todo/live", tickets.live, methods=["GET"])
        app.add_api_route("/todo/{ticket_id}", tickets.ticket, methods=both)
        app.add_api_route("/todo/{ticket_id}/live", tickets.ticket_live, methods=["GET"])
        app.add_api_route("/todo/{ticket_id}/number", tickets.number, methods=["POST"])
        switches = SwitchPages(self.desk)
        app.add_api_route("/breaks", switches.breaks, methods=both)
        app.add_api_route("/outages", switches.outages, methods=both)
        finding = FindPages(self.desk)
        app.add_api_route("/find", finding.find, methods=both)
        app.add_api_route("/more", finding.more, methods=["GET"])
        app.add_api_route("/setup", self.setup.begin, methods=["GET"])
        app.add_api_route("/setup/{step}", self.setup.step, methods=both)
        app.add_api_route("/assets/{name}", self._asset, methods=["GET"])
        app.add_exception_handler(Leads, self._lead)
        app.add_exception_handler(Refused, self._refused)
        app.add_exception_handler(StoreError, self._away)
        app.add_exception_handler(InputError, self._wrong)
        app.add_exception_handler(HTTPException, self._not_there)
        app.add_exception_handler(Exception, self._failed)
        return app

    async def _asset(self, name: str) -> Response:
        asset = self.desk.pages.assets.get(name)
        if asset is None:
            raise Refused(pages.not_there())
        return Response(asset.content, media_type=asset.kind, headers={"Cache-Control": _FOREVER})

    # --- what is sent in place of a page

    def _trouble(self, request: Request, trouble: Trouble) -> Response:
        return self.desk.pages.trouble(self.desk.found(request), trouble)

    async def _lead(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, Leads) or not error.path:  # the same page, asked by the desk itself
            response = HTMLResponse(_AGAIN, headers={"Refresh": "0"})
            hopped(response, self.desk.stranger(request))
            return response
        return self.desk.lead(self.desk.stranger(request), error.path)

    async def _refused(self, request: Request, error: Exception) -> Response:
        return self._trouble(request, error.trouble if isinstance(error, Refused) else pages.not_there())

    async def _away(self, request: Request, error: Exception) -> Response:
        if isinstance(error, StoreError):
            self.keeper.missed(error)
        language = self.desk.stranger(request).look.language
        since = self.desk.pages.clock(self.keeper.away_since or self.desk.now())
        return self._trouble(
            request, pages.store_away(since, translated(str(error), language, of_parts=True, on_page=True))
        )

    async def _wrong(self, request: Request, error: Exception) -> Response:
        language = self.desk.stranger(request).look.language
        return self._trouble(request, pages.does_not_do(translated(str(error), language, of_parts=True, on_page=True)))

    async def _not_there(self, request: Request, _error: Exception) -> Response:  # also where a way of asking is none
        with suppress(Refused, StoreError):  # with the bar, so that it is the very page of what is not this person's
            await self.desk.visitor(request)
        return self._trouble(request, pages.not_there())

    async def _failed(self, request: Request, error: Exception) -> Response:
        number = secrets.token_hex(4)
        _log.error("web_page_failed", page=request.url.path, fault=number, exc_info=error)
        return self._trouble(request, pages.failed(number))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int) -> None:
        request = Request(scope)
        if status == 413:
            trouble = Trouble(
                status=413,
                title=t("This is too long"),
                what=t("What was sent is longer than any form of the desk."),
                cure=t("Go back and send less."),
            )
        else:
            trouble = Trouble(
                status=421,
                title=t("The desk is not reached by this name"),
                what=t("The address in your browser has a name that the settings do not know."),
                cure=t("Use the name that you were given, or have it added to [web] names in the settings."),
            )
        await self._trouble(request, trouble)(scope, receive, send)


class _Unforeseen:
    """Keeps an error that was told already from being told again by the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; its page was sent, and its error logged, where it failed."""
        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001  # `_failed` has logged it and sent a page
            return

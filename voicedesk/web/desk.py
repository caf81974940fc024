"""What all pages share: who asks, what they may do, forms, and answers that lead on or say what is wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn, Protocol, TypeVar
from urllib.parse import parse_qsl, quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from voicedesk.access.accounts import Account
from voicedesk.access.audit import Deed
from voicedesk.access.roles import Act, Reach, Thing, reach
from voicedesk.access.sessions import Stage, new_token, token_hash
from voicedesk.clock import NowUs
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.asking import Step, ask, asked
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.web import pages
from voicedesk.web.doorkeeper import Doorkeeper, Person
from voicedesk.web.keeper import StoreKeeper
from voicedesk.web.limits import Limit, place_of
from voicedesk.web.pages import Pages, Trouble
from voicedesk.web.setup.progress import Progress
from voicedesk.web.spoken import spoken
from voicedesk.web.visitor import Visitor, cookie_name, keep_token, local_path, look_of
from voicedesk.words import Language

SESSION, VISIT, HOP = "desk", "desk-visit", "desk-hop"
"""The names of the cookies: of who signs in, of who has not yet, and of who was just led back to the same page."""
BY_ITSELF, SOMEBODY = "desk-by-itself", "desk-somebody"
"""Headers of the script: an open page asks by itself; somebody moved at it since it last did."""
_HOP_SECONDS = 10
_BODY_SECONDS = 15.0
_MOST_FIELDS = 40
_WHERE = {Stage.SECOND: "/second", Stage.ENROL: "/enrol"}


P_co = TypeVar("P_co", covariant=True)


class ReadOne(Protocol[P_co]):
    """What reads the page of one thing by its id. Raises InputError where this viewer sees none."""

    async def __call__(self, store: Store, settings: Settings, viewer: Viewer, which: str, /, *, now: int) -> P_co: ...


class Refused(Exception):
    """A page is not given; `trouble` is what is shown in its place."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.title)
        self.trouble = trouble


class Leads(Exception):
    """Another page comes first."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def hopped(response: Response, visitor: Visitor) -> None:
    """Remembers for a moment that a page was led back to itself, so that no browser goes round in a circle."""
    response.set_cookie(
        visitor.cookie(HOP),
        "1",
        max_age=_HOP_SECONDS,
        path="/",
        secure=visitor.is_encrypted,
        httponly=True,
        samesite="lax",
    )


class Desk:
    """The desk of one hall."""

    def __init__(self, settings: Settings, keeper: StoreKeeper, now: NowUs) -> None:
        self.settings, self.keeper, self.now = settings, keeper, now
        self.doorkeeper = Doorkeeper(keeper, settings, now)
        self.pages = Pages(settings.hall.name, settings.hall.zone, now)
        self.progress = Progress(settings.web.folder)
        self._asked = Limit(600, 60, now)
        self._refreshed = Limit(900, 60, now)
        self._refreshed_there = Limit(20_000, 60, now)
        self._tried = Limit(30, 60, now)
        self._tried_login = Limit(20, 60, now)

    def change_settings(self, settings: Settings) -> None:
        """From now on the desk goes by these."""
        self.settings = settings
        self.doorkeeper.change_settings(settings)
        self.pages.belong_to(settings.hall.name, settings.hall.zone)

    def first_page_of(self, account: Account) -> str:
        """Where somebody is led who signed in: administrators to the guided start, until it is ended."""
        is_theirs = reach(account.role, Act.CHANGE, Thing.SETTINGS) is Reach.EVERY
        return "/setup" if is_theirs and self.progress.is_open else "/"

    # --- who asks

    @property
    def places_calls(self) -> bool:
        """Whether a switch has a user that places calls; without one staff ring back from their phones."""
        return any(pbx.dial_username for pbx in self.settings.pbx)

    def stranger(self, request: Request) -> Visitor:
        """Who asks, as far as the request alone says it; the store is not looked into."""
        is_encrypted = request.url.scheme == "https"
        session, visit = (request.cookies.get(cookie_name(one, is_encrypted), "") for one in (SESSION, VISIT))
        return Visitor(
            address=request.client.host if request.client else "?",
            path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            prefix=self.settings.web.prefix,
            is_encrypted=is_encrypted,
            look=look_of(request, self.settings.hall.spoken or Language.CHINESE),
            token=session if token_hash(session) else visit if token_hash(visit) else "",
            is_session=token_hash(session) is not None,
        )

    async def visitor(self, request: Request, *, is_by_itself: bool = False) -> Visitor:
        """Who asks; the request remembers it. `is_by_itself`: an open page does, not a person.

        Raises Refused where they ask faster than people do, StoreError where the database is away.
        """
        visitor = request.state.visitor = await self._known_visitor(request, is_by_itself=is_by_itself)
        return visitor

    def found(self, request: Request) -> Visitor:
        """Who asks, as far as it was found out before: for a page that says what is wrong."""
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        return visitor if visitor is not None and visitor.person is not None else self.stranger(request)

    async def _known_visitor(self, request: Request, *, is_by_itself: bool) -> Visitor:
        bare = self.stranger(request)
        is_by_itself = bare.is_session and (is_by_itself or request.headers.get(BY_ITSELF) == "1")
        if is_by_itself:  # a hall behind one address has 200 open pages
            self._count(self._refreshed, bare.token)
            self._count(self._refreshed_there, place_of(bare.address))
        else:
            self._count(self._asked, place_of(bare.address))
        await self.keeper.must_be_open()
        if bare.is_session:
            is_there = not is_by_itself or request.headers.get(SOMEBODY) == "1"
            person = await self.doorkeeper.person(bare.token, is_there=is_there)
            self.keeper.answered()
            if person is not None:
                return replace(bare, person=person)
        visit = request.cookies.get(bare.cookie(VISIT), "")
        return replace(bare, token=visit if token_hash(visit) else new_token(), is_session=False)

    def known(self, response: Response, visitor: Visitor) -> Response:
        """Gives who is not signed in the id that their forms are made for."""
        if visitor.person is None:
            keep_token(response, visitor, VISIT, visitor.token)
        return response

    async def signed_in(self, request: Request, *, is_by_itself: bool = False) -> tuple[Visitor, Person]:
        """Who asks, signed in as a whole. Raises as `visitor`, and Leads to the step of the sign-in that is missing."""
        visitor = await self.visitor(request, is_by_itself=is_by_itself)
        person = visitor.person
        if person is None:
            is_first = visitor.cookie(HOP) not in request.cookies
            if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET" and is_first:
                raise Leads("")  # a link in a message: browsers keep the cookie back until the desk itself asks
            raise Leads(f"/signin?next={quote(local_path(visitor.path))}")
        if not person.is_in:
            raise Leads(_WHERE[person.session.stage])
        return visitor, person

    async def at_stage(self, request: Request, stage: Stage) -> tuple[Visitor, Person]:
        """Who asks, in the middle of a sign-in. Raises Leads where they are not there."""
        visitor = await self.visitor(request)
        person = visitor.person
        if person is None:
            raise Leads("/signin")
        if person.session.stage is not stage:
            raise Leads(_WHERE.get(person.session.stage, "/"))
        return visitor, person

    async def allowed(self, request: Request, act: Act, thing: Thing, which: str = "") -> tuple[Visitor, Person, Reach]:
        """Who asks, and how far their right goes. A right that they lack is refused like what is not there."""
        visitor, person = await self.signed_in(request)
        how_far = reach(person.account.role, act, thing)
        if how_far is Reach.NONE:
            await self.refuse(visitor, person, thing, which)
        return visitor, person, how_far

    async def refuse(self, visitor: Visitor, person: Person, thing: Thing, which: str) -> NoReturn:
        """Writes down that somebody asked for what is not theirs. Raises Refused, as for what is not there."""
        await self.doorkeeper.note(person, Deed.REFUSED, thing, which, visitor.address)
        raise Refused(pages.not_there())

    # --- forms

    async def one(self, visitor: Visitor, person: Person, thing: Thing, which: str, read: ReadOne[P_co]) -> P_co:
        """One thing as this person may see it. Raises Refused where there is none that they see: both look the same."""
        with spoken(visitor.look.language):
            try:
                viewer = viewer_of(person.account)
                async with self.keeper.one_state():
                    return await read(self.keeper.store, self.settings, viewer, which, now=self.now())
            except InputError:
                return await self.refuse(visitor, person, thing, which)

    async def ask(self, person: Person, step: Step) -> str:
        """What the service answers to what a person asks on a page. Raises what `desk.asking.NOT_DONE` names."""
        return await ask(self.keeper.store, asked(step), asked_by=person.account.login)

    async def form(self, request: Request, visitor: Visitor, *, most_fields: int = _MOST_FIELDS) -> Mapping[str, str]:
        """The fields of a form that this visitor was given. Raises Refused for one that was made elsewhere."""
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await request.body()
            fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most_fields))
        except (TimeoutError, ClientDisconnect, ValueError) as error:
            raise Refused(pages.form_too_old()) from error
        self.must_be_its_own(request, visitor, fields.get("form", ""))
        return fields

    def must_be_its_own(self, request: Request, visitor: Visitor, form: str) -> None:
        """Raises Refused for what was not sent by a page that this visitor was given."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in {"same-origin", "none"} or not visitor.sent(form):
            raise Refused(pages.form_too_old())

    def count_try(self, visitor: Visitor, login: str) -> None:
        """Counts a try to sign in. Raises Refused where there are too many from one address, or for one login."""
        self._count(self._tried, place_of(visitor.address))
        self._count(self._tried_login, login.strip().casefold()[:64])

    def _count(self, limit: Limit, key: str) -> None:
        seconds = limit.take(key)
        if seconds:
            raise Refused(pages.too_often(seconds))

    # --- answers

    def age(self) -> dict[str, str]:
        """The header that tells an open page when what it gets was made."""
        return {"Desk-Now": str(self.now() // 1000)}

    def lead(self, visitor: Visitor, path: str) -> RedirectResponse:
        """Leads to another page of the desk."""
        return RedirectResponse(f"{visitor.prefix}{path}", status_code=303)

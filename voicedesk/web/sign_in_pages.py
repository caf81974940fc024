"""The pages of a sign-in: password, second factor, first visit, setting up an authenticator, another password."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace

import segno
import structlog
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.accounts import read_login
from voicedesk.access.lockout import LONGEST_PAUSE_SECONDS
from voicedesk.access.moves import Outcome
from voicedesk.access.passwords import FEWEST_SIGNS
from voicedesk.access.sessions import Stage, new_token
from voicedesk.access.totp import address_of, in_groups
from voicedesk.clock import MICROSECONDS
from voicedesk.errors import InputError, SettingsError
from voicedesk.web.desk import SESSION, VISIT, Desk
from voicedesk.web.doorkeeper import Answer, Person
from voicedesk.web.texts import speaker, t
from voicedesk.web.visitor import Look, Size, Theme, Visitor, keep_look, keep_token, local_path
from voicedesk.words import Language

_log = structlog.get_logger()
_NEW = ("password", "again")
"""The fields of a new password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """A form, with what was wrong the last time, and in which fields. `next` is where it leads; `is_first`: there is no
    account yet.
    """

    mistake: str = ""
    wrong: tuple[str, ...] = ()
    next: str = "/"
    login: str = ""
    name: str = ""
    is_first: bool = False
    with_code: bool = False
    fewest: int = FEWEST_SIGNS


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPage:
    """A secret for an authenticator, as a picture and as letters."""

    picture: Markup
    secret: str
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesPage:
    """Recovery codes, shown once; `onward` is the page behind them."""

    codes: tuple[str, ...]
    onward: str = "/"


class SignInPages:
    """The pages by which people come in and go."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def sign_in(self, request: Request) -> Response:
        """Login and password."""
        desk = self._desk
        visitor = await desk.visitor(request)
        onward = local_path(request.query_params.get("next", "/"))
        if visitor.person is not None:
            return desk.lead(visitor, onward if visitor.person.is_in else _step_of(visitor.person))
        if request.method == "GET":
            if await desk.doorkeeper.is_first_visit():
                return desk.lead(visitor, "/welcome")
            return self._form("signin.html", visitor, FormPage(next=onward))
        fields = await desk.form(request, visitor)
        login, onward = fields.get("login", ""), local_path(fields.get("next", "/"))
        desk.count_try(visitor, login)
        answer = await desk.doorkeeper.password(login, fields.get("password", ""), visitor.address)
        if answer.token:
            return self._onward(visitor, answer, onward)
        mistake = self._mistake(visitor, answer, t("The number or the password is wrong."))
        return self._form("signin.html", visitor, FormPage(mistake=mistake, login=login[:64], next=onward))

    async def second(self, request: Request) -> Response:
        """The digits of the authenticator, or a recovery code."""
        desk = self._desk
        visitor, person = await desk.at_stage(request, Stage.SECOND)
        with_code = "code" in request.query_params
        onward = local_path(request.query_params.get("next", "/"))
        if request.method == "GET":
            return self._form("second.html", visitor, FormPage(with_code=with_code, next=onward))
        fields = await desk.form(request, visitor)
        onward = local_path(fields.get("next", "/"))
        desk.count_try(visitor, person.account.login)
        with_code = bool(fields.get("recovery"))
        if with_code:
            answer = await desk.doorkeeper.recovery_code(person, fields["recovery"], visitor.address)
        else:
            try:
                answer = await desk.doorkeeper.digits(person, fields.get("digits", ""), visitor.address)
            except SettingsError as error:
                return self._form("second.html", visitor, FormPage(mistake=_unread(visitor, error), next=onward))
        if answer.token:
            return self._onward(visitor, answer, desk.first_page_of(person.account) if onward == "/" else onward)
        if answer.outcome is not Outcome.WRONG:
            return self._begin_again(visitor, answer)
        wrong = t("This code is wrong, or was used already.") if with_code else t("These digits are wrong, or too old.")
        mistake = self._mistake(visitor, answer, wrong)
        return self._form("second.html", visitor, FormPage(mistake=mistake, with_code=with_code, next=onward))

    async def welcome(self, request: Request) -> Response:
        """The first visit: a one-time code and a new password."""
        desk = self._desk
        visitor = await desk.visitor(request)
        if visitor.person is not None:
            return desk.lead(visitor, _step_of(visitor.person))
        is_first = await desk.doorkeeper.is_first_visit()
        if request.method == "GET":
            return self._form("welcome.html", visitor, FormPage(is_first=is_first))
        fields = await desk.form(request, visitor)
        login, name, password = (fields.get(key, "") for key in ("login", "name", "password"))
        desk.count_try(visitor, login)
        code = fields.get("code", "")
        wrong: tuple[str, ...] = ("login",)
        try:
            login = read_login(login)
            wrong = _NEW
            if password != fields.get("again", ""):
                raise InputError("the two passwords are not the same: type the new one twice")
            if is_first:
                answer = await desk.doorkeeper.begin(login, name[:64], code, password, visitor.address)
                if answer.token:
                    desk.progress.begin()
            else:
                answer = await desk.doorkeeper.visit(login, code, password, visitor.address)
        except InputError as error:
            mistake = visitor.words(error)
        else:
            if answer.token:
                return self._onward(visitor, answer, "/")
            mistake = self._mistake(visitor, answer, t("The number or the one-time code is wrong, or it is too old."))
            wrong = ("code", "login")
        kept = FormPage(mistake=mistake, wrong=wrong, login=login[:64], name=name[:64], is_first=is_first)
        return self._form("welcome.html", visitor, kept)

    async def enrol(self, request: Request) -> Response:
        """An authenticator is set up; then its recovery codes are shown."""
        desk = self._desk
        visitor, person = await desk.at_stage(request, Stage.ENROL)
        secret = _secret_for(person.token)
        page = self._enrolment(person, secret)
        if request.method == "GET":
            return desk.pages.page("enrol.html", visitor, page)
        fields = await desk.form(request, visitor)
        desk.count_try(visitor, person.account.login)
        try:
            answer = await desk.doorkeeper.authenticator(person, secret, fields.get("digits", ""), visitor.address)
        except SettingsError as error:
            return desk.pages.page("enrol.html", visitor, replace(page, mistake=_unread(visitor, error)), status=422)
        if answer.token:
            response: Response = desk.pages.page(
                "codes.html", visitor, CodesPage(codes=answer.codes, onward=desk.first_page_of(person.account))
            )
            keep_token(response, visitor, SESSION, answer.token)
            return response
        if answer.outcome is not Outcome.WRONG:
            return self._begin_again(visitor, answer)
        mistake = speaker(visitor.look.language)(t("These digits are wrong, or too old."))
        return desk.pages.page("enrol.html", visitor, replace(page, mistake=mistake), status=422)

    async def password(self, request: Request) -> Response:
        """Somebody who is in chooses another password."""
        desk = self._desk
        visitor, person = await desk.signed_in(request)
        if request.method == "GET":
            return desk.pages.page("password.html", visitor, FormPage())
        fields = await desk.form(request, visitor)
        desk.count_try(visitor, person.account.login)
        wrong: tuple[str, ...] = _NEW
        try:
            if fields.get("password") != fields.get("again"):
                raise InputError("the two passwords are not the same: type the new one twice")
            answer = await desk.doorkeeper.new_password(
                person, fields.get("old", ""), fields.get("password", ""), visitor.address
            )
        except InputError as error:
            mistake = visitor.words(error)
        else:
            if answer.token:
                return self._onward(visitor, answer, "/")
            if answer.outcome is not Outcome.WRONG:
                return self._begin_again(visitor, answer)
            mistake, wrong = self._mistake(visitor, answer, t("The old password is wrong.")), ("old",)
        return desk.pages.page("password.html", visitor, FormPage(mistake=mistake, wrong=wrong), status=422)

    async def sign_out(self, request: Request) -> Response:
        """The person goes."""
        desk = self._desk
        visitor = await desk.visitor(request)
        await desk.form(request, visitor)
        if visitor.person is not None:
            await desk.doorkeeper.leave(visitor.person, visitor.address)
        response = desk.lead(visitor, "/signin")
        keep_token(response, visitor, SESSION, None)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def look(self, request: Request) -> Response:
        """Language, size of type, light or dark; then the same page again."""
        desk = self._desk
        visitor = await desk.visitor(request)
        fields = await desk.form(request, visitor)
        now = visitor.look
        try:
            look = Look(
                language=Language(fields.get("language", now.language)),
                size=Size(fields.get("size", now.size)),
                theme=Theme(fields.get("theme", now.theme)),
            )
        except ValueError:
            look = now
        response = desk.lead(visitor, local_path(fields.get("back", "/")))
        keep_look(response, visitor, look)
        return response

    # ---

    def _form(self, template: str, visitor: Visitor, page: FormPage) -> Response:
        response = self._desk.pages.page(template, visitor, page, status=422 if page.mistake else 200)
        return self._desk.known(response, visitor)

    def _onward(self, visitor: Visitor, answer: Answer, onward: str) -> Response:
        """To the next step, with the new session; the id that forms had before is gone."""
        after = f"?next={onward}" if answer.outcome is Outcome.SECOND and onward != "/" else ""
        where = {Outcome.SECOND: f"/second{after}", Outcome.ENROL: "/enrol"}.get(answer.outcome, onward)
        response = self._desk.lead(visitor, where)
        keep_token(response, visitor, SESSION, answer.token)
        keep_token(response, visitor, VISIT, None)
        return response

    def _begin_again(self, visitor: Visitor, answer: Answer) -> Response:
        """The half sign-in has ended: the first page, with the reason."""
        page = FormPage(mistake=self._mistake(visitor, answer, t("The sign-in took too long, or changed meanwhile.")))
        fresh = replace(visitor, path="/signin", token=new_token(), is_session=False, person=None)
        response = self._form("signin.html", fresh, page)
        keep_token(response, visitor, SESSION, None)
        return response

    def _mistake(self, visitor: Visitor, answer: Answer, wrong: str) -> str:
        """What a person is told: how many tries are left, or until when the account is closed."""
        say = speaker(visitor.look.language)
        match answer.outcome:
            case Outcome.LOCKED:
                return say(t("The account is locked: an administrator opens it."))
            case Outcome.CLOSED:
                until = answer.closed_until or self._desk.now() + LONGEST_PAUSE_SECONDS * MICROSECONDS
                at = self._desk.pages.clock(until)
                return say(
                    t("Too much was wrong: the account is closed until {}, or until an administrator opens it."), at
                )
            case Outcome.WRONG if answer.tries_left:
                between = "" if visitor.look.language is Language.CHINESE else " "
                return f"{say(wrong)}{between}{say(t('You may try {} more times.'), answer.tries_left)}"
        return say(wrong)

    def _enrolment(self, person: Person, secret: str) -> EnrolPage:
        address = address_of(secret, person.account.login, self._desk.settings.hall.name)
        picture = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=4, light="#fff", dark="#000")
        return EnrolPage(picture=Markup(picture), secret=in_groups(secret))  # noqa: S704  # made here, of an address


def _step_of(person: Person) -> str:
    return {Stage.SECOND: "/second", Stage.ENROL: "/enrol"}.get(person.session.stage, "/")


def _unread(visitor: Visitor, error: SettingsError) -> str:
    """What a person is told whose second factor cannot be read or kept: it is for the machine's people to mend."""
    _log.error("web_second_factor_unreadable", reason=str(error))
    return visitor.words(error)


def _secret_for(token: str) -> str:
    """The secret that is offered in a session: the same when the page is loaded again, and stored nowhere before."""
    return base64.b32encode(hmac.digest(token.encode(), b"voicedesk authenticator", hashlib.sha256)[:20]).decode()

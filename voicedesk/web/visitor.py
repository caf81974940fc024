"""Who a request is from: the address, the person if one is signed in, and how they want to see pages."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.sessions import form_token, is_form_token
from voicedesk.language.translate import translated
from voicedesk.web.doorkeeper import Person
from voicedesk.words import Language

LOOK = "desk-look"
_LOOK_SECONDS = 365 * 24 * 3600
_PROCESS_KEY = secrets.token_bytes(32)
"""Signs the forms of those who are not signed in; after a restart they get a new one."""


class Size(StrEnum):
    """The size of type."""

    NORMAL = "normal"
    LARGE = "large"


class Theme(StrEnum):
    """Light or dark, or as the machine is set."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a person wants to see pages; each browser keeps it."""

    language: Language = Language.CHINESE
    size: Size = Size.NORMAL
    theme: Theme = Theme.AUTO

    def to_text(self) -> str:
        """As the cookie has it."""
        return f"{self.language}.{self.size}.{self.theme}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks for a page. `token` is the session's id (`is_session`), or a random one: forms are made for it."""

    address: str
    path: str
    prefix: str
    is_encrypted: bool
    look: Look
    token: str
    is_session: bool = False
    person: Person | None = None

    @property
    def form_token(self) -> str:
        """What each form of this visitor carries."""
        return form_token(self.token) if self.is_session else form_token(self.token, _PROCESS_KEY)

    def sent(self, given: str) -> bool:
        """Whether a form was made for this visitor."""
        if self.is_session:
            return is_form_token(self.token, given)
        return bool(self.token) and is_form_token(self.token, given, _PROCESS_KEY)

    def words(self, error: Exception) -> str:
        """What an error says, in this visitor's language."""
        return translated(str(error), self.look.language, of_parts=True, on_page=True)

    def cookie(self, name: str) -> str:
        """A cookie's whole name."""
        return cookie_name(name, self.is_encrypted)


def cookie_name(name: str, is_encrypted: bool) -> str:
    """A cookie's whole name: where the line is encrypted, browsers keep it from all other hosts."""
    return f"__Host-{name}" if is_encrypted else name


def look_of(request: Request, usual: Language) -> Look:
    """How the browser's owner wants pages; else in the language that the hall speaks."""
    parts = request.cookies.get(LOOK, "").split(".")
    try:
        language, size, theme = parts
        return Look(language=Language(language), size=Size(size), theme=Theme(theme))
    except ValueError:
        return Look(language=usual)


def keep_look(response: Response, visitor: Visitor, look: Look) -> None:
    """Has the browser remember it."""
    response.set_cookie(
        LOOK,
        look.to_text(),
        max_age=_LOOK_SECONDS,
        path="/",
        secure=visitor.is_encrypted,
        httponly=True,
        samesite="strict",
    )


def keep_token(response: Response, visitor: Visitor, name: str, token: str | None) -> None:
    """Gives the browser a session's id until it is closed; None: takes it away. No script can read it."""
    secure = visitor.is_encrypted
    if token is None:
        response.delete_cookie(visitor.cookie(name), path="/", secure=secure, httponly=True, samesite="strict")
    else:
        response.set_cookie(visitor.cookie(name), token, path="/", secure=secure, httponly=True, samesite="strict")


def local_path(given: str, otherwise: str = "/") -> str:
    """A page of the desk that somebody is to be led to; an address elsewhere is not followed."""
    if not given.startswith("/") or given.startswith(("//", "/\\")) or not given.isprintable() or "\\" in given:
        return otherwise
    parts = urlsplit(given)
    return otherwise if parts.scheme or parts.netloc else given

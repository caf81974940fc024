"""How a page is made: a template, a frozen value, the visitor's language; and the pages that say what is wrong."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from voicedesk.access.roles import Act, Reach, Thing, reach
from voicedesk.access.words import ROLES
from voicedesk.calls.words import CAUSES, DIRECTIONS, VERDICTS
from voicedesk.clock import NowUs, to_datetime
from voicedesk.desk.labels import Label, label
from voicedesk.desk.words import WHYS
from voicedesk.greeting.weighing.telling import remark_as_spoken
from voicedesk.greeting.words import GREETING_PARTS, GREETING_VERDICTS
from voicedesk.language.translate import as_spoken
from voicedesk.store.words import APPEAL_STATES, DECISION_MOVES
from voicedesk.tickets.words import TICKET_MOVES, TRY_CAUSES, TRY_RESULTS
from voicedesk.web.menu import pages_of, tabs_of
from voicedesk.web.rings import rings_of
from voicedesk.web.texts import speaker, t
from voicedesk.web.visitor import Visitor
from voicedesk.words import Language, Words, word

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_AGAIN_SECONDS = 5
_COMMAND = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A page that says what is wrong and what to do. `values` are filled into `what`; `again`: it comes back itself."""

    status: int
    title: str
    what: str
    cure: str
    values: tuple[object, ...] = ()
    number: str = ""
    again: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages ask for; `tag` changes with its content."""

    content: bytes
    kind: str
    tag: str


class Pages:
    """Makes pages of values."""

    def __init__(self, hall: str, zone: tzinfo, now: NowUs) -> None:
        self._now = now
        self.belong_to(hall, zone)
        self._environment = Environment(
            loader=PackageLoader("voicedesk.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["commands"] = _commands
        self.assets = _assets()

    def belong_to(self, hall: str, zone: tzinfo) -> None:
        """Pages have this hall's name, and its clocks."""
        self._hall, self._zone = hall, zone

    def page(self, template: str, visitor: Visitor, value: object, *, status: int = 200) -> HTMLResponse:
        """A page. `value` is the one thing its template shows."""
        return HTMLResponse(self._rendered(template, visitor, value), status_code=status)

    def trouble(self, visitor: Visitor, trouble: Trouble) -> Response:
        """A page that says what is wrong."""
        headers = dict(trouble.headers)
        if trouble.again:
            headers |= {"Refresh": str(_AGAIN_SECONDS), "Retry-After": str(_AGAIN_SECONDS)}
        text = self._rendered("trouble.html", visitor, trouble)
        return HTMLResponse(text, status_code=trouble.status, headers=headers)

    def clock(self, us: int, pattern: str = "%H:%M:%S") -> str:
        """An instant as the hall's clocks show it."""
        return to_datetime(us).astimezone(self._zone).strftime(pattern)

    def _rendered(self, template: str, visitor: Visitor, value: object) -> str:
        look = visitor.look
        language = look.language

        def in_words(label: Label | None) -> str:
            if label is None:
                return ""
            return label.chinese if language is Language.CHINESE else label.english

        def link(path: str) -> str:
            return f"{visitor.prefix}{path}"

        def asset(name: str) -> str:
            return link(f"/assets/{name}?{self.assets[name].tag}")

        names: dict[str, Any] = {
            "v": value,
            "who": visitor,
            "look": look,
            "lang": "zh-CN" if language is Language.CHINESE else "en",
            "hall": self._hall,
            "t": speaker(language),
            "words": in_words,
            "named": _named,
            "role": lambda code: word(ROLES, code, language),
            "stored": lambda text: as_spoken(text, language),
            "remark_told": lambda remark: remark_as_spoken(remark, language),
            "link": link,
            "asset": asset,
            "clock": self.clock,
            "now": self._now(),
            "rings_of": rings_of,
            "menu": pages_of(visitor.person.account.role) if visitor.person else (),
            "tabs": tabs_of(visitor.person.account.role) if visitor.person and visitor.person.is_in else (),
            "sees": lambda thing: _may(visitor, Act.SEE, Thing(thing)),
            "exports": lambda thing: _may(visitor, Act.EXPORT, Thing(thing)),
            "keeps_settings": _may(visitor, Act.CHANGE, Thing.SETTINGS),
            "form": Markup('<input type="hidden" name="form" value="{}">').format(visitor.form_token),
        }
        return self._environment.get_template(template).render(names)


_WORDS: Mapping[str, Words] = {
    "direction": DIRECTIONS,
    "part": GREETING_PARTS,
    "appeal": APPEAL_STATES,
    "move": DECISION_MOVES,
    "cause": CAUSES,
    "call": VERDICTS,
    "greeting": GREETING_VERDICTS,
    "ticket_move": TICKET_MOVES,
    "attempt": TRY_RESULTS,
    "try_cause": TRY_CAUSES,
    "why": WHYS,
}
"""The words of codes that a template names itself."""


def _named(table: str, code: str | None) -> Label:
    return label(_WORDS[table], code)


def _commands(text: str) -> Markup:
    """A text in which commands stand between backticks, as HTML."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped just before


def _may(visitor: Visitor, act: Act, thing: Thing) -> bool:
    person = visitor.person
    return person is not None and reach(person.account.role, act, thing) is not Reach.NONE


def _assets() -> dict[str, Asset]:
    """Every file of the folder, read once: no path that is asked for reaches the disk."""
    found = {}
    for file in resources.files("voicedesk.web").joinpath("assets").iterdir():
        kind = _KINDS.get(file.name[file.name.rfind(".") :])
        if kind is not None:
            content = file.read_bytes()
            found[file.name] = Asset(content, kind, hashlib.sha256(content).hexdigest()[:16])
    return found


def not_there() -> Trouble:
    """What nobody has and what is not this person's look the same."""
    return Trouble(
        status=404,
        title=t("There is nothing here"),
        what=t("There is no such page or item, or you are not allowed to see it."),
        cure=t("Go back to the first page; if you need this for your work, ask an administrator."),
    )


def form_too_old() -> Trouble:
    """A form that was not made for this session."""
    return Trouble(
        status=403,
        title=t("This form is too old"),
        what=t("It was made for an earlier sign-in, or by another page. Nothing was changed."),
        cure=t("Go back, load the page again, and send it once more."),
    )


def too_often(seconds: int) -> Trouble:
    """Somebody asks faster than people do."""
    return Trouble(
        status=429,
        title=t("Too many requests"),
        what=t("Too much was asked from your address in a short time. Try again in {} seconds."),
        values=(seconds,),
        cure=t("If you did not do this, tell an administrator."),
        headers={"Retry-After": str(seconds)},
    )


def does_not_do(what: str) -> Trouble:
    """Something in the address or in a form that cannot be used; `what` says so in the visitor's language."""
    return Trouble(
        status=400,
        title=t("That cannot be used"),
        what="{}",
        values=(what,),
        cure=t("Correct it and try again."),
    )


def store_away(since: str, why: str) -> Trouble:
    """The database does not answer."""
    return Trouble(
        status=503,
        title=t("The database is away"),
        what=t(
            "Since {} the desk cannot read the database: {}. Calls are followed as before: nothing of them is lost."
        ),
        values=(since, why),
        cure=t("Leave this page open: it comes back by itself as soon as the database does."),
        again=True,
    )


def failed(number: str) -> Trouble:
    """Something that nobody foresaw."""
    return Trouble(
        status=500,
        title=t("This page failed"),
        what=t("Something went wrong while it was made. Calls are not affected."),
        cure=t("Try again. If it happens again, tell an administrator this number; the log has the reason under it."),
        number=number,
    )

"""The pages that a role may open: in the bar, in the tabs of a phone, on the page 更多 More, and by their names."""

from collections.abc import Callable
from dataclasses import dataclass

from voicedesk.access.roles import Act, Reach, Role, Thing, reach
from voicedesk.web.texts import speaker, t
from voicedesk.words import Language

MOST_TABS = 4
"""Beside 更多 More."""
SHORTEST_PART = 2
"""So many letters of a page's name find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page. `short` is its name in a narrow place, `is_in_bar`: it is one click away on a wide screen."""

    path: str
    name: str
    icon: str
    short: str = ""
    is_in_bar: bool = False

    def is_current(self, path: str) -> bool:
        """Whether an address is of this page, or of one below it."""
        bare = path.partition("?")[0]
        return bare == self.path or (self.path != "/" and bare.startswith(f"{self.path}/"))

    def is_called(self, text: str) -> bool:
        """Whether somebody who types this may mean the page."""
        wanted = text.casefold()
        names = {
            speaker(language)(name).casefold() for language in Language for name in (self.name, self.short) if name
        }
        return wanted in names or (len(wanted) >= SHORTEST_PART and any(wanted in name for name in names))


_NOW = Entry(path="/", name=t("Now"), icon="p_now", is_in_bar=True)
_CALLS = Entry(path="/calls", name=t("Calls"), icon="talking", is_in_bar=True)
_REVIEW = Entry(path="/review", name=t("Review"), icon="p_review", is_in_bar=True)
_TODO = Entry(path="/todo", name=t("To do"), icon="p_todo", is_in_bar=True)
_MINE = Entry(path="/mine", name=t("Mine"), icon="p_mine", is_in_bar=True)
_BREAKS = Entry(path="/breaks", name=t("Breaks"), icon="paused")
_OUTAGES = Entry(path="/outages", name=t("Outage announcement"), short=t("Outages"), icon="p_outage")
_SETUP = Entry(path="/setup", name=t("Set-up"), icon="p_setup")
_PASSWORD = Entry(path="/password", name=t("Another password"), icon="p_password")
_PAGES: tuple[tuple[Entry, Callable[[Role], bool]], ...] = (
    (_NOW, lambda _: True),
    (_CALLS, lambda role: reach(role, Act.SEE, Thing.CALL) is not Reach.NONE),
    (_REVIEW, lambda role: reach(role, Act.CHANGE, Thing.VERDICT) is not Reach.NONE),
    (_TODO, lambda role: reach(role, Act.SEE, Thing.TICKET) is not Reach.NONE),
    (_MINE, lambda role: reach(role, Act.CHANGE, Thing.APPEAL) is not Reach.NONE),
    (_BREAKS, lambda role: reach(role, Act.SEE, Thing.BREAK) is not Reach.NONE),
    (_OUTAGES, lambda role: reach(role, Act.SEE, Thing.OUTAGE) is not Reach.NONE),
    (_SETUP, lambda role: reach(role, Act.CHANGE, Thing.SETTINGS) is not Reach.NONE),
    (_PASSWORD, lambda _: True),
)
_TABS = (_NOW, _TODO, _CALLS, _MINE, _OUTAGES, _BREAKS)
"""In the order in which they become tabs, as far as a role may open them."""


def pages_of(role: Role) -> tuple[Entry, ...]:
    """The pages that a role may open."""
    return tuple(page for page, is_open in _PAGES if is_open(role))


def tabs_of(role: Role) -> tuple[Entry, ...]:
    """Those that stand below on a phone; all others are on the page More."""
    may_open = pages_of(role)
    return tuple(page for page in _TABS if page in may_open)[:MOST_TABS]

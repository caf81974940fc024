"""What fits a few words or digits that somebody typed, of all that they may see; and which numbers that gives away.

A number is compared whole, or with more of its end than lists show, only where the viewer may ask for the whole number
of that very call or ticket. Else what lists show anyway is compared, the last four digits: no guessing tells the rest.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from voicedesk.access.roles import Act, Reach, Thing, widest
from voicedesk.catalogue.model import Item
from voicedesk.desk import calls as call_lists
from voicedesk.desk import tickets as ticket_lists
from voicedesk.desk.call_view import MOST_COUNTED, MOST_COUNTED_OF_ONE
from voicedesk.desk.calls import CallRow
from voicedesk.desk.names import people_of
from voicedesk.desk.tickets import TicketRow
from voicedesk.desk.viewer import Viewer
from voicedesk.phone_numbers import mask, national_digits, written_forms
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import StoredCall
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.tickets.model import Ticket

MOST_SIGNS = 100
MOST_SHOWN = 20
"""Of each kind."""
_READ = 100
_OF_ONE_NUMBER = 200
_SHOWN_DIGITS = 4
"""So many digits at the end of a number every list shows; with fewer nobody looks for a number."""
_AT_ITS_END = 7
"""By the length of the shortest number with a prefix of its own: longer ends are compared digit by digit afterwards."""
_DIGITS = re.compile(r"\+?[0-9 ().\-‐‑–—]{4,40}")
_OTHERS = re.compile("[^0-9]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """Somebody of the staff; `is_self`: who looks."""

    id: str
    name: str
    number: str
    is_self: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPhone:
    """A phone of the hall."""

    extension: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What fits, at most MOST_SHOWN of each kind, calls and tickets the newest first.

    `typed` is as it may be shown. `is_by_end`: a number was typed, and the last four digits alone were compared.
    `sought_since`: by the end of their numbers only calls from then on were looked through; None: all were.
    `is_cut`: more fit. `told`: something found is of a number of which lists show less than was typed.
    """

    typed: str
    people: tuple[FoundPerson, ...] = ()
    lines: tuple[str, ...] = ()
    phones: tuple[FoundPhone, ...] = ()
    tickets: tuple[TicketRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    items: tuple[Item, ...] = ()
    is_number: bool = False
    is_by_end: bool = False
    sought_since: int | None = None
    is_cut: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A number, or the end of one: its digits, and those that stay whatever prefix is dialled before it."""

    digits: str
    whole: str | None

    @classmethod
    def of(cls, text: str, area_code: str) -> "Typed | None":
        """The number that somebody typed; None where it can be none, or has too few digits."""
        digits = _OTHERS.sub("", text)
        if not _DIGITS.fullmatch(text) or not _SHOWN_DIGITS <= len(digits) <= 20:
            return None
        return cls(digits=digits, whole=national_digits(text, area_code))

    @property
    def end(self) -> str:
        """What every list shows of such a number."""
        return self.digits[-_SHOWN_DIGITS:]

    def is_it(self, number: str, area_code: str) -> bool:
        """Whether a number is this one, or ends so."""
        return number.endswith(self.digits) or (
            self.whole is not None and national_digits(number, area_code) == self.whole
        )

    def is_shown_in(self, number: str) -> bool:
        """Whether a number looks so where it is masked."""
        return mask(number).endswith(self.end)

    def is_told_by(self, number: str) -> bool:
        """Whether somebody who typed this learns more of a number than lists show of it."""
        return not (self.digits == self.end and self.is_shown_in(number))


async def search(
    store: Store, settings: Settings, viewer: Viewer, text: str, *, now: int, items: Sequence[Item] = ()
) -> Found:
    """Everything that fits and that this viewer sees; `items` are the hall's notices that are told today."""
    text = unicodedata.normalize("NFKC", text).strip()[:MOST_SIGNS]
    if not text:
        return Found(typed="")
    looking = _Looking(store, settings, viewer, now)
    typed = Typed.of(text, settings.hall.area_code)
    found = Found(
        typed=viewer.text(text),
        people=_people(settings, viewer, text),
        lines=tuple(_lines(settings, viewer, text)),
        phones=tuple(_phones(settings, viewer, text)),
        items=tuple(one for one in items if _is_in(text, *one.names))[:MOST_SHOWN],
        is_number=typed is not None,
    )
    calls, tickets = await looking.by_id(text.casefold())
    since, told, by_end = None, False, False
    if typed is not None:
        of_number, since = await looking.calls(typed)
        for_number = await looking.tickets(typed)
        told = looking.told
        by_end = looking.by_end and len(typed.digits) > _SHOWN_DIGITS
        calls, tickets = _merged(calls, of_number, _call_id), _merged(tickets, for_number, _ticket_id)
    calls.sort(key=lambda one: one.call.facts.started_at, reverse=True)
    tickets.sort(key=lambda one: one.opened_at, reverse=True)
    names = people_of(settings)
    return replace(
        found,
        calls=tuple(call_lists.row_of(one, viewer=viewer, names=names, now=now) for one in calls[:MOST_SHOWN]),
        tickets=tuple(ticket_lists.row_of(one, viewer=viewer, names=names, now=now) for one in tickets[:MOST_SHOWN]),
        is_by_end=by_end,
        sought_since=since,
        is_cut=max(len(calls), len(tickets)) > MOST_SHOWN,
        told=told,
    )


class _Looking:
    """One search. `told`: a number was recognised by more than lists show; `by_end`: some were not compared whole."""

    def __init__(self, store: Store, settings: Settings, viewer: Viewer, now: int) -> None:
        self._store, self._settings, self._viewer, self._now = store, settings, viewer, now
        self._area = settings.hall.area_code
        self._of_calls, self._of_tickets, self._of_numbers = (
            widest(viewer.roles, Act.SEE, thing) for thing in (Thing.CALL, Thing.TICKET, Thing.NUMBER)
        )
        self.told = self.by_end = False

    async def by_id(self, text: str) -> tuple[list[StoredCall], list[Ticket]]:
        """Calls and tickets whose id is, or begins with, what was typed."""
        calls: list[StoredCall] = []
        tickets: list[Ticket] = []
        if self._of_calls is not Reach.NONE:
            mine = self._viewer.only(Thing.CALL)
            calls = await self._store.calls.beginning(text, limit=MOST_SHOWN + 1, concerns=mine)
        if self._of_tickets is not Reach.NONE:
            mine = self._viewer.only(Thing.COMPLAINT)
            tickets = await self._store.tickets.beginning(text, limit=MOST_SHOWN + 1, complaints_of=mine)
        return calls, tickets

    async def calls(self, typed: Typed) -> tuple[list[StoredCall], int | None]:
        """Calls of a number, and since when those were looked through that are found by its end alone."""
        if self._of_calls is Reach.NONE:
            return [], None
        calls, mine = self._store.calls, self._viewer.only(Thing.CALL)
        is_whole = self._of_numbers is not Reach.NONE  # of calls that are one's own, or of all that are seen
        self.by_end |= not is_whole
        found: list[StoredCall] = []
        if is_whole and typed.whole is not None and len(typed.whole) > _SHOWN_DIGITS:
            for form in written_forms(typed.whole, self._area):
                some = await calls.list(CallFilter(caller_numbers=(form,)), limit=_OF_ONE_NUMBER)
                found += [one for one in some if mine is None or _rang(one, mine)]
        every = CallFilter(concerns=mine)
        since = await calls.reach(every, MOST_COUNTED if mine is None else MOST_COUNTED_OF_ONE)
        end = typed.digits[-_AT_ITS_END:] if is_whole else typed.end
        found = _merged(found, await calls.list(replace(every, from_at=since, number_ends=end), limit=_READ), _call_id)
        return [one for one in found if self._fits(typed, one.call.facts.caller_number or "", is_whole)], since

    async def tickets(self, typed: Typed) -> list[Ticket]:
        """Tickets of a number."""
        if self._of_tickets is Reach.NONE:
            return []
        tickets = self._store.tickets
        every = TicketFilter(complaints_of=self._viewer.only(Thing.COMPLAINT))
        found: list[Ticket] = []
        if typed.whole is not None and self._of_numbers is Reach.EVERY:
            forms = written_forms(typed.whole, self._area)
            found = await tickets.list(replace(every, numbers=forms), limit=_OF_ONE_NUMBER)
        since = await tickets.reach(MOST_COUNTED)
        there = await tickets.list(replace(every, opened_from=since, number_ends=typed.end), limit=_OF_ONE_NUMBER)
        fitting = []
        for one in _merged(found, there, _ticket_id):
            is_whole = self._of_numbers is Reach.EVERY or (
                self._of_numbers is Reach.OWN and one.owner is not None and one.owner == self._viewer.agent
            )
            self.by_end |= not is_whole
            if self._fits(typed, one.number or "", is_whole):
                fitting.append(one)
        return fitting

    def _fits(self, typed: Typed, number: str, is_whole: bool) -> bool:
        if not is_whole:
            return typed.is_shown_in(number)
        fits = bool(number) and typed.is_it(number, self._area)
        self.told |= fits and typed.is_told_by(number)
        return fits


def _people(settings: Settings, viewer: Viewer, text: str) -> tuple[FoundPerson, ...]:
    """Whose calls this viewer may list: all people, or themselves alone."""
    how_far = widest(viewer.roles, Act.SEE, Thing.CALL)
    return tuple(
        FoundPerson(id=one.id, name=one.name, number=one.number or "", is_self=one.id == viewer.agent)
        for one in settings.agents
        if (how_far is Reach.EVERY or (how_far is Reach.OWN and one.id == viewer.agent))
        and (_is_in(text, one.name) or text.casefold() in {one.id.casefold(), one.number})
    )[:MOST_SHOWN]


def _lines(settings: Settings, viewer: Viewer, text: str) -> Iterable[str]:
    if widest(viewer.roles, Act.SEE, Thing.CALL) is Reach.NONE:
        return []
    fitting = [one.name for one in settings.lines if _is_in(text, one.name) or text in one.extensions]
    return dict.fromkeys(fitting[:MOST_SHOWN])


def _phones(settings: Settings, viewer: Viewer, text: str) -> Iterable[FoundPhone]:
    if widest(viewer.roles, Act.SEE, Thing.CALL) is not Reach.EVERY:
        return []
    phones = [one for one in settings.phones if text in {one.extension, one.endpoint}]
    return [FoundPhone(extension=one.extension or "", endpoint=one.endpoint) for one in phones[:MOST_SHOWN]]


def _is_in(text: str, *names: str) -> bool:
    return any(text.casefold() in name.casefold() for name in names)


def _rang(one: StoredCall, agent: str) -> bool:
    return any(leg.agent == agent for leg in one.call.facts.legs)


def _call_id(one: StoredCall) -> str:
    return one.call.facts.id


def _ticket_id(one: Ticket) -> str:
    return one.id


def _merged(first: Iterable[T], then: Iterable[T], key: Callable[[T], str]) -> list[T]:
    return list({key(one): one for one in (*first, *then)}.values())

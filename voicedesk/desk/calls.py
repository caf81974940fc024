"""Calls as staff see them: what was judged and why, what people decided, each leg, and what an open call does."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.calls.export import as_json
from voicedesk.calls.model import JudgedCall, LegFacts, Reason
from voicedesk.calls.words import CAUSES, DIRECTIONS, REASONS, VERDICTS
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, Listing, as_it_is, facet
from voicedesk.desk.names import check_known, digits_of, people_of
from voicedesk.desk.verdicts import in_short, seen_history
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.sheets.calls import rings_heard
from voicedesk.sheets.progress import progress
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import CallOrder, StoredCall
from voicedesk.store.decisions import History, Kind, key_of
from voicedesk.store.store import Store
from voicedesk.words import Language

_WORDS: Mapping[str, Callable[[str | None], Label]] = {
    "verdict": partial(label, VERDICTS),
    "cause": partial(label, CAUSES),
    "line": as_it_is,
    "direction": partial(label, DIRECTIONS),
}
_COUNTED = tuple(_WORDS)
"""The properties of calls that lists are counted by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call, with numbers and channels as the viewer may see them.

    `why` is the cause or the reason of its verdict. `so_far` says what a call does that `is_going_on`, or that is not
    over though its verdict is known. `answered_by` is a person's id, or a phone. `by_people` says in few words what
    people decided, and whether an appeal is open.
    """

    stored: StoredCall
    verdict: Label
    why: Label | None
    is_going_on: bool
    so_far: Label | None
    rings: int | None
    answered_by: str
    agent_name: str
    by_people: str

    @property
    def call(self) -> JudgedCall:
        """Facts and judgement."""
        return self.stored.call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """How many calls a filter lets through, and how many under each value. `since`: only calls that began from then on
    were counted; None: all were. `found` has every combination of the properties that facets are of."""

    total: int
    facets: tuple[Facet, ...]
    since: int | None
    asked: Mapping[str, str | None]
    found: Mapping[tuple[str | None, ...], int]

    def without(self, name: str) -> int:
        """How many calls the filter would let through that asks nothing of one of these properties."""
        return sum(_under(self.found, {**self.asked, name: None}).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CallShown:
    """One call with what people decided of it and of its legs."""

    row: CallRow
    histories: tuple[History, ...]


async def calls(
    store: Store,
    settings: Settings,
    viewer: Viewer,
    which: CallFilter,
    *,
    now: int | None,
    number: str | None = None,
) -> Listing[StoredCall, CallRow]:
    """Calls, newest first; `number` chooses a caller's, however it is written.

    Staff see those that they answered, or that rang them.
    Raises InputError for a line, person or phone that nobody knows, and for what is no number.
    """
    return listing_of(store, settings, viewer, await checked(store, settings, viewer, which, number), now=now)


def listing_of(
    store: Store, settings: Settings, viewer: Viewer, which: CallFilter, *, now: int | None
) -> Listing[StoredCall, CallRow]:
    """Calls, newest first, of a filter that was `checked`."""
    return Listing(
        of=Thing.CALL,
        read=lambda limit, after: store.calls.list(which, order=CallOrder.NEWEST, limit=limit, after=after),
        key=lambda one: (one.call.facts.started_at, one.call.facts.id),
        row=partial(row_of, viewer=viewer, names=people_of(settings), now=now),
        count=lambda: store.calls.count(which),
    )


async def facets(
    store: Store, settings: Settings, viewer: Viewer, which: CallFilter, *, number: str | None = None
) -> list[Facet]:
    """How many calls have each verdict, cause, line and direction, each under the other filters."""
    return list((await counts(store, await checked(store, settings, viewer, which, number), most=None)).facets)


async def counts(store: Store, which: CallFilter, *, most: int | None) -> CallCounts:
    """How many calls a filter that was `checked` lets through, and its facets.

    Where there are more than `most` calls in its time they are those of the newest `most` (None: of all).
    """
    since = None if most is None else await store.calls.reach(which, most)
    if since is not None:
        which = replace(which, from_at=since)
    found = await store.calls.tally(replace(which, verdict=None, cause=None, line=None, direction=None), _COUNTED)
    asked = {name: getattr(which, name) for name in _COUNTED}
    return CallCounts(
        total=sum(_under(found, asked).values()),
        facets=tuple(facet(name, _under(found, {**asked, name: None}, name), _WORDS[name]) for name in _COUNTED),
        since=since,
        asked=asked,
        found=found,
    )


def _under(
    found: Mapping[tuple[str | None, ...], int], asked: Mapping[str, str | None], name: str = "verdict"
) -> dict[str | None, int]:
    """How many of the combinations that fit have each value of a property."""
    counted: Counter[str | None] = Counter()
    for values, count in found.items():
        by_name = dict(zip(_COUNTED, values, strict=True))
        if all(wanted in {None, by_name[each]} for each, wanted in asked.items()):
            counted[by_name[name]] += count
    return dict(counted)


async def call(
    store: Store, settings: Settings, viewer: Viewer, call_id: str, *, now: int | None, is_whole: bool = False
) -> CallShown:
    """One call by its id, or (unless it `is_whole`) by how that begins, among those that this viewer sees: others' are
    as if they were not there.

    Whom it rang sees all its legs, for the verdict of the call follows from all of them; what was decided of a leg, and
    why, only the person of that leg. Raises InputError where there is none, or more than one.
    """
    only = viewer.only(Thing.CALL)
    stored = await store.calls.get(call_id, concerns=only, is_whole=is_whole)
    if stored is None:
        raise InputError(f"no call has an id that begins with {call_id!r}")
    facts = stored.call.facts
    legs = {key_of(leg) for leg in facts.legs if leg.agent == only} if only is not None else None
    histories = await store.decisions.of_calls([facts.id])
    row = row_of(stored, viewer=viewer, names=people_of(settings), now=now)
    seen = (seen_history(one, viewer) for one in histories if _is_shown(one, legs))
    return CallShown(row=row, histories=tuple(seen))


def row_of(stored: StoredCall, *, viewer: Viewer, names: Mapping[str, str], now: int | None) -> CallRow:
    """What is shown of a call; `names` are people's by their ids.

    `now`: how long a call that goes on takes so far; None: that is not told.
    """
    seen = seen_call(stored, viewer)
    facts, judged, human = seen.call.facts, seen.call.judgement, seen.human
    chinese = progress(facts, now, Language.CHINESE)
    english = progress(facts, now, Language.ENGLISH)
    return CallRow(
        stored=seen,
        verdict=label(VERDICTS, judged.verdict),
        why=reason_label(judged.cause or judged.reason),
        is_going_on=judged.reason is Reason.STILL_OPEN,
        so_far=None if chinese is None else Label(chinese, english or ""),
        rings=rings_heard(facts, judged.ring_us),
        answered_by=viewer.endpoint(judged.agent or judged.answered_by or ""),
        agent_name=names.get(judged.agent or "", judged.agent or ""),
        by_people=in_short(
            human.verdict.value if human else "",
            VERDICTS,
            cause=human.cause if human else None,
            appeal_open=seen.appeal_open,
        ),
    )


def reason_label(code: str | None) -> Label | None:
    """A cause or a reason in words; None where there is neither."""
    return label(CAUSES if code in CAUSES else REASONS, code) if code else None


def seen_call(stored: StoredCall, viewer: Viewer) -> StoredCall:
    """A call with numbers, channels and reasons as the viewer may see them."""
    if viewer.may_see_numbers:
        return stored
    facts, judged, human = stored.call.facts, stored.call.judgement, stored.human
    facts = replace(
        facts,
        caller_number=viewer.number(facts.caller_number or None),
        legs=tuple(_seen_leg(leg, viewer) for leg in facts.legs),
        phones=tuple(replace(one, endpoint=viewer.endpoint(one.endpoint)) for one in facts.phones),
        placed_by=viewer.endpoint(facts.placed_by),
    )
    judged = replace(judged, answered_by=viewer.endpoint(judged.answered_by))
    human = replace(human, reason=viewer.text(human.reason)) if human else None
    return replace(stored, call=JudgedCall(facts=facts, judgement=judged), human=human)


def call_json(row: CallRow) -> dict[str, Any]:
    """A call as other programs read it, with what a person decided beside the verdict."""
    record, human = as_json(row.call), row.stored.human
    record["repaired"] = row.call.facts.repaired
    record["human_verdict"] = human.verdict.value if human else None
    record["human_cause"] = human.cause.value if human and human.cause else None
    record["human_by"] = human.by if human else None
    record["human_reason"] = human.reason if human else None
    record["human_at"] = to_seconds(human.at) if human else None
    record["appeal_open"] = row.stored.appeal_open
    return record


def _seen_leg(leg: LegFacts, viewer: Viewer) -> LegFacts:
    return replace(
        leg,
        endpoint=viewer.endpoint(leg.endpoint),
        channel=viewer.endpoint(leg.channel),
        member=viewer.endpoint(leg.member),
        transferred_from=viewer.endpoint(leg.transferred_from),
    )


def _is_shown(history: History, legs: Collection[str] | None) -> bool:
    """Whether a history stands beside its call: of legs only these do (None: all); a greeting's stands beside it."""
    about = history.subject
    return about.kind is Kind.CALL or (about.kind is Kind.LEG and (legs is None or about.uniqueid in legs))


async def checked(
    store: Store, settings: Settings, viewer: Viewer, which: CallFilter, number: str | None = None
) -> CallFilter:
    """The filter with a number's spellings, of what this viewer sees. A misspelt name is an error; what was once known
    is known."""
    phones = {phone.endpoint for phone in settings.phones} | {one for line in settings.lines for one in line.phones}
    for what, column, name, named in (
        ("line", "line", which.line, {line.name for line in settings.lines}),
        ("person", "agent", which.agent, set(people_of(settings))),
        ("phone", "endpoint", which.endpoint, phones),
    ):
        if name is not None and named and name not in named and not await store.calls.is_known(column, name):
            check_known(what, name, named, await store.calls.known(column), show=viewer.endpoint)
    only = viewer.only(Thing.CALL)
    which = which if only is None else replace(which, concerns=only)
    if number is None:
        return which
    area = settings.hall.area_code
    return replace(which, caller_numbers=await store.calls.spellings(digits_of(number, settings), area))

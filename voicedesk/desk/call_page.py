"""One call as a page shows it: clocks, each leg on the call's own time, what the switch said, greetings, decisions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from voicedesk.calls.model import (
    CallFacts,
    Gap,
    JudgedCall,
    LegFacts,
    LegJudgement,
    Reason,
    RingSource,
    Role,
    StartSource,
)
from voicedesk.calls.words import OUTCOMES, RING_SOURCES, START_SOURCES, VERDICTS
from voicedesk.desk import calls as desk_calls
from voicedesk.desk import greetings as desk_greetings
from voicedesk.desk.calls import CallRow, reason_label
from voicedesk.desk.greetings import GreetingShown
from voicedesk.desk.labels import Label, label
from voicedesk.desk.names import people_of
from voicedesk.desk.said import SaidLine, said_lines
from voicedesk.desk.viewer import Viewer
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import CallOrder
from voicedesk.store.decisions import History, Kind, key_of
from voicedesk.store.store import Store

MOST_LEGS = 60
"""Legs that a page draws: a queue that rings all and tries for an hour makes hundreds, and nobody reads those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegShown:
    """One ringing of one phone. `number` counts from 1, as in `voicedesk calls show`.

    `from_us` is when it began to ring, counted from the call's first ring (None: it never rang that anybody saw);
    `person` is whose phone it was, `history` what people decided of it.
    """

    number: int
    facts: LegFacts
    judged: LegJudgement
    phone: str
    person: str
    outcome: Label | None
    verdict: Label
    why: Label | None
    from_us: int | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that the switch said. `from_ring_us`: counted from the call's first ring; `source`: by which event."""

    at: int
    from_ring_us: int | None
    what: Label
    phone: str
    source: Label | None
    is_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingPart:
    """A greeting of the call with its words in lines."""

    shown: GreetingShown
    lines: tuple[SaidLine, ...]
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One call. `left_out`: legs that are not drawn; `newer` and `older` are the ids of the calls beside it.

    `concerned` are the ids of the people whose verdict it is: they may appeal, and decide nothing about themselves.
    """

    row: CallRow
    first_ring_at: int | None
    legs: tuple[LegShown, ...]
    left_out: int
    moments: tuple[Moment, ...]
    greetings: tuple[GreetingPart, ...]
    history: History | None
    concerned: frozenset[str]
    newer: str | None
    older: str | None

    @property
    def facts(self) -> CallFacts:
        """What was seen of it."""
        return self.row.call.facts

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The times of it of which nothing is known."""
        return self.facts.gaps


async def call_page(store: Store, settings: Settings, viewer: Viewer, call_id: str, *, now: int) -> CallPage:
    """The page of the call with this whole id. Raises InputError where there is none that this viewer sees."""
    shown = await desk_calls.call(store, settings, viewer, call_id, now=now, is_whole=True)
    facts, judged = shown.row.call.facts, shown.row.call.judgement
    names, phones = people_of(settings), {one.endpoint: one.extension for one in settings.phones if one.extension}
    of_subject = {(one.subject.kind, one.subject.uniqueid): one for one in shown.histories}
    rung = [leg.ringing_at for leg in facts.legs if leg.role is Role.STAFF and leg.ringing_at is not None]
    first_ring_at = min(rung, default=None)
    legs = [
        replace(
            _leg(number, leg, told, names=names, phones=phones),
            from_us=None if leg.ringing_at is None or first_ring_at is None else leg.ringing_at - first_ring_at,
            history=of_subject.get((Kind.LEG, viewer.endpoint(key_of(leg)))),
        )
        for number, (leg, told) in enumerate(zip(facts.legs, judged.legs, strict=True), 1)
    ]
    drawn = legs[:MOST_LEGS]
    newer, older = await _beside(store, settings, viewer, facts)
    return CallPage(
        row=shown.row,
        first_ring_at=first_ring_at,
        legs=tuple(drawn),
        left_out=len(legs) - len(drawn),
        moments=tuple(sorted(_moments(facts, drawn, first_ring_at), key=lambda one: one.at)),
        greetings=tuple([_greeting(one, phones) for one in await _greetings(store, settings, viewer, facts.id)]),
        history=of_subject.get((Kind.CALL, "")),
        concerned=concerned_by(shown.row.call),
        newer=newer,
        older=older,
    )


def concerned_by(call: JudgedCall) -> frozenset[str]:
    """Whose verdict that of a call is: who answered, else everybody whom it rang."""
    agents = {call.judgement.agent} if call.judgement.agent else {leg.agent for leg in call.facts.legs}
    return frozenset(agent for agent in agents if agent)


async def _greetings(store: Store, settings: Settings, viewer: Viewer, call_id: str) -> list[GreetingShown]:
    """The greetings of a call, the first said in front."""
    found = await desk_greetings.of_call(store, settings, viewer, call_id, is_whole=True)
    return sorted(found, key=lambda one: one.row.greeting.answered_at)


async def _beside(store: Store, settings: Settings, viewer: Viewer, facts: CallFacts) -> tuple[str | None, str | None]:
    """The next newer and the next older call that this viewer sees."""
    listing = await desk_calls.calls(store, settings, viewer, CallFilter(), now=None)
    here = (facts.started_at, facts.id)
    older = await listing.read(1, here)
    which = CallFilter(concerns=viewer.only(listing.of))
    newer = await store.calls.list(which, order=CallOrder.OLDEST, limit=1, after=here)
    return newer[0].call.facts.id if newer else None, older[0].call.facts.id if older else None


def _leg(
    number: int, leg: LegFacts, judged: LegJudgement, *, names: Mapping[str, str], phones: Mapping[str, str]
) -> LegShown:
    """A leg without what others say of it."""
    is_over = judged.reason is not Reason.STILL_OPEN
    return LegShown(
        number=number,
        facts=leg,
        judged=judged,
        phone=phones.get(leg.endpoint, leg.endpoint),
        person=names.get(leg.agent or "", leg.agent or ""),
        outcome=label(OUTCOMES, leg.outcome) if leg.outcome and is_over else None,
        verdict=label(VERDICTS, judged.verdict),
        why=reason_label(judged.reason),
    )


def _greeting(shown: GreetingShown, phones: Mapping[str, str]) -> GreetingPart:
    evidence, endpoint = shown.row.greeting.evidence, shown.row.greeting.endpoint
    lines = said_lines(evidence.transcript, evidence.told)
    return GreetingPart(shown=shown, lines=lines, phone=phones.get(endpoint, endpoint))


_CALL_MOMENTS = (
    ("started_at", Label("来电到达", "the call arrived")),
    ("switch_answered_at", Label("语音系统应答", "the switch answered by itself")),
    ("asked_at", Label("转人工，开始排队", "a person was asked for")),
    ("gave_up_at", Label("来电人挂断，还在等候", "the caller gave up waiting")),
    ("person_answered_at", Label("来电人与工作人员接通", "the caller was connected with a person")),
    ("ended_at", Label("通话结束", "the call was over")),
)
_RINGS, _ANSWERS = Label("开始响铃", "began to ring"), Label("接听", "answered")
_STOPS = Label("停止响铃", "stopped ringing")


def _moments(facts: CallFacts, legs: list[LegShown], first_ring_at: int | None) -> Iterator[Moment]:
    def moment(
        at: int,
        what: Label,
        phone: str = "",
        source: RingSource | StartSource | None = None,
        *,
        is_answer: bool = False,
    ) -> Moment:
        since = None if first_ring_at is None else at - first_ring_at
        told_by = None if source is None else label({**RING_SOURCES, **START_SOURCES}, source)
        return Moment(at=at, from_ring_us=since, what=what, phone=phone, source=told_by, is_answer=is_answer)

    for name, what in _CALL_MOMENTS:
        at = getattr(facts, name)
        if at is not None:
            yield moment(at, what, source=facts.started_at_source if name == "started_at" else None)
    for leg in legs:
        seen = leg.facts
        if seen.ringing_at is not None:
            yield moment(seen.ringing_at, _RINGS, leg.phone, seen.ring_source)
        if seen.answered_at is not None and seen.answer_seen:
            yield moment(seen.answered_at, _ANSWERS, leg.phone, is_answer=True)
        elif seen.ringing_at is not None and (seen.ring_ended_at or seen.ended_at) is not None:
            yield moment(seen.ring_ended_at or seen.ended_at or 0, _STOPS, leg.phone)

"""What waits for a supervisor's verdict, and why each of it does; and how far people and the rules agree (S2).

Appeals come first, then what cannot be told, then what an ear accuses that was never calibrated on the hall's own
voices, then a sample of verdicts that stand. A sample is blind: whoever judges it sees neither the automatic verdict
nor what follows from it, or their agreement would be worth nothing. Nobody is given what concerns themselves.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.access.roles import Thing
from voicedesk.calls.model import Cause, Verdict
from voicedesk.calls.words import VERDICTS
from voicedesk.desk.agreement import FORBIDDEN, Agreement, RuleAgreement, greeting_agreement, whole_call_agreement
from voicedesk.desk.call_page import concerned_by
from voicedesk.desk.labels import Label, label
from voicedesk.desk.moments import day_of
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import Viewer
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import StoredCall
from voicedesk.store.decisions import AppealState, History, Kind, key_of
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.reviewing import Waiting
from voicedesk.store.store import Store
from voicedesk.words import Words

REVIEW_DAYS = 30
"""What is older and nobody looked at is found on the page of calls; appeals stay here until they are answered."""
SAMPLE_DAYS = 7
MOST_OF_A_KIND = 200
SAMPLE_AT_ONCE = 50
"""A sample is drawn from the newest first: nobody hears more of one in a day, and what is decided makes room."""
FEW = 10
"""Of fewer cases no percentage is given: one more or less would move it by more than a tenth."""


class Why(StrEnum):
    """Why something waits for a person, in the order in which it is looked at."""

    APPEAL = "appeal"
    UNTOLD = "untold"
    UNPROVEN = "unproven"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One verdict to be given. `part` names the leg by its number, or the greeting by its channel, for a decision.

    `automatic`, `cause` and `has_forbidden` are what the rules say; of a blind item no page shows them.
    """

    why: Why
    kind: Kind
    call_id: str
    part: str
    at: int
    line: str
    person: str
    automatic: str
    cause: str | None = None
    has_forbidden: bool = False

    @property
    def key(self) -> str:
        """What it is known by in an address."""
        return f"{self.kind.value}.{self.call_id}.{self.part}".rstrip(".")

    @property
    def is_blind(self) -> bool:
        """Whether the automatic verdict is hidden until it is decided."""
        return self.why is Why.SAMPLE

    @property
    def is_greeting(self) -> bool:
        """Whether it is about what was said, not about how it rang."""
        return self.kind is Kind.GREETING

    @property
    def verdict(self) -> Label | None:
        """The automatic verdict in words; None where it is hidden."""
        return None if self.is_blind else label(verdict_words(self.kind), self.automatic)

    def differs(self, verdict: str, cause: str | None, forbidden: bool | None) -> bool:
        """Whether a person says another thing than the rules."""
        if verdict != self.automatic or (cause is not None and cause != self.cause):
            return True
        return forbidden is not None and forbidden is not self.has_forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQueue:
    """What waits for this person. `cut`: for these reasons more waits, and comes up as what is here is decided."""

    items: tuple[ReviewItem, ...]
    cut: frozenset[Why]

    def of(self, why: str) -> tuple[ReviewItem, ...]:
        """Those that wait for one reason; all where none is named."""
        return tuple(one for one in self.items if not why or one.why == why)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """One verdict of the rules beside people's. `precision` and `recall` are None where there are too few cases."""

    name: Label
    counted: RuleAgreement
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementShown:
    """How far people and the rules agree over some days."""

    days: int
    greetings: Agreement
    calls: Agreement
    greeting_rules: tuple[RuleShown, ...]
    call_rules: tuple[RuleShown, ...]


def verdict_words(kind: Kind) -> Words:
    """The words of the verdicts that are given of such a thing."""
    return GREETING_VERDICTS if kind is Kind.GREETING else VERDICTS


def choices(item: ReviewItem) -> list[str]:
    """The verdicts that can be given of it, in the order of their keys; the last one is that it cannot be told."""
    if item.is_greeting:
        first = [GreetingVerdict.COMPLIANT, GreetingVerdict.INCOMPLETE, GreetingVerdict.WRONG_DEPARTMENT]
        first += [GreetingVerdict.WRONG_ORDER, GreetingVerdict.LATE_START]
        rest = [one for one in GreetingVerdict if one not in first and one is not GreetingVerdict.CANNOT_TELL]
        return [one.value for one in (*first, *rest, GreetingVerdict.CANNOT_TELL)]
    return [one.value for one in Verdict]


def causes(item: ReviewItem) -> list[str]:
    """The causes that can be given with a verdict: of a whole call only."""
    return [one.value for one in Cause] if item.kind is Kind.CALL else []


async def review_queue(store: Store, settings: Settings, viewer: Viewer, *, by: str, now: int) -> ReviewQueue:
    """What waits for this person; `by` is the name that stands beside what they do.

    Raises InputError where their role sees no decisions.
    """
    viewer.reach(Thing.VERDICT)
    names, zone = people_of(settings), settings.hall.zone
    but, limit = viewer.agent, MOST_OF_A_KIND + 1
    since, sampled = day_of(now, zone, REVIEW_DAYS - 1), day_of(now, zone, SAMPLE_DAYS - 1)
    appeals = [one async for one in _appeals(store, names, but=but, by=by)]
    untold = await store.reviews.calls_untold(since, but=but, limit=limit)
    doubtful = await store.reviews.greetings_in_doubt(since, but=but, limit=limit)
    sample = await store.reviews.sample(sampled, but=but, limit=SAMPLE_AT_ONCE + 1)
    unclear = [one for one in doubtful if one.verdict == GreetingVerdict.CANNOT_TELL]
    accused = [one for one in doubtful if one.verdict != GreetingVerdict.CANNOT_TELL]
    waiting = [_item(Why.UNTOLD, one, names) for one in (*untold, *unclear)]
    waiting += [_item(Why.UNPROVEN, one, names) for one in accused]
    waiting += [_item(Why.SAMPLE, one, names) for one in sample]
    order = list(Why)
    placed = sorted((*appeals, *waiting), key=lambda one: (order.index(one.why), -one.at, one.key))
    cut = {Why.UNTOLD} if len(untold) > MOST_OF_A_KIND else set()
    cut |= {Why.UNTOLD, Why.UNPROVEN} if len(doubtful) > MOST_OF_A_KIND else set()
    of_sample = Counter(one.kind for one in sample)
    cut |= {Why.SAMPLE} if any(count > SAMPLE_AT_ONCE for count in of_sample.values()) else set()
    return ReviewQueue(items=tuple(placed), cut=frozenset(cut))


async def agreement(store: Store, settings: Settings, *, now: int) -> AgreementShown:
    """How far people and the rules agree in the last days."""
    since = day_of(now, settings.hall.zone, REVIEW_DAYS - 1)
    of_greetings = await greeting_agreement(store, GreetingFilter(from_at=since))
    of_calls = await whole_call_agreement(store, CallFilter(from_at=since))
    return AgreementShown(
        days=REVIEW_DAYS,
        greetings=of_greetings,
        calls=of_calls,
        greeting_rules=tuple(_rule(one, GREETING_VERDICTS) for one in of_greetings.rules),
        call_rules=tuple(_rule(one, VERDICTS) for one in of_calls.rules),
    )


async def _appeals(store: Store, names: Mapping[str, str], *, but: str | None, by: str) -> AsyncIterator[ReviewItem]:
    """Each open appeal that is neither about this person nor made by them."""
    found = await store.reviews.appealed()
    calls = {one.call.facts.id: one for one in await store.calls.of_ids(found)}
    for history in await store.decisions.of_calls(found):
        standing, about = history.standing, history.subject
        if standing.appeal_state is not AppealState.OPEN or (standing.appeal and standing.appeal.by == by):
            continue
        call = calls.get(about.call_id)
        if about.kind is Kind.GREETING:
            one = await _greeting_appeal(store, history, names, but)
        else:
            one = None if call is None else _call_appeal(call, history, names, but)
        if one is not None:
            yield one


async def _greeting_appeal(
    store: Store, history: History, names: Mapping[str, str], but: str | None
) -> ReviewItem | None:
    one = await store.greetings.get(history.subject.pbx, history.subject.uniqueid)
    if one is None or one.verdict is None or (but is not None and one.agent == but):
        return None
    return ReviewItem(
        why=Why.APPEAL,
        kind=Kind.GREETING,
        call_id=one.call_id,
        part=one.uniqueid,
        at=one.answered_at,
        line=one.line or "",
        person=names.get(one.agent or "", one.agent or ""),
        automatic=one.verdict,
        has_forbidden=one.forbidden > 0,
    )


def _call_appeal(stored: StoredCall, history: History, names: Mapping[str, str], but: str | None) -> ReviewItem | None:
    """An appeal against a call, or against the leg of it that has this channel."""
    facts, judged = stored.call.facts, stored.call.judgement
    people, part, automatic, agent = concerned_by(stored.call), "", stored.verdict, judged.agent
    if history.subject.kind is Kind.LEG:
        places = [at for at, leg in enumerate(facts.legs) if key_of(leg) == history.subject.uniqueid]
        if not places:
            return None
        agent = facts.legs[places[0]].agent
        people, part, automatic = (
            frozenset({agent} if agent else ()),
            str(places[0] + 1),
            judged.legs[places[0]].verdict.value,
        )
    if but is not None and but in people:
        return None
    return ReviewItem(
        why=Why.APPEAL,
        kind=history.subject.kind,
        call_id=facts.id,
        part=part,
        at=facts.started_at,
        line=facts.line or "",
        person=names.get(agent or "", agent or ""),
        automatic=automatic,
        cause=judged.cause.value if judged.cause and not part else None,
    )


def _item(why: Why, one: Waiting, names: Mapping[str, str]) -> ReviewItem:
    return ReviewItem(
        why=why,
        kind=one.kind,
        call_id=one.call_id,
        part=one.uniqueid,
        at=one.at,
        line=one.line or "",
        person=names.get(one.agent or "", one.agent or ""),
        automatic=one.verdict,
        cause=one.cause,
        has_forbidden=one.forbidden > 0,
    )


def _rule(one: RuleAgreement, table: Words) -> RuleShown:
    return RuleShown(
        name=Label("禁语", "forbidden phrase") if one.rule == FORBIDDEN else label(table, one.rule),
        counted=one,
        precision=one.precision if one.automatic >= FEW else None,
        recall=one.recall if one.human >= FEW else None,
    )

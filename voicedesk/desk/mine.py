"""One person's own page: their ringings and greetings of this month with both verdicts, their appeals, what they hold.

A person's verdict, where one was given, counts in place of the automatic one. Nothing of anybody else is read or
compared: no average, no place in a list.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicedesk.access.roles import Thing
from voicedesk.calls.model import Verdict
from voicedesk.calls.words import VERDICTS
from voicedesk.clock import to_datetime
from voicedesk.desk.call_page import concerned_by
from voicedesk.desk.calls import seen_call
from voicedesk.desk.labels import Label, label
from voicedesk.desk.moments import month_of
from voicedesk.desk.review import FEW
from voicedesk.desk.todo import TodoRow, TodoView, todo
from voicedesk.desk.verdicts import seen_history
from voicedesk.desk.viewer import Viewer
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.hall.seats import seats_of
from voicedesk.settings import Settings
from voicedesk.store.calls import StoredCall
from voicedesk.store.decisions import AppealState, History, Kind, key_of
from voicedesk.store.own import GreetingState, OwnGreeting, OwnLeg
from voicedesk.store.store import Store
from voicedesk.store.words import APPEAL_STATES
from voicedesk.tickets.model import Kind as TicketKind
from voicedesk.tickets.model import State
from voicedesk.words import Words

LEGS_SHOWN = 40
HELD_SHOWN = 10
_JUDGED = (Verdict.ON_TIME.value, Verdict.LATE.value, Verdict.MISSED.value)
_NO_GREETING = (GreetingVerdict.CANNOT_TELL.value, GreetingVerdict.NOT_JUDGED.value)
_DOUBTED = Label("待人工听过", "to be heard by a person first")
_GOING_ON = Label("还在听", "still being heard")


@dataclass(frozen=True, slots=True, kw_only=True)
class BothVerdicts:
    """The automatic verdict and a person's beside it; `appeal`: how an appeal against it stands."""

    code: str
    automatic: Label
    human: Label | None = None
    appeal: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MineRow:
    """One ringing of one's own phone. `greetings` are what one said after it."""

    call_id: str
    at: int
    line: str
    caller: str | None
    ring_us: int | None
    rings: BothVerdicts
    greetings: tuple[BothVerdicts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MineRate:
    """How many were good of how many that were judged; `left_out`: how many were not, by why.

    `percent` is None where there are too few for one.
    """

    good: int
    judged: int
    left_out: tuple[tuple[Label, int], ...]

    @property
    def percent(self) -> float | None:
        """The share, in hundredths."""
        return 100 * self.good / self.judged if self.judged >= FEW else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MineAppeal:
    """An appeal of one's own, and what came of it. `answer` is the reason of whoever decided."""

    call_id: str
    about: Label
    at: int
    disputed: Label
    reason: str
    state: Label
    verdict: Label | None
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """The page. `since` is when the month began; `total` counts the month's ringings, `rows` are the newest of them.

    `to_confirm` are tickets that wait until one says that one has them, `held` the others in one's hands. `practises`
    are the lines whose greeting can be practised, those that ring where one sits first.
    """

    since: int
    total: int
    rows: tuple[MineRow, ...]
    rings: MineRate
    greetings: MineRate
    appeals: tuple[MineAppeal, ...]
    to_confirm: tuple[TodoRow, ...]
    held: tuple[TodoRow, ...]
    practises: tuple[str, ...]


async def mine(store: Store, settings: Settings, viewer: Viewer, *, by: str, now: int) -> Mine:
    """What concerns the viewer; `by` is the name under which they appeal. Who is nobody of the settings has nothing.

    Raises InputError where their role sees no calls.
    """
    viewer.reach(Thing.CALL)
    agent, since = viewer.agent or "", month_of(now, settings.hall.zone)
    shown = await store.own.newest_legs(agent, since, LEGS_SHOWN)
    decided = await store.own.decided_calls(agent, since)
    ids = sorted({leg.call_id for leg in shown})
    histories = await store.decisions.of_calls(sorted({*ids, *decided}))
    calls = {one.call.facts.id: one for one in await store.calls.of_ids(sorted({*ids, *decided}))}
    legs = {(leg.call_id, leg.number): leg for leg in (*await store.own.legs_of(agent, decided), *shown)}
    of_leg = _of_legs(agent, legs.values(), histories, calls)
    of_greeting = {one.subject.uniqueid: one for one in histories if one.subject.kind is Kind.GREETING}
    said = _said(await store.own.greetings_of(agent, ids), of_greeting)
    automatic = await store.own.leg_verdicts(agent, since)
    begun = {call_id for call_id, one in calls.items() if one.call.facts.started_at >= since}
    counted = [leg for leg in legs.values() if leg.call_id in begun]
    held = (await todo(store, settings, viewer, TodoView(mine=True), now=now)).groups
    tickets = [row for group in held for row in group.rows]
    return Mine(
        since=since,
        total=automatic.total(),
        rows=tuple(
            _row(
                leg,
                calls.get(leg.call_id),
                of_leg.get((leg.call_id, leg.number)),
                said.get((leg.call_id, leg.endpoint), ()),
                viewer,
            )
            for leg in shown
        ),
        rings=_ring_rate(automatic, counted, of_leg),
        greetings=_greeting_rate(await store.own.greeting_states(agent, since)),
        appeals=tuple(await _appeals(store, viewer, by, since)),
        to_confirm=tuple(row for row in tickets if _waits_for_word(row)),
        held=tuple(row for row in tickets if not _waits_for_word(row))[:HELD_SHOWN],
        practises=_practises(settings, agent, now),
    )


def _practises(settings: Settings, agent: str, now: int) -> tuple[str, ...]:
    at = {seat.endpoint for seat in seats_of(agent, settings, to_datetime(now))} if agent else set()
    lines = [line for line in settings.lines if line.department]
    return tuple(line.name for line in sorted(lines, key=lambda line: at.isdisjoint(line.phones)))


def _of_legs(
    agent: str, legs: Iterable[OwnLeg], histories: Iterable[History], calls: Mapping[str, StoredCall]
) -> dict[tuple[str, int], History]:
    """What people decided of one's own legs, by the call and the leg's number.

    What they decided of the whole call speaks of a leg too, where the call is this person's and the rules say the same
    of both: who answered late appeals against the call.
    """
    decided = {(one.subject.call_id, one.subject.kind, one.subject.uniqueid): one for one in histories}
    named: dict[tuple[str, int], History] = {}
    for leg in legs if decided else ():
        call = calls.get(leg.call_id)
        if call is None or leg.number > len(call.call.facts.legs):
            continue
        of_leg = decided.get((leg.call_id, Kind.LEG, key_of(call.call.facts.legs[leg.number - 1])))
        of_call = decided.get((leg.call_id, Kind.CALL, ""))
        if of_leg is not None:
            named[(leg.call_id, leg.number)] = of_leg
        elif of_call is not None and agent in concerned_by(call.call) and leg.verdict == call.verdict:
            named[(leg.call_id, leg.number)] = of_call
    return named


def _row(
    leg: OwnLeg, call: StoredCall | None, history: History | None, said: Sequence[BothVerdicts], viewer: Viewer
) -> MineRow:
    facts = seen_call(call, viewer).call.facts if call else None
    return MineRow(
        call_id=leg.call_id,
        at=leg.at,
        line=facts.line or "" if facts else "",
        caller=facts.caller_number if facts else None,
        ring_us=leg.ring_us,
        rings=_both(leg.verdict, label(VERDICTS, leg.verdict), history, VERDICTS),
        greetings=tuple(said),
    )


def _said(
    greetings: Iterable[OwnGreeting], of_greeting: Mapping[str, History]
) -> dict[tuple[str, str], list[BothVerdicts]]:
    """The greetings by their call and phone."""
    said: dict[tuple[str, str], list[BothVerdicts]] = {}
    for one in greetings:
        history = of_greeting.get(one.uniqueid)
        both = _both(one.state.verdict or "not_judged", _greeting_label(one.state), history, GREETING_VERDICTS)
        said.setdefault((one.call_id, one.endpoint), []).append(both)
    return said


def _greeting_label(one: GreetingState) -> Label:
    return label(GREETING_VERDICTS, one.verdict) if one.verdict else _GOING_ON


def _both(code: str, automatic: Label, history: History | None, words: Words) -> BothVerdicts:
    standing = history.standing if history else None
    decided = standing.decision if standing else None
    return BothVerdicts(
        code=code,
        automatic=automatic,
        human=label(words, decided.verdict) if decided else None,
        appeal=label(APPEAL_STATES, standing.appeal_state) if standing and standing.appeal_state else None,
    )


def _ring_rate(automatic: Counter[str], legs: Iterable[OwnLeg], of_leg: Mapping[tuple[str, int], History]) -> MineRate:
    """The rules' verdicts, but for those ringings of which a person said something else."""
    codes = Counter(automatic)
    for leg in legs:
        history = of_leg.get((leg.call_id, leg.number))
        decided = history.standing.decision if history else None
        if decided is not None and decided.verdict:
            codes[leg.verdict] -= 1
            codes[decided.verdict] += 1
    rest = [(label(VERDICTS, code), codes[code]) for code in Verdict if code not in _JUDGED]
    return MineRate(
        good=codes[Verdict.ON_TIME.value],
        judged=sum(codes[code] for code in _JUDGED),
        left_out=tuple(one for one in rest if one[1]),
    )


def _greeting_rate(states: Counter[GreetingState]) -> MineRate:
    codes: Counter[str] = Counter()
    doubted = going_on = 0
    for one, count in states.items():
        if not one.is_final:
            going_on += count
        elif one.is_doubted:
            doubted += count
        else:
            codes[one.human or one.verdict or ""] += count
    rest = [
        *((label(GREETING_VERDICTS, code), codes[code]) for code in _NO_GREETING),
        (_DOUBTED, doubted),
        (_GOING_ON, going_on),
    ]
    return MineRate(
        good=codes[GreetingVerdict.COMPLIANT.value],
        judged=sum(count for code, count in codes.items() if code and code not in _NO_GREETING),
        left_out=tuple(one for one in rest if one[1]),
    )


async def _appeals(store: Store, viewer: Viewer, by: str, since: int) -> list[MineAppeal]:
    """One's own appeals, the newest first."""
    found = []
    for history in await store.decisions.of_calls(await store.own.appealed(by, since)):
        seen = seen_history(history, viewer)
        standing = seen.standing
        appeal, state = standing.appeal, standing.appeal_state
        if appeal is None or state is None or appeal.by != by:
            continue
        words = GREETING_VERDICTS if history.subject.kind is Kind.GREETING else VERDICTS
        answer = standing.decision if state is not AppealState.OPEN else None
        found.append(
            MineAppeal(
                call_id=history.subject.call_id,
                about=_ABOUT[history.subject.kind],
                at=appeal.at,
                disputed=label(words, appeal.automatic),
                reason=appeal.reason,
                state=label(APPEAL_STATES, state),
                verdict=label(words, answer.verdict) if answer else None,
                answer=answer.reason if answer else "",
            )
        )
    return sorted(found, key=lambda one: -one.at)


_ABOUT = {
    Kind.CALL: Label("铃响三声", "within three rings"),
    Kind.LEG: Label("铃响三声", "within three rings"),
    Kind.GREETING: Label("问候", "greeting"),
}


def _waits_for_word(row: TodoRow) -> bool:
    """Whether a ticket waits until whoever answers for it says that they have it."""
    return row.row.ticket.state is State.OPEN and row.row.ticket.kind is not TicketKind.CALLBACK

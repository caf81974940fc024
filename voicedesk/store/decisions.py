"""What people decide of calls, legs and greetings: each step is kept for good, the last one that holds is shown.

The automatic verdict is never touched. A step is added in one transaction with what follows from it in the row of its
call or greeting, so two people who decide at once are both kept, and the later one holds.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import LegFacts
from voicedesk.errors import InputError, StoreError
from voicedesk.store.engine import Database
from voicedesk.store.packing import readable
from voicedesk.store.tables import calls, decisions, greetings

HUMAN = frozenset(
    {"human_verdict", "human_by", "human_reason", "human_at", "human_cause", "human_forbidden", "appeal_open"}
)
"""The columns of calls and greetings that follow from decisions; saving a call or greeting anew leaves them alone."""
_STEP = 500


class Kind(StrEnum):
    """What a decision is about."""

    CALL = "call"
    LEG = "leg"
    GREETING = "greeting"


class Move(StrEnum):
    """One step of a history: a verdict was given, the last one was taken back, the person concerned appealed."""

    DECIDE = "decide"
    UNDO = "undo"
    APPEAL = "appeal"


class AppealState(StrEnum):
    """How an appeal stands: nobody decided yet, the verdict was changed, the verdict stays."""

    OPEN = "open"
    UPHELD = "upheld"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A call, one of its legs (by its channel's uniqueid), or the greeting on a channel; `endpoint` is for people."""

    kind: Kind
    call_id: str
    pbx: str
    uniqueid: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: who did it, when and why. `automatic` is the verdict the rules gave then, by `rules_version`.

    `cause` goes with a verdict of a call; `forbidden` says of a greeting whether a forbidden phrase was truly said
    (None: not said). `number` is its place in the order of all steps, 0 before it is kept.
    """

    move: Move
    reason: str
    by: str
    at: int
    verdict: str | None = None
    cause: str | None = None
    forbidden: bool | None = None
    automatic: str | None = None
    automatic_cause: str | None = None
    rules_version: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What follows from a history: the decision that holds, the appeal if there was one, and how it stands."""

    decision: Step | None = None
    appeal: Step | None = None
    appeal_state: AppealState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All steps of one subject, oldest first."""

    subject: Subject
    steps: tuple[Step, ...] = field(default=())

    @property
    def standing(self) -> Standing:
        """What follows from them."""
        return standing_of(self.steps)


def key_of(leg: LegFacts) -> str:
    """What a leg is known by whatever is learned of its call: its channel, or its phone where a log tells of none."""
    return leg.uniqueid or leg.endpoint


def standing_of(steps: Sequence[Step]) -> Standing:
    """Taking back uncovers what stood before; the first decision behind an appeal that still stands answers it."""
    made: list[Step] = []
    appeal: Step | None = None
    disputed: Step | None = None
    for step in steps:
        match step.move:
            case Move.DECIDE:
                made.append(step)
            case Move.UNDO:
                made = made[:-1]
            case Move.APPEAL:
                appeal, disputed = step, made[-1] if made else None
    last = made[-1] if made else None
    if appeal is None:
        return Standing(decision=last)
    answers = [step for step in made if step.number > appeal.number]
    if not answers:
        return Standing(decision=last, appeal=appeal, appeal_state=AppealState.OPEN)
    changed = any(_differs(answer, appeal, disputed) for answer in answers[-1:])
    state = AppealState.UPHELD if changed else AppealState.REFUSED
    return Standing(decision=last, appeal=appeal, appeal_state=state)


def _differs(answer: Step, appeal: Step, disputed: Step | None) -> bool:
    """Whether an answer says another thing than what was in force when somebody appealed."""
    verdict, cause = appeal.automatic, appeal.automatic_cause
    if disputed is not None:
        verdict, cause = disputed.verdict, disputed.cause or (cause if disputed.verdict == verdict else None)
    was_said = disputed is None or disputed.forbidden is not False
    return (
        answer.verdict != verdict
        or (answer.cause is not None and answer.cause != cause)
        or (answer.forbidden is False and was_said)
    )


class Decisions:
    """Queries over what people decided, and the one way to add a step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, subject: Subject, step: Step) -> Step:
        """Keeps a step; with its number. Raises InputError where the history does not allow it.

        An appeal is made once; who appealed neither answers it nor takes
        back what it is about; only a decision that holds is taken back.
        """
        async with self._database.write() as connection:
            if not await _is_there(connection, subject):
                raise InputError("the call became part of another or was deleted meanwhile: look for it again")
            _refuse(step, await _steps(connection, subject))
            return await append(connection, subject, step)

    async def of(self, subject: Subject) -> History:
        """The history of one subject."""
        async with self._database.read() as connection:
            return History(subject=subject, steps=tuple(await _steps(connection, subject)))

    async def of_calls(self, call_ids: Sequence[str]) -> list[History]:
        """The histories of some calls, of their legs and of their greetings."""
        found: dict[Subject, list[Step]] = {}
        whole = self._database.unread.whole
        async with self._database.read() as connection:
            for some in (call_ids[at : at + _STEP] for at in range(0, len(call_ids), _STEP)):
                query = select(decisions).where(decisions.c.call_id.in_(some)).order_by(decisions.c.number)
                for subject, step in whole(decisions, await connection.execute(query), _of_subject):
                    found.setdefault(subject, []).append(step)
        return [History(subject=subject, steps=tuple(steps)) for subject, steps in found.items()]

    async def newest(self, *, limit: int = 100, after: tuple[int] | None = None) -> list[tuple[Subject, Step]]:
        """Single steps and what they are about, the newest first; `after` is the (number,) of the last one seen."""
        query = select(decisions).order_by(decisions.c.number.desc())

        async def rows_after(count: int, last: tuple[int] | None) -> Sequence[Row[Any]]:
            page = query.where(decisions.c.number < last[0]) if last is not None else query
            async with self._database.read() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(page.limit(count))).all()
                return found

        unread = self._database.unread
        return await unread.page(
            decisions, rows_after, _of_subject, key=lambda row: (row.number,), limit=limit, after=after
        )

    async def count(self) -> int:
        """How many steps there are."""
        async with self._database.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(decisions))).scalar_one())

    async def all_of(self, kind: Kind) -> list[History]:
        """Every history of a kind: what agreement is counted from."""
        found: dict[Subject, list[Step]] = {}
        query = select(decisions).where(decisions.c.kind == kind.value).order_by(decisions.c.number)
        async with self._database.read() as connection:
            for subject, step in self._database.unread.whole(decisions, await connection.execute(query), _of_subject):
                found.setdefault(subject, []).append(step)
        return [History(subject=subject, steps=tuple(steps)) for subject, steps in found.items()]


async def append(connection: AsyncConnection, subject: Subject, step: Step) -> Step:
    """Adds a step within a transaction and brings its call or greeting up to date."""
    last = (await connection.execute(select(func.max(decisions.c.number)))).scalar_one()
    numbered = {**asdict(subject), **asdict(step), "number": (last or 0) + 1}
    await connection.execute(insert(decisions), numbered)
    await _refresh(connection, subject)
    return Step(**{name: numbered[name] for name in Step.__slots__})


async def move_decisions(connection: AsyncConnection, merged: Iterable[tuple[str, str]]) -> None:
    """Moves the decisions of calls that became part of another call: pairs of (gone, kept), in order.

    To be called when the calls that are kept are in their rows.
    """
    for gone, kept in merged:
        theirs = decisions.c.call_id == gone
        if (await connection.execute(update(decisions).where(theirs).values(call_id=kept))).rowcount:
            pbx = (await connection.execute(select(calls.c.pbx).where(calls.c.id == kept))).scalar()
            await _refresh(connection, Subject(kind=Kind.CALL, call_id=kept, pbx=pbx or ""))


async def prune_decisions(connection: AsyncConnection, call_ids: Sequence[str]) -> None:
    """Deletes what was decided of calls that are deleted; a greeting's decisions go with the greeting."""
    of_calls = decisions.c.call_id.in_(call_ids) & (decisions.c.kind != Kind.GREETING.value)
    await connection.execute(delete(decisions).where(of_calls))


async def prune_of_greetings(connection: AsyncConnection) -> None:
    """Deletes what was decided of greetings that are no longer there."""
    there = (greetings.c.pbx == decisions.c.pbx) & (greetings.c.uniqueid == decisions.c.uniqueid)
    gone = ~select(greetings.c.uniqueid).where(there).exists()
    await connection.execute(delete(decisions).where(decisions.c.kind == Kind.GREETING.value, gone))


def _refuse(step: Step, before: Sequence[Step]) -> None:
    standing = standing_of(before)
    appeal = standing.appeal
    if step.move is Move.UNDO and standing.decision is None:
        raise InputError("there is no decision to take back: the automatic verdict holds")
    if step.move is Move.APPEAL and appeal is not None:
        state = standing.appeal_state.value if standing.appeal_state else ""
        raise InputError(f"{appeal.by} appealed already ({state}): an appeal is made once, a supervisor decides it")
    is_open = standing.appeal_state is AppealState.OPEN
    if step.move is not Move.APPEAL and is_open and appeal is not None and appeal.by == step.by:
        raise InputError(f"{step.by} appealed: somebody else must decide it (--by)")


async def _is_there(connection: AsyncConnection, subject: Subject) -> bool:
    if subject.kind is Kind.GREETING:
        query = select(greetings.c.uniqueid).where(_greeting(subject))
    else:
        query = select(calls.c.id).where(calls.c.id == subject.call_id)
    return (await connection.execute(query)).first() is not None


async def _steps(connection: AsyncConnection, subject: Subject) -> list[Step]:
    query = select(decisions).where(_about(subject)).order_by(decisions.c.number)
    return [_step(row) for row in await connection.execute(query)]


async def _refresh(connection: AsyncConnection, subject: Subject) -> None:
    """Writes beside the automatic verdict what holds now."""
    if subject.kind is Kind.GREETING:
        standing = standing_of(await _steps(connection, subject))
        is_open = standing.appeal_state is AppealState.OPEN
        values = {**_shown(standing.decision), "appeal_open": is_open}
        values["human_forbidden"] = standing.decision.forbidden if standing.decision else None
        await connection.execute(update(greetings).where(_greeting(subject)).values(values))
        return
    query = select(decisions).where(decisions.c.call_id == subject.call_id, decisions.c.kind != Kind.GREETING.value)
    of_call: list[Step] = []
    of_legs: dict[str, list[Step]] = {}
    for row in await connection.execute(query.order_by(decisions.c.number)):
        with suppress(StoreError):  # what is damaged costs itself only; whoever reads it says so
            (of_call if row.kind == Kind.CALL.value else of_legs.setdefault(row.uniqueid, [])).append(_step(row))
    standing = standing_of(of_call)
    states = [standing.appeal_state, *(standing_of(steps).appeal_state for steps in of_legs.values())]
    values = {**_shown(standing.decision), "appeal_open": AppealState.OPEN in states}
    values["human_cause"] = standing.decision.cause if standing.decision else None
    await connection.execute(update(calls).where(calls.c.id == subject.call_id).values(values))


def _shown(decision: Step | None) -> dict[str, Any]:
    return {
        "human_verdict": decision.verdict if decision else None,
        "human_by": decision.by if decision else None,
        "human_reason": decision.reason if decision else None,
        "human_at": decision.at if decision else None,
    }


def _about(subject: Subject) -> ColumnElement[bool]:
    kind = decisions.c.kind == subject.kind.value
    match subject.kind:
        case Kind.CALL:
            return kind & (decisions.c.call_id == subject.call_id)
        case Kind.LEG:
            return kind & (decisions.c.call_id == subject.call_id) & (decisions.c.uniqueid == subject.uniqueid)
        case Kind.GREETING:
            return kind & (decisions.c.pbx == subject.pbx) & (decisions.c.uniqueid == subject.uniqueid)


def _greeting(subject: Subject) -> ColumnElement[bool]:
    return (greetings.c.pbx == subject.pbx) & (greetings.c.uniqueid == subject.uniqueid)


def _subject(row: Any) -> Subject:
    return Subject(kind=Kind(row.kind), call_id=row.call_id, pbx=row.pbx, uniqueid=row.uniqueid, endpoint=row.endpoint)


def _of_subject(row: Any) -> tuple[Subject, Step]:
    return _subject(row), _step(row)


def _step(row: Any) -> Step:
    with readable(f"decision {row.number}"):
        values = row._mapping
        return Step(**{**{name: values[name] for name in Step.__slots__}, "move": Move(row.move)})

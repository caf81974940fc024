"""Fills gaps from the switch's own logs: what was missed while nobody watched is told again, in its place.

The journal is replayed with the logged events in between, so that a call is made from both: what was seen live stays,
what was missed comes from the logs, and the same rule judges it. Doing it twice changes nothing. A person's decision is
never overwritten.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from voicedesk.calls.link_events import OWN_EVENTS
from voicedesk.calls.model import CallFacts, Gap, GapReason, Hall, JudgedCall
from voicedesk.calls.switch_clock import SwitchClock
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import CHECKPOINT
from voicedesk.clock import MICROSECONDS
from voicedesk.jobs.following.logged_calls import Span, SwitchLogs, read_logs, rebuild, retell
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.number_masking import beginning
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.journal import StoredGap
from voicedesk.store.repairs import Filling
from voicedesk.store.store import Store
from voicedesk.switch_logs.files import LogPaths

REPAIRABLE = frozenset({GapReason.LINK_LOST, GapReason.EVENTS_DROPPED})
MARGIN_US = 5 * MICROSECONDS
LONGEST_CALL_US = 4 * 3600 * MICROSECONDS
SAME_US = 100_000
"""Instants of one thing, live and logged, differ by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledGap:
    """A gap and what became of it: `is_covered` where the logs tell of every call in it."""

    gap: Gap
    is_covered: bool
    repaired: int
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What was seen live and what the log says, of one call; nothing was changed."""

    call_id: str
    what: str
    live: str | int | None
    logged: str | int | None


@dataclass(slots=True, kw_only=True)
class Repair:
    """What a repair found and did. `waiting` counts gaps left for later: a call over them is not over yet."""

    gaps: list[FilledGap] = field(default_factory=list)
    changed: list[JudgedCall] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    bad_lines: int = 0
    problems: tuple[str, ...] = ()
    waiting: int = 0


_WHY_OPEN = {
    GapReason.BEFORE_LINK: "it lies before the service's first connection",
    GapReason.PBX_RESTART: "the switch was restarted: its calls ended with it",
    GapReason.PBX_STOPPED: "the switch was stopped: its calls ended with it",
    GapReason.CLOCK_STEP: "the switch's clock was set",
    GapReason.SWEPT: "its calls were given up: nothing was heard of them",
    GapReason.CAPTURE_END: "the capture ends there",
}


def why_open(stored: StoredGap) -> str | None:
    """Why a gap is not repaired, and what would repair it; None if it is."""
    if stored.repaired_at is not None:
        return None
    if stored.gap.reason not in REPAIRABLE:
        return f"no log fills it: {_WHY_OPEN.get(stored.gap.reason, stored.gap.reason.value)}"
    if stored.gap.to_at is None:
        return "it is not over yet"
    return "a call over it is not over yet, or no channel log (cel_csv, --cel) reaches back to its beginning"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Gaps that lie so close that one call may have several, with the span of all calls concerned."""

    gaps: tuple[Gap, ...]
    span: Span


class Repairer:
    """Repairs one PBX's gaps in one store, with the hall as it is written down."""

    def __init__(self, store: Store, pbx: str, hall: Hall, guard: Guard | None = None) -> None:
        self._store = store
        self._guard = guard or Guard()
        self._pbx = pbx
        self._hall = hall

    async def repair(
        self, paths: LogPaths, *, zone: tzinfo, now: int, dry_run: bool = False, by: str = "command"
    ) -> Repair:
        """Fills the open gaps as far as the logs reach; `zone` is that of log times without one, `by` is who asked.

        With `dry_run` nothing is saved. Raises InputError where a log cannot be read.
        """
        done = Repair()
        stretches = await self._stretches(done)
        offs = [await self._off(stretch) for stretch in stretches]
        for off_us in dict.fromkeys(offs):
            alike = [one for one, off in zip(stretches, offs, strict=True) if off == off_us]
            logs = await asyncio.to_thread(read_logs, paths, [one.span for one in alike], zone, off_us=off_us)
            done.bad_lines, done.problems = logs.bad_lines, logs.problems
            for line, error in logs.unforeseen:
                content = line.encode("utf-8", "backslashreplace")
                about = f"a line of a log: {beginning(line, 60)}"
                self._guard.set_aside(Part.LOG_LINE, error, about=about, content=content, pbx=self._pbx)
            for stretch in alike:
                about = f"the gap from {stretch.gaps[0].from_at}"
                with self._guard.one(Part.ROW, about, content=written(stretch), pbx=self._pbx):
                    filled = await self._fill(stretch, logs, done)
                    if not dry_run:
                        await self._store.repairs.save(self._pbx, filled, at=now, by=by)
        return done

    # --- what is to be done

    async def _stretches(self, done: Repair) -> list[_Stretch]:
        """The open gaps that logs could fill, each with the calls over it; what is not over yet waits."""
        found: list[_Stretch] = []
        for stored in await self._store.journal.gaps(self._pbx):
            gap = stored.gap
            if stored.repaired_at is not None or gap.reason not in REPAIRABLE or gap.to_at is None:
                continue
            concerned = await self._concerned((gap,))
            if any(facts.ended_at is None for facts in concerned.values()):
                done.waiting += 1
                continue
            span = _span_of(gap, gap.to_at, concerned.values())
            gaps: tuple[Gap, ...] = (gap,)
            while found and span[0] <= found[-1].span[1]:
                last = found.pop()
                gaps = (*last.gaps, *gaps)
                span = min(last.span[0], span[0]), max(last.span[1], span[1])
            found.append(_Stretch(gaps=gaps, span=span))
        return found

    async def _concerned(self, gaps: tuple[Gap, ...]) -> dict[str, CallFacts]:
        """The calls that carry one of these gaps, by id."""
        marks = {(gap.from_at, gap.reason) for gap in gaps}
        span = min(gap.from_at for gap in gaps), max(gap.to_at or 0 for gap in gaps)
        known = await self._known(span, has_gap=True)
        return {
            key: facts for key, facts in known.items() if any((gap.from_at, gap.reason) in marks for gap in facts.gaps)
        }

    async def _known(self, span: Span, *, has_gap: bool | None = None) -> dict[str, CallFacts]:
        """The calls of a span, by id."""
        which = CallFilter(from_at=span[0] - LONGEST_CALL_US, to_at=span[1], has_gap=has_gap)
        calls = [one.call.facts async for one in self._store.calls.each(which)]
        return {facts.id: facts for facts in calls if facts.pbx == self._pbx}

    # --- one stretch

    async def _fill(self, stretch: _Stretch, logs: SwitchLogs, done: Repair) -> list[Filling]:
        known = await self._known(stretch.span)
        concerned = await self._concerned(stretch.gaps)
        told = [facts for facts in await self._replayed(stretch, logs) if facts.ended_at is not None]
        is_covered = all(logs.covers(gap) for gap in stretch.gaps)
        repaired = [facts for facts in told if facts.id in concerned and (is_covered or facts.repaired)]
        added = [facts for facts in told if facts.id not in known and facts.repaired]
        calls: list[JudgedCall] = []
        for facts in (*repaired, *added):
            with self._guard.one(Part.CALL, f"{facts.id}, repaired", content=written(facts), pbx=self._pbx):
                calls.append(JudgedCall(facts=facts, judgement=judge(facts)))
        done.changed += calls
        seen_whole = [facts for key, facts in known.items() if key not in concerned]
        rebuilt = rebuild(self._pbx, self._hall, logs.within(stretch.span))
        done.differences += _differences(seen_whole, rebuilt, (*repaired, *added))
        done.gaps += [
            FilledGap(gap=gap, is_covered=is_covered, repaired=len(repaired), added=len(added)) for gap in stretch.gaps
        ]
        return [Filling(gap=gap, calls=calls, is_covered=is_covered) for gap in stretch.gaps]

    async def _off(self, stretch: _Stretch) -> int:
        """By how much the switch's clock was behind the hall's time when a stretch began."""
        clock = SwitchClock()
        begin = stretch.gaps[0].from_at
        since = await self._store.journal.start_before(self._pbx, stretch.span[0])
        async for _, event in self._store.journal.events(self._pbx, since=since):
            if event.name in OWN_EVENTS or event.timestamp_us is None or not event.arrived_us:
                continue
            if clock.take(event.timestamp_us, event.arrived_us)[0] > begin:
                break
        return clock.off_us

    async def _replayed(self, stretch: _Stretch, logs: SwitchLogs) -> list[CallFacts]:
        """The calls of a stretch as the journal tells them, with the logged events in their places."""
        since = await self._store.journal.start_before(self._pbx, stretch.span[0])
        journal = [event async for _, event in self._store.journal.events(self._pbx, since=since)]
        begin = next((n for n, event in enumerate(journal) if event.name == CHECKPOINT), 0) if since else 0
        return retell(self._pbx, self._hall, journal[begin:], stretch.gaps, logs, until=stretch.span[1])


def _span_of(gap: Gap, to_at: int, concerned: Iterable[CallFacts]) -> Span:
    """The gap with all calls over it, and a little more."""
    starts = [gap.from_at, *(facts.started_at for facts in concerned)]
    ends = [to_at, *(facts.ended_at or 0 for facts in concerned)]
    return min(starts) - MARGIN_US, max(ends) + MARGIN_US


# --- live against logged


def _differences(
    live: Iterable[CallFacts], logged: Iterable[CallFacts], added: Iterable[CallFacts]
) -> Iterator[Difference]:
    """What both tell differently, of calls that were seen whole."""
    by_linkedid = {linkedid: facts for facts in logged for linkedid in facts.linkedids}
    matched = {linkedid for facts in added for linkedid in facts.linkedids}
    for facts in live:
        told = next((by_linkedid[one] for one in facts.linkedids if one in by_linkedid), None)
        matched |= set(facts.linkedids)
        if told is None or facts.gaps or facts.ended_at is None or told.ended_at is None:
            continue
        for what in ("person_answered_at", "ended_at"):
            ours, theirs = getattr(facts, what), getattr(told, what)
            if (ours is None) != (theirs is None) or (ours is not None and abs(ours - theirs) > SAME_US):
                yield Difference(call_id=facts.id, what=what, live=ours, logged=theirs)
        phones = _answered_by(facts), _answered_by(told)
        if phones[0] != phones[1]:
            yield Difference(call_id=facts.id, what="answered_by", live=phones[0], logged=phones[1])
    for linkedid, facts in by_linkedid.items():
        if linkedid not in matched and linkedid == facts.linkedids[0] and facts.legs:
            yield Difference(call_id=facts.id, what="only_logged", live=None, logged=linkedid)


def _answered_by(facts: CallFacts) -> str | None:
    return judge(facts).answered_by

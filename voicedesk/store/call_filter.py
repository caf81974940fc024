"""Which calls are asked for, and along which index they are read, the newest first.

A person's calls are found through their ringings, which know when their call began: a page of them reads few rows
however long the history of the hall is.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from voicedesk.calls.model import Verdict
from voicedesk.store.columns import unindexed
from voicedesk.store.tables import calls, legs


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls to list; None means any. `from_at` is inside, `to_at` is not; `endpoint` is any phone that rang."""

    line: str | None = None
    verdict: str | None = None
    cause: str | None = None
    direction: str | None = None
    agent: str | None = None
    endpoint: str | None = None
    concerns: str | None = None
    """Only what this person answered, or what rang where they sat."""
    caller_numbers: tuple[str, ...] | None = None
    number_ends: str | None = None
    """Only what a number called that ends with these digits, as the switch wrote it."""
    from_at: int | None = None
    to_at: int | None = None
    doubtful: bool | None = None
    has_gap: bool | None = None
    is_open: bool | None = None
    """Only what is not over, or only what is."""
    to_review: bool | None = None
    """Only what a person must look at: it cannot be told and nobody decided, or somebody appealed."""
    decided: bool | None = None
    """Only those of which a person's decision holds."""

    @property
    def is_of_one(self) -> bool:
        """Whether calls are found through the ringings of one person or one phone."""
        return any(one is not None for one in (self.agent, self.concerns, self.endpoint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Where calls are read from. `started_at` and `id` are what they are sorted and bounded by; `index` has both.

    `theirs`: whose ringings these are; None: all calls are read. `only_once`: the first ringing of each call.
    """

    source: FromClause
    index: FromClause
    started_at: ColumnElement[int]
    id: ColumnElement[str]
    theirs: ColumnElement[bool] | None = None
    only_once: ColumnElement[bool] | None = None


_OF_ALL = Path(source=calls, index=calls, started_at=calls.c.started_at, id=calls.c.id)


def path_of(agent: str | None, endpoint: str | None) -> Path:
    """The way to the calls of a person or, where none is named, of a phone; else to all calls."""
    if agent is None and endpoint is None:
        return _OF_ALL
    name, value = ("endpoint", endpoint) if agent is None else ("agent", agent)
    earlier = legs.alias()
    same = (earlier.c.call_id == legs.c.call_id) & (earlier.c[name] == legs.c[name])
    return Path(
        source=legs.join(calls, calls.c.id == legs.c.call_id),
        index=legs,
        started_at=legs.c.started_at,
        id=legs.c.call_id,
        theirs=legs.c[name] == value,
        only_once=~exists().where(same, earlier.c.number < legs.c.number),
    )


def path_for(which: CallFilter) -> Path:
    """The way to the calls of a filter."""
    return path_of(which.agent if which.concerns is None else which.concerns, which.endpoint)


def in_span(query: Select[Any], which: CallFilter, path: Path) -> Select[Any]:
    """A query bounded by the filter's two instants."""
    if which.from_at is not None:
        query = query.where(path.started_at >= which.from_at)
    if which.to_at is not None:
        query = query.where(path.started_at < which.to_at)
    return query


def rang(agent: str) -> ColumnElement[bool]:
    """That a call rang somebody; who answered a call is among those whom it rang."""
    return exists().where(legs.c.call_id == calls.c.id, unindexed(legs.c.agent) == agent)


def path_to_count(which: CallFilter) -> Path:
    """The way to the calls of a filter in no order, each once: an index alone tells which calls rang somebody.

    To ask of each ringing whether it is the first of its call costs more than to read the calls.
    """
    path = path_for(which)
    if path.theirs is None:
        return path
    rung = in_span(select(legs.c.started_at, legs.c.call_id).where(path.theirs).distinct(), which, path).subquery()
    source = rung.join(calls, calls.c.id == rung.c.call_id)
    return Path(source=source, index=rung, started_at=rung.c.started_at, id=rung.c.call_id)


def matching(query: Select[Any], which: CallFilter, path: Path | None = None) -> Select[Any]:
    """A query over the columns of calls, of those that a filter lets through."""
    path = path or path_for(which)
    query = in_span(query.select_from(path.source), which, path)
    for column in ("verdict", "cause", "direction", "agent", "doubtful", "has_gap"):
        value = getattr(which, column)
        if value is not None:
            query = query.where(calls.c[column] == value)
    if path.theirs is not None and path.only_once is not None:
        query = query.where(path.theirs, path.only_once)
    if which.line is not None:
        # where calls are found through ringings, the index of lines must not lead away from these
        line = unindexed(calls.c.line) if which.is_of_one else calls.c.line
        query = query.where(line == which.line)
    if which.is_open is not None:
        query = query.where(calls.c.ended_at.is_(None) if which.is_open else calls.c.ended_at.is_not(None))
    if which.to_review is not None:
        untold = (calls.c.verdict == Verdict.CANNOT_TELL.value) & calls.c.human_verdict.is_(None)
        query = query.where((calls.c.appeal_open | (untold & calls.c.ended_at.is_not(None))) == which.to_review)
    if which.decided is not None:
        decided = calls.c.human_verdict.is_not(None)
        query = query.where(decided if which.decided else ~decided)
    if which.caller_numbers is not None:
        query = query.where(calls.c.caller_number.in_(which.caller_numbers))
    if which.number_ends is not None:
        query = query.where(calls.c.caller_number.endswith(which.number_ends, autoescape=True))
    if which.endpoint is not None and (which.agent is not None or which.concerns is not None):
        other = legs.alias()
        rang_too = (other.c.call_id == calls.c.id) & (unindexed(other.c.endpoint) == which.endpoint)
        query = query.where(exists().where(rang_too))
    return query

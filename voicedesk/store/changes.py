"""Whether anything changed that pages show: one question of a few indexed values, whoever and however many look on."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from voicedesk.clock import NowUs
from voicedesk.store.engine import Database
from voicedesk.store.requests import LEADER
from voicedesk.store.tables import calls, decisions, gaps, leases, outages, pbxs, phone_states, tickets

_KIND = dict[str, ColumnElement[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What differs from one look to the next where something of that kind changed; the values mean nothing else."""

    calls: tuple[Any, ...]
    begun: tuple[Any, ...]
    phones: tuple[Any, ...]
    tickets: tuple[Any, ...]
    hall: tuple[Any, ...]


class Changes:
    """Asks for the signs of change."""

    def __init__(self, database: Database, now: NowUs) -> None:
        self._database, self._now = database, now
        self._query = _question()

    async def signs(self) -> Signs:
        """The signs as they are now, in one query whose time does not grow with the history of calls."""
        async with self._database.read() as connection:
            row = (await connection.execute(self._query)).one()._mapping
        *hall, until = (row[name] for name in _HALL)
        is_running = isinstance(until, int) and until > self._now()
        return Signs(
            calls=tuple(row[name] for name in _CALLS),
            begun=tuple(row[name] for name in _BEGUN),
            phones=tuple(row[name] for name in _PHONES),
            tickets=tuple(row[name] for name in _TICKETS),
            hall=(*hall, is_running),
        )


_CALLS: _KIND = {
    # a call changes only with an entry of a journal, or with a decision of a person
    "journal": select(func.sum(pbxs.c.sequence)).scalar_subquery(),
    "decision": select(func.max(decisions.c.number)).scalar_subquery(),
    "silent": select(func.count()).select_from(gaps).where(gaps.c.to_at.is_(None)).scalar_subquery(),
    "gaps": select(func.count()).select_from(gaps).scalar_subquery(),
    "filled": select(func.count(gaps.c.repaired_at)).scalar_subquery(),
}
_BEGUN: _KIND = {
    # lists ask again where one more call began, not with each event of each call
    "newest_call": select(func.max(calls.c.started_at)).scalar_subquery(),
}
_PHONES: _KIND = {
    # milliseconds: the sum of a thousand phones in microseconds comes near the largest number of a database
    "phones": select(func.count()).select_from(phone_states).scalar_subquery(),
    "states": select(func.sum(phone_states.c.since / 1000)).scalar_subquery(),
    "breaks": select(func.sum(phone_states.c.on_break_since / 1000)).scalar_subquery(),
    "current": select(func.sum(case((phone_states.c.is_current, 1), else_=0))).scalar_subquery(),
    "disturbed": select(func.sum(case((phone_states.c.dnd, 1), else_=0))).scalar_subquery(),
}
_TICKETS: _KIND = {
    # closed ones change no more; the newest tells one that closed from one that opened in the same second
    "open": select(func.count()).select_from(tickets).where(tickets.c.closed_at.is_(None)).scalar_subquery(),
    "versions": select(func.sum(tickets.c.version)).where(tickets.c.closed_at.is_(None)).scalar_subquery(),
    "newest": select(func.max(tickets.c.opened_at)).scalar_subquery(),
}
_HALL: _KIND = {
    "outages": select(func.count()).select_from(outages).where(outages.c.ended_at.is_(None)).scalar_subquery(),
    "outage": select(func.max(outages.c.started_at)).scalar_subquery(),
    "leader": select(leases.c.owner).where(leases.c.name == LEADER).scalar_subquery(),
    "until": select(leases.c.until).where(leases.c.name == LEADER).scalar_subquery(),
}


def _question() -> Select[Any]:
    every = _CALLS | _BEGUN | _PHONES | _TICKETS | _HALL
    return select(*(value.label(name) for name, value in every.items()))

"""What concerns one person: their ringings, greetings and appeals, from columns alone and in a span of time."""

from dataclasses import dataclass

from sqlalchemy import select

from voicedesk.store.decisions import Move
from voicedesk.store.engine import Database
from voicedesk.store.tables import decisions, greetings, legs


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLeg:
    """One ringing where this person sat. `number` counts the legs of its call from 1."""

    call_id: str
    number: int
    at: int
    endpoint: str
    verdict: str
    ring_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnGreeting:
    """One greeting of this person. `is_doubted`: it counts for nobody until a person has looked at it."""

    call_id: str
    endpoint: str
    uniqueid: str
    at: int
    verdict: str | None
    human: str | None
    is_final: bool
    is_doubted: bool


class OwnThings:
    """Queries over what concerns one person; nothing of anybody else is read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def legs(self, agent: str, since: int) -> list[OwnLeg]:
        """Their ringings from an instant on, the newest first."""
        one = legs.c
        query = select(one.call_id, one.number, one.at, one.endpoint, one.verdict, one.ring_us)
        query = query.where(one.at >= since, one.agent == agent)
        query = query.order_by(one.at.desc(), one.call_id.desc(), one.number.desc())
        async with self._database.read() as connection:
            return [
                OwnLeg(
                    call_id=row.call_id,
                    number=row.number + 1,
                    at=row.at,
                    endpoint=row.endpoint,
                    verdict=row.verdict,
                    ring_us=row.ring_us,
                )
                for row in await connection.execute(query)
            ]

    async def greetings(self, agent: str, since: int) -> list[OwnGreeting]:
        """Their greetings from an instant on, the newest first."""
        one = greetings.c
        query = select(
            *(one.call_id, one.endpoint, one.uniqueid, one.answered_at),
            *(one.verdict, one.human_verdict, one.is_final, one.needs_review),
        )
        query = query.where(one.answered_at >= since, one.agent == agent).order_by(one.answered_at.desc())
        async with self._database.read() as connection:
            return [
                OwnGreeting(
                    call_id=row.call_id,
                    endpoint=row.endpoint,
                    uniqueid=row.uniqueid,
                    at=row.answered_at,
                    verdict=row.verdict,
                    human=row.human_verdict,
                    is_final=row.is_final,
                    is_doubted=row.needs_review and row.human_verdict is None,
                )
                for row in await connection.execute(query)
            ]

    async def appealed(self, by: str, since: int) -> list[str]:
        """The ids of the calls about which they appealed from an instant on."""
        theirs = (decisions.c.by == by) & (decisions.c.move == Move.APPEAL.value) & (decisions.c.at >= since)
        async with self._database.read() as connection:
            return list((await connection.execute(select(decisions.c.call_id).where(theirs).distinct())).scalars())

"""The proof of what callers were told (咨询台账): each walk gets a code of its own, and is saved beside the call.

Nothing here keeps a caller waiting. What the database does not take now waits in memory and is tried again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from voicedesk.calls.model import CallFacts
from voicedesk.errors import StoreError
from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import Consultation, Entry, State
from voicedesk.ivr.tracking_code import new_code
from voicedesk.ivr.wording import CHINESE
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.unsaved import RowOf, Unsaved
from voicedesk.store.consultations import StoredConsultation
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store

RESERVE_SECONDS = 1.0
"""The caller hears nothing while a code is reserved: then any code does."""
LOOK_UP_SECONDS = 3.0
"""The caller hears nothing while a code is looked up: then it counts as unknown."""
CODE_TRIES = 20

AsKept = Callable[[str, str, StoredConsultation], StoredConsultation]
"""What may be kept of a consultation of (PBX, uniqueid): nothing of a number that is to be forgotten."""

_log = structlog.get_logger()


def all_of_it(_pbx: str, _uniqueid: str, kept: StoredConsultation) -> StoredConsultation:
    """Where no number is to be forgotten, all may be kept."""
    return kept


class Proof:
    """The ledger's rows of the calls that go on, and of those that are not saved yet.

    `calls` finds, by PBX, the call that a channel belongs to; `below` draws a number by chance.
    """

    def __init__(
        self,
        store: Store,
        calls: Mapping[str, Callable[[str], CallFacts | None]],
        guard: Guard,
        *,
        below: Callable[[int], int],
        as_kept: AsKept = all_of_it,
    ) -> None:
        self._store, self._calls, self._below, self._as_kept = store, calls, below, as_kept
        self._unsaved = Unsaved[StoredConsultation](
            store.consultations, guard, event="consultations_unsaved", named=_named
        )

    @property
    def unsaved(self) -> int:
        """How many consultations wait to be saved."""
        return len(self._unsaved)

    # --- a call's side

    async def begin(
        self, entry: Entry, at: int, *, pbx: str | None, uniqueid: str, line: str | None, number: str | None
    ) -> StoredConsultation:
        """A new row, with a code that is nobody else's.

        Without a database any code does, for then nobody can ask for it. `pbx` None: the only one, or the first.
        """
        kept = StoredConsultation(
            pbx=pbx or next(iter(self._calls), ""),
            uniqueid=uniqueid,
            line=line,
            caller_number=number,
            consultation=Ledger(new_code(self._below), entry, at).consultation(State.MENU, CHINESE),
        )
        try:
            async with asyncio.timeout(RESERVE_SECONDS):
                for _ in range(CODE_TRIES):
                    if await self._store.consultations.begin(kept):
                        break
                    kept = replace(kept, consultation=replace(kept.consultation, code=new_code(self._below)))
        except (StoreError, TimeoutError) as error:
            _log.error("consultation_unreserved", reason=str(error) or "the database took too long")
        return kept

    def note(self, kept: StoredConsultation, consultation: Consultation) -> StoredConsultation:
        """The row with what there is of the walk by now; it will be saved soon."""
        find = self._calls.get(kept.pbx)
        facts = find(kept.uniqueid) if find else None
        kept = replace(kept, consultation=consultation, call_id=facts.id if facts is not None else kept.call_id)
        self._unsaved.keep(kept.consultation.code, self._as_kept(kept.pbx, kept.uniqueid, kept))
        return kept

    async def find(self, code: str) -> StoredConsultation | None:
        """The row of a code; None if nobody knows the code, or if it cannot be looked up now."""
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return self._unsaved.get(code) or await self._store.consultations.get(code)
        except (StoreError, TimeoutError) as error:
            _log.error("consultation_unread", reason=str(error) or "the database took too long")
            return None

    # --- saving

    async def run(self) -> None:
        """Saves what was noted, until cancelled; a database in trouble is tried again."""
        await self._unsaved.run()

    async def save(self) -> None:
        """Saves what waits; what the database refuses is set aside. Raises StoreUnavailable; the rest waits."""
        await self._unsaved.save_all()

    async def save_again(self, item: SetAside) -> str:
        """Saves a consultation that was set aside. Raises InputError where it is not known any more, StoreError."""
        return await self._unsaved.save_again(item)


def _named(kept: StoredConsultation) -> tuple[str, str]:
    """A row's PBX, and what people see if it is set aside."""
    return kept.pbx, RowOf.CONSULTATION.called(kept.consultation.code)

"""What the store keeps of the staff's phones: breaks and findings at once, how phones stand from time to time."""

from collections.abc import Callable, Collection, Mapping, Sequence

from voicedesk.clock import MICROSECONDS
from voicedesk.errors import StoreUnavailable
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.phones.model import Break
from voicedesk.store.phones import StoredFinding, StoredPhone
from voicedesk.store.store import Store

STATES_US = 2 * MICROSECONDS
"""How phones stand is written no more often: every ring changes it, and the journal's commits go first."""
Place = tuple[str, str]
"""A phone: the PBX, and the endpoint there."""


class KeptPhones:
    """Knows how phones stand in the store, and when they are written next."""

    def __init__(self, store: Store, guard: Guard) -> None:
        self._store, self._guard = store, guard
        self._saved: dict[Place, StoredPhone] = {}
        self._next_states = 0

    async def take_up(self) -> Sequence[StoredPhone]:
        """How phones stood when the service stopped. Raises StoreError."""
        phones = await self._store.phones.phones()
        self._saved = {(one.standing.pbx, one.standing.endpoint): one for one in phones}
        return phones

    async def write(
        self,
        breaks: Sequence[Break],
        findings: Sequence[StoredFinding],
        phones: Mapping[Place, StoredPhone],
        now: int,
    ) -> None:
        """Writes breaks and findings now, and the phones that changed if that is due. Raises StoreError."""
        is_due = bool(breaks or findings) or now >= self._next_states
        changed = [one for key, one in phones.items() if self._saved.get(key) != one] if is_due else []
        if breaks or findings or changed:
            await self._save(breaks, findings, changed)
        if changed:
            self._next_states = now + STATES_US
            self._saved.update(phones)

    async def forget(self, phones: Collection[Place], is_gone: Callable[[Place], bool]) -> None:
        """Forgets phones that are not among `phones`, where `is_gone` says so. Raises StoreError."""
        gone = [key for key in self._saved if key not in phones and is_gone(key)]
        if gone:
            await self._store.phones.forget_phones(gone)
        for key in gone:
            del self._saved[key]

    async def _save(
        self, breaks: Sequence[Break], findings: Sequence[StoredFinding], phones: Sequence[StoredPhone]
    ) -> None:
        """All at once; where one does not fit, the others one by one. Raises StoreUnavailable."""
        save = self._store.phones.save
        try:
            await save(breaks=breaks, findings=findings, phones=phones)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # it is one of them
            for one in breaks:
                with self._guard.one(Part.ROW, f"break {one.id}", content=written(one), pbx=one.pbx):
                    await save(breaks=[one])
            for stored in findings:
                finding = stored.finding
                with self._guard.one(Part.ROW, f"finding {finding.id}", content=written(stored), pbx=finding.pbx):
                    await save(findings=[stored])
            for phone in phones:
                standing = phone.standing
                with self._guard.one(Part.ROW, f"phone {standing.endpoint}", content=written(phone), pbx=standing.pbx):
                    await save(phones=[phone])

"""What callers are told before the IVR, or in its place: an outage, nobody at the phones."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

import structlog

from voicedesk.agi.call import AgiCall
from voicedesk.errors import StoreError
from voicedesk.ivr import dialplan
from voicedesk.ivr.model import Play, Played, Texts
from voicedesk.ivr.wording import CHINESE, digits
from voicedesk.jobs.telling.shelf import Shelf
from voicedesk.jobs.telling.voices import Voices
from voicedesk.store.store import Store

TICKET_SECONDS = 1.0
"""Staff hear nothing while the ticket is looked up: then it counts as open."""
LAST_PHONE_SECONDS = 6.0

_log = structlog.get_logger()


class PhonesNow(Protocol):
    """What is asked of those who watch the staff's phones."""

    def is_deserted(self, line: str, /) -> bool:
        """Whether nobody can answer a line: all its phones are on a break, away or set to do-not-disturb."""

    def left_without(self, pbx: str, endpoint: str, /) -> Sequence[str]:
        """The lines that would have no free phone if this one were paused now."""


class OutagesNow(Protocol):
    """What is asked of the outage switch."""

    def texts_for(self, line: str | None, /) -> Texts:
        """What a caller of a line hears first; nothing where nothing is broken."""


class Gate:
    """Says what comes before a walk. `phones` None: nobody watches them, and no line is known to be deserted."""

    def __init__(self, store: Store, voices: Voices, outages: OutagesNow, phones: PhonesNow | None) -> None:
        self._store, self._voices, self._outages, self._phones = store, voices, outages, phones

    async def announce(self, call: AgiCall, shelf: Shelf, line: str | None) -> None:
        """Tells of an outage, before anything else (S10)."""
        texts = self._outages.texts_for(line)
        if texts:
            await call.answer()
            await self._voices.of(call, shelf, "outage").say(texts)

    async def tell_deserted(self, call: AgiCall, shelf: Shelf, line: str | None) -> None:
        """Where every phone of a line is paused or away, the caller hears so before waiting for one (S11)."""
        texts = shelf.words.say("all_away", CHINESE)
        is_deserted = self._phones is not None and line is not None and self._phones.is_deserted(line)
        if is_deserted and shelf.has_sound(texts):
            await call.answer()
            await self._voices.of(call, shelf, "away").say(texts)

    async def tell_staff(self, call: AgiCall, shelf: Shelf) -> None:
        """Tells the staff member which citizen is about to be rung.

        If the ticket was closed while the staff phone rang, the citizen was reached already: then the call is ended.
        """
        if await self._is_reached(call.environment.uniqueid):
            _log.info("callback_not_needed", attempt=call.environment.uniqueid)
            await call.hangup()
            return
        number = digits(call.environment.query.get("number", ""), CHINESE)
        await self._voices.of(call, shelf, "callback").say(shelf.words.say("calling_back", CHINESE, digits=number))

    async def _is_reached(self, attempt_id: str) -> bool:
        """Whether the ticket that a call was placed for is closed by now; without a database it is not."""
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(TICKET_SECONDS):
                attempt = await self._store.tickets.attempt(attempt_id)
                stored = await self._store.tickets.get(attempt.ticket_id) if attempt is not None else None
                return stored is not None and stored.ticket.is_closed
        return False

    async def warn_last_phone(self, call: AgiCall, shelf: Shelf) -> None:
        """Asks for a key before the last free phone of a line is paused; without a voice nobody is asked."""
        endpoint = call.environment.channel.rpartition("-")[0]
        lines = self._phones.left_without(call.environment.query.get("pbx", ""), endpoint) if self._phones else ()
        texts = shelf.words.say("last_phone", CHINESE)
        if not lines or not shelf.has_sound(texts):
            return
        sound = self._voices.of(call, shelf, "break")
        answer = await sound.play(Play(texts=texts, wait_seconds=LAST_PHONE_SECONDS))
        if isinstance(answer, Played) and answer.key == "1":
            return
        _log.info("break_not_begun", endpoint=endpoint, lines=lines)
        await call.set_variable(dialplan.BREAK, dialplan.STAY)
        await sound.say(shelf.words.say("stays", CHINESE))

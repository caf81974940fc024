"""One caller's walk carried out on a call: each step is played or asked, and what was told is noted at once."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo

from voicedesk.agi.call import AgiCall
from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import AgiHungUp
from voicedesk.ivr import dialplan
from voicedesk.ivr.model import (
    AskDigits,
    Input,
    Leave,
    LookedUp,
    LookUp,
    Menu,
    Play,
    Recorded,
    Standing,
    Step,
    TakeMessage,
)
from voicedesk.ivr.walk import Walk
from voicedesk.jobs.telling.proof import Proof
from voicedesk.jobs.telling.sound import IvrSound
from voicedesk.store.consultations import StoredConsultation


class Conversation:
    """One walk on one call; `kept` is its row in the ledger.

    `look_up` finds where the matter of a code stands. `keep_message` moves a recorded message to where it is kept.
    """

    def __init__(
        self,
        call: AgiCall,
        sound: IvrSound,
        walk: Walk,
        proof: Proof,
        kept: StoredConsultation,
        *,
        look_up: Callable[[str], Awaitable[Standing | None]],
        keep_message: Callable[[Recorded], Awaitable[Recorded]],
        now: NowUs,
    ) -> None:
        self._call, self._sound, self._walk, self._proof, self._kept = call, sound, walk, proof, kept
        self._look_up, self._keep_message, self._now = look_up, keep_message, now

    async def run(self) -> None:
        """From the answer to the way the caller leaves. Raises AgiHungUp when the caller is gone, and AgiError."""
        step = self._walk.start()
        try:
            await self._call.answer()
            while not isinstance(step, Leave):
                step = self._walk.take(await self._done(step), self._now())
                await self._tell_heard()
                self._note()
            await self._sound.say(step.texts, slow=step.slow)
            await self._call.set_variable(dialplan.RESULT, step.exit)
        except AgiHungUp as gone:
            self._walk.hang_up(self._now(), gone.finished)
            raise
        finally:
            self._note()

    def _note(self) -> None:
        """What there is to keep by now will be saved soon."""
        self._kept = self._proof.note(self._kept, self._walk.consultation())

    async def _done(self, step: Step) -> Input:
        match step:
            case Play():
                return await self._sound.play(step)
            case AskDigits():
                return await self._sound.ask(step)
            case TakeMessage():
                return await self._keep_message(await self._sound.take_message(step))
            case LookUp():
                return LookedUp(standing=await self._look_up(step.code))
            case Leave():
                raise AssertionError("the walk is over")  # pragma: no cover

    async def _tell_heard(self) -> None:
        """A notice that was now heard to its end is told to the switch, and so to whoever follows the call (S1)."""
        known = {one.item_id for one in self._kept.consultation.notices if one.is_complete}
        for one in self._walk.consultation().notices:
            if one.is_complete and one.item_id not in known:
                told = f"{dialplan.NOTICE_EVENT},Complete: 1,Item: {one.item_id}"
                await self._call.command("EXEC", "UserEvent", told)


def standing_of(found: StoredConsultation, menu: Menu, zone: tzinfo) -> Standing:
    """Where the matter of an earlier call stands, as it is told to a caller."""
    kept = found.consultation
    day = to_datetime(kept.started_at).astimezone(zone)
    told = kept.notices[-1] if kept.notices else None
    item = menu.item(told.item_id) if told else None
    return Standing(
        code=kept.code,
        month=day.month,
        day=day.day,
        item_id=item.id if item else None,
        item_name=item.name if item else None,
        is_changed=item is not None and told is not None and item.version != told.version,
        requests=tuple((one.asked.kind, one.settled_at is not None) for one in found.requests),
    )

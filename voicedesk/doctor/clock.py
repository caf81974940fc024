"""What `doctor` says of this machine's clock: nothing is deleted by one that may be wrong."""

import contextlib

from voicedesk.clock import NowUs
from voicedesk.doctor.finding import Finding
from voicedesk.errors import StoreError
from voicedesk.jobs.upkeep.clock_doubt import doubt_of
from voicedesk.settings import Settings
from voicedesk.store.store import Store


async def check_our_clock(settings: Settings, now: NowUs) -> list[Finding]:
    """Whether this machine's clock may be wrong by what the switches said; nothing where no database can be asked."""
    with contextlib.suppress(StoreError):
        async with Store.open(settings.store.url, may_write=False) as store:
            doubt = await doubt_of(store, now())
            if doubt is not None:
                what = f"this machine's clock may be wrong: {doubt}"
                why = "until a switch whose clock agrees is heard nothing is deleted"
                cure = "compare it with a watch; if it is right: voicedesk db prune --now-is-right"
                return [Finding.bad("clock", "believed", what, why, cure)]
    return []

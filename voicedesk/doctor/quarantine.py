"""What `doctor` says of the things that were set aside."""

from voicedesk.doctor.finding import Finding
from voicedesk.errors import StoreError
from voicedesk.settings import Settings
from voicedesk.store.store import Store


async def check_quarantine(settings: Settings) -> list[Finding]:
    """How many things wait to be looked at, of which kind; nothing where the database cannot be read."""
    try:
        async with Store.open(settings.store.url, may_write=False) as store:
            waiting = await store.quarantine.waiting()
    except StoreError:  # what is wrong with it is a finding of its own
        return []
    if not waiting:
        return [Finding.good("quarantine", "waiting", "nothing is set aside")]
    counts = ", ".join(f"{count} {part.value}" for part, count in sorted(waiting.items()))
    what = f"{sum(waiting.values())} things were set aside: {counts}"
    why = "each cost only itself, and may be a fault in Voicedesk or something odd in the house"
    cure = "look at them: voicedesk quarantine list; then quarantine retry or drop, and report what you cannot explain"
    return [Finding.note("quarantine", "waiting", what, why, cure)]

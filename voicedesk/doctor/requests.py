"""Finds requests of staff of which nobody knows what came."""

import contextlib
from collections.abc import Iterator

from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.doctor.finding import Finding
from voicedesk.errors import StoreError
from voicedesk.settings import Settings
from voicedesk.store.requests import Request
from voicedesk.store.store import Store

SHOWN_US = 7 * 86400 * MICROSECONDS
MOST = 20
_LOOK = {
    "ticket": "look at voicedesk tickets list and show before it is asked again",
    "break": "look at voicedesk agents before it is asked again",
}


async def check_requests(settings: Settings, now: NowUs) -> list[Finding]:
    """A finding for each request of the last week whose outcome nobody knows; none where there is no database."""
    with contextlib.suppress(StoreError):  # what is wrong with it is a finding of its own
        async with Store.open(settings.store.url, may_write=False, now=now) as store:
            return [*_findings(await store.requests.unknown(now() - SHOWN_US, MOST))]
    return []


def _findings(found: list[Request]) -> Iterator[Finding]:
    for one in found:
        what = f"nobody knows what came of request {one.id[:20]!r} ({one.kind[:20]!r}, asked by {one.asked_by[:40]!r})"
        why = "it was begun, and the service ended or lost the switch before it was told what came of it"
        cure = _LOOK.get(one.kind, "see whether it was done; ask again where it was not")
        yield Finding.note("requests", "unknown", what, why, cure)
    if not found:
        what = "what came of everything that was asked is known"
        yield Finding.good("requests", "unknown", what)

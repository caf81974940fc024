"""What commands ask of the running service, by a row in the store: it alone talks to the switch."""

from collections.abc import Mapping
from typing import Any

from voicedesk import app as service
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.errors import InputError, VoicedeskError
from voicedesk.settings import Settings
from voicedesk.store.store import Store

ANSWER_SECONDS = 30.0


async def ask_service(settings: Settings, kind: str, asked: Mapping[str, Any], *, look: str) -> str:
    """What the service answers. `look`: what to look at where it did not answer in time."""
    async with Store.open(settings.store.url, upgrade=False, now=now_us) as store:
        if not await is_running(store):
            raise VoicedeskError("the service does not answer: is `voicedesk run` running on this database?")
        request_id = await store.requests.ask(kind, dict(asked), asked_by=typed_by())
        request = await store.requests.wait_for(request_id, ANSWER_SECONDS)
    if request is None:
        raise VoicedeskError(f"the service did not answer in time: look at {look} before you ask again")
    if request.state == "failed":
        raise InputError(request.outcome or "refused")
    return request.outcome or ""


async def is_running(store: Store) -> bool:
    """Whether a service runs on a database."""
    return await store.requests.holder(service.LEADER) is not None

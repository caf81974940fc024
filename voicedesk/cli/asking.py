"""What commands ask of the running service, by a row in the store: it alone talks to the switch."""

import asyncio
from collections.abc import Mapping
from typing import Any

from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.errors import InputError, OutcomeUnknown, VoicedeskError
from voicedesk.settings import Settings
from voicedesk.store.requests import LEADER, Request, RequestState
from voicedesk.store.store import Store

ANSWER_SECONDS = 30.0
NOT_RUNNING = "the service does not answer: is `voicedesk run` running on this database?"


async def ask_service(settings: Settings, kind: str, row: Mapping[str, Any], *, look: str) -> str:
    """What the service answers. `look`: what to look at where nobody knows what came of it.

    Raises InputError where it refused, OutcomeUnknown, and VoicedeskError where it did not begin with it in time: then
    it never will, and may be asked again.
    """
    async with Store.open(settings.store.url, upgrade=False, now=now_us) as store:
        if not await is_running(store):
            raise VoicedeskError(NOT_RUNNING)
        request_id = await store.requests.ask(kind, dict(row), asked_by=typed_by())
        try:
            request = await store.requests.wait_for(request_id, ANSWER_SECONDS)
            if request is None and not await store.requests.withdraw(request_id):
                request = await store.requests.get(request_id)
                if request is None or not request.state.is_over:
                    told = f"it takes longer than {ANSWER_SECONDS:g} s: what came of it is not known"
                    raise OutcomeUnknown(f"{told}: look at {look} before you ask again")
        except asyncio.CancelledError:
            await asyncio.shield(store.requests.withdraw(request_id))  # who breaks it off does not want it any more
            raise
    return _answer(request, look)


def _answer(request: Request | None, look: str) -> str:
    if request is None:
        raise VoicedeskError("the service did not begin with it in time, and it was taken back: you may ask again")
    told = request.outcome or ""
    match request.state:
        case RequestState.FAILED:
            raise InputError(told or "refused")
        case RequestState.UNKNOWN:
            raise OutcomeUnknown(told if "look " in told else f"{told}: look at {look} before you ask again")
    return told


async def is_running(store: Store) -> bool:
    """Whether a service runs on a database."""
    return await store.requests.holder(LEADER) is not None

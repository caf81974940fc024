"""Rows as other processes write them, carried out as the service does, without a service."""

import itertools
import json

from voicedesk.errors import VoicedeskError
from voicedesk.run.requests import answered as carried_out
from voicedesk.store.requests import Request, RequestState

_numbers = itertools.count(1)


def row(asked, *, request_id: str = "", asked_by: str = "", kind: str = "ticket") -> Request:
    """A row that asks for something, each with an id of its own unless it is given one; by default a login asks for
    itself."""
    payload = asked if isinstance(asked, str) else json.dumps(asked)
    by = asked_by or (str(asked.get("by")) if isinstance(asked, dict) else "")
    request_id = request_id or f"row {next(_numbers)}"
    return Request(id=request_id, kind=kind, payload=payload, asked_by=by, state=RequestState.RUNNING)


async def carry_out(steps, asked, **how) -> str:
    """What comes of it; raises what it raises."""
    request = row(asked, **how)
    return await steps.carry_out(steps.read(request), request)


async def answered(steps, asked, **how) -> tuple[str, bool]:
    """What is written back, and whether it is not done."""
    state, told = await outcome(steps, row(asked, **how))
    return told, state is not RequestState.DONE


async def outcome(steps, request: Request) -> tuple[RequestState, str]:
    """What is written back."""
    try:
        step = steps.read(request)
    except VoicedeskError as error:
        return RequestState.FAILED, str(error)
    return await carried_out(steps, step, request)


async def serve(requests, owner: str, steps, *, before=None) -> list[tuple[Request, str, bool]]:
    """Carries out what waits, one after another: what was asked, what came of it, and whether it is not done.

    `before` is awaited before each answer is written.
    """
    done = []
    for request in await requests.queued(100):
        if await requests.start([request.id], owner, 10):
            state, told = await outcome(steps, request)
            if before is not None:
                await before()
            done.append((request, told, state is not RequestState.DONE))
            await requests.finish(request.id, state, told, owner=owner)
    return done

"""How commands ask the running service, and carry out alone what must also be possible where none runs."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk.asking import Asked, Step, ask, asked
from voicedesk.errors import NotBegun
from voicedesk.run.requests import Steps
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store


async def ask_service(settings: Settings, kind: StepKind, row: Mapping[str, Any], *, look: str) -> str:
    """Asks the running service to do something, and waits for its answer, which is given back.

    `kind` says what is asked, `row` has the values for it. `look` tells the person what to look at, should nobody know
    whether it was done. Raises InputError where the service refused, OutcomeUnknown where nobody knows whether it was
    done, and NotBegun where no service runs, or where it did not begin in time.
    """
    return await _ask(settings, Asked(kind=kind, row=row, look=look))


async def ask_step(settings: Settings, step: Step) -> str:
    """What the service answers to a step. Raises as `ask_service` does."""
    return await _ask(settings, asked(step))


async def _ask(settings: Settings, what: Asked) -> str:
    async with Store.open(settings.store.url, may_write=False, now=now_us) as store:
        return await ask(store, what, asked_by=typed_by())


async def ask_or_carry_out(store: Store, step: Step, alone: Callable[[], Steps]) -> str:
    """What the service answers; where none runs, or it does not begin, the command itself carries the step out.

    `alone` gives what the service would carry it out with, so that the same is checked, kept and told.
    """
    what = asked(step)
    try:
        return await ask(store, what, asked_by=typed_by())
    except NotBegun:  # it was taken back: nobody else will begin with it
        steps = alone()
        row = json.dumps(dict(what.row), ensure_ascii=False)
        request = Request(id="", kind=what.kind, payload=row, asked_by=typed_by(), state=RequestState.RUNNING)
        return await steps.carry_out(steps.read(request), request)

"""Who may be named as the person that takes a step: a claim, a promise, a break is somebody's own."""

import difflib
from collections.abc import Collection

from voicedesk.errors import InputError
from voicedesk.settings import Settings


def acting(by: str, asked_by: str, settings: Settings, *, known: Collection[str] = ()) -> str:
    """The id of the person who takes a step, named by id or by name.

    Besides those in [[agents]]: the login that asked (`asked_by`), in its own name; whom [tickets] names; and whoever
    is `known`. Where [[agents]] lists nobody, any name holds. Raises InputError for a name that nobody has: what stands
    in a history, and who answers for a matter (S4, S9), shall be a person of the hall.
    """
    ids = [agent.id for agent in settings.agents]
    if not ids or by in ids:
        return by
    named = [agent.id for agent in settings.agents if agent.name == by.strip()]
    if len(named) == 1:
        return named[0]
    if by in (asked_by, settings.tickets.supervisor, settings.tickets.complaints_to) or by in known:
        return by
    if named:
        raise InputError(f"--by: {by!r} is the name of {len(named)} people: give an id, {' or '.join(sorted(named))}")
    near = difflib.get_close_matches(by, ids, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}?" if near else "give an id of [[agents]]"
    raise InputError(f"--by: nobody is called {by!r}: {guess} (whoever is new stands there after a reload)")

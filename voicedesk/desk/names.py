"""Names that a person types: people, phones, lines. A name that nobody knows is an error, not an empty list."""

import difflib
from collections.abc import Awaitable, Callable, Collection
from itertools import islice

from voicedesk.errors import InputError, WrongUsage
from voicedesk.phone_numbers import national_digits
from voicedesk.settings import Settings

_MOST_TOLD = 30


def people_of(settings: Settings) -> dict[str, str]:
    """People's names by their ids."""
    return {agent.id: agent.name for agent in settings.agents}


def person_id(settings: Settings, typed: str | None) -> str | None:
    """The id of whom somebody typed by id or by name; what is neither, or the name of two, is left as it is."""
    if typed is None or typed in people_of(settings):
        return typed
    named = [agent.id for agent in settings.agents if agent.name == typed.strip()]
    return named[0] if len(named) == 1 else typed


def phone_endpoint(settings: Settings, typed: str | None) -> str | None:
    """The phone that somebody typed by endpoint or by extension; what is neither, or is at two, is left as it is."""
    reached = {phone.endpoint for phone in settings.phones if typed is not None and phone.extension == typed.strip()}
    return next(iter(reached)) if len(reached) == 1 else typed


def digits_of(typed: str, settings: Settings) -> str:
    """What is compared of a number that was typed, whatever its prefixes. Raises InputError where it is none."""
    digits = national_digits(typed, settings.hall.area_code)
    if digits is None:
        raise WrongUsage(f"{typed!r} is no phone number: write it with its digits, e.g. 13800138000")
    return digits


async def check_name(
    what: str,
    name: str | None,
    configured: Collection[str],
    stored: Callable[[], Awaitable[Collection[str]]],
    *,
    show: Callable[[str], str] = str,
) -> None:
    """Raises InputError for a name that neither the settings nor what is stored know, as `check_known`.

    `stored` is read only for a name that is not configured. Where none is configured, nothing can be said of a name.
    """
    if name is not None and configured and name not in configured:
        check_known(what, name, configured, await stored(), show=show)


def check_known(what: str, name: str | None, *known: Collection[str], show: Callable[[str], str] = str) -> None:
    """Raises InputError for a name that neither the settings nor what is stored know, naming the nearest and the rest.

    `show` masks what is named. Where nothing at all is known, nothing can be said of a name.
    """
    names = sorted({one for some in known for one in some})
    if name is None or not names or name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    unknown = {
        "line": f"no line is called {name!r}",
        "line group": f"no line group is called {name!r}",
        "person": f"no person is called {name!r}",
        "phone": f"no phone is called {name!r}",
        "item": f"no item is called {name!r}",
    }.get(what, f"no filter is called {name!r}")
    told = ", ".join(map(show, islice(names, _MOST_TOLD))) + (" …" if len(names) > _MOST_TOLD else "")
    if near:
        raise InputError(f"{unknown}: did you mean {show(near[0])}? known are {told}")
    raise InputError(f"{unknown}: known are {told}")

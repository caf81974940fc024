"""Which PBX a line, a phone or an assignment is on: equal names on two PBXs are two things, and nobody guesses.

With one PBX everything is on it. With several, `pbx` is written, or follows from what is: a phone is where the lines
that name it are, an assignment where its phone is. What follows from nothing is refused: a person is never booked for
another house's call.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from voicedesk.settings.listed import AssignmentSettings, LineSettings, PhoneSettings
from voicedesk.settings.model import Settings
from voicedesk.settings.names import nearest_name
from voicedesk.settings.source import KeyPath

Problem = tuple[KeyPath, str]
Row = LineSettings | PhoneSettings | AssignmentSettings
R = TypeVar("R", PhoneSettings, AssignmentSettings)

_TABLES = ("lines", "phones", "assignments")


def with_pbx(settings: Settings) -> Settings:
    """The settings with `pbx` put in wherever it follows from what is written."""
    if len(settings.pbx) < 2:
        return settings
    phones = tuple(_put(one, _of_lines(one.endpoint, settings)) for one in settings.phones)
    settings = settings.model_copy(update={"phones": phones})
    assignments = tuple(
        _put(one, _of_phones(one.endpoint, settings) if one.endpoint else ()) for one in settings.assignments
    )
    return settings.model_copy(update={"assignments": assignments})


def _put(row: R, pbx: tuple[str, ...]) -> R:
    return row if row.pbx or not pbx else row.model_copy(update={"pbx": pbx})


def _of_lines(endpoint: str, settings: Settings) -> tuple[str, ...]:
    return _only(line.pbx for line in settings.lines if endpoint in line.phones)


def _of_phones(endpoint: str, settings: Settings) -> tuple[str, ...]:
    named = [phone.pbx for phone in settings.phones if phone.endpoint == endpoint]
    return _only(named) if named else _of_lines(endpoint, settings)


def _only(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What all of them say; nothing where they differ, or one says nothing."""
    different = {tuple(sorted(one)) for one in found}
    return different.pop() if len(different) == 1 else ()


def house_problems(settings: Settings) -> Iterator[Problem]:
    """PBXs that nobody knows, and rows of which nobody can tell the PBX; `settings` as `with_pbx` leaves them."""
    known = [pbx.name for pbx in settings.pbx]
    for table in _TABLES:
        for index, row in enumerate(getattr(settings, table)):
            for name in row.pbx:
                if name not in known:
                    yield (table, index, "pbx"), f"no [[pbx]] is called {name!r}: {_cure(name, known)}"
            if len(known) > 1 and not row.pbx and not _is_everywhere(row):
                yield (table, index), _unknown(row, known)


def _is_everywhere(row: Row) -> bool:
    """A phone outside is the same whoever dials it."""
    return isinstance(row, AssignmentSettings) and row.number is not None


def _unknown(row: Row, known: Sequence[str]) -> str:
    choice = " or ".join(f'pbx = "{name}"' for name in known)
    match row:
        case LineSettings():
            what = f"line {row.name!r}"
        case PhoneSettings():
            what = f"phone {row.endpoint!r}"
        case AssignmentSettings():
            what = f"who sits at {row.endpoint or row.member!r}"
    return f"{what} may be on any of {len(known)} PBXs, which can have equal names: add {choice}"


def _cure(name: str, known: Sequence[str]) -> str:
    close = nearest_name(name, known)
    if not known:
        return "there are none yet: write one"
    return f"did you mean {close}?" if close else f"there are {', '.join(known)}"


def phone_problems(settings: Settings) -> Iterator[Problem]:
    """Phones of lines that stand in no [[phones]] of the line's PBX, where that names any."""
    for index, line in enumerate(settings.lines):
        for pbx in places(line, settings):
            known = [phone.endpoint for phone in settings.on(pbx).phones]
            for endpoint in line.phones if known else ():
                if endpoint not in known:
                    yield ("lines", index, "phones"), no_phone(endpoint, pbx, settings, known)


def no_phone(endpoint: str, pbx: str, settings: Settings, known: Sequence[str]) -> str:
    """What is said of a phone that nobody knows, with its cure; where there are several PBXs, also on which."""
    close = nearest_name(endpoint, known)
    cure = f"did you mean {close}? Else add it to [[phones]]" if close else "add it to [[phones]] or correct it"
    if len(settings.pbx) > 1:
        return f"no phone is called {endpoint!r} on {pbx}: {cure}"
    return f"no phone is called {endpoint!r}: {cure}"


def twice(table: str, key: str, settings: Settings) -> Iterator[Problem]:
    """Names that stand twice in a table for one PBX."""
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(getattr(settings, table)):
        value = getattr(row, key)
        names = value if isinstance(value, tuple) else () if value is None else (value,)
        for pbx in places(row, settings):
            for name in names:
                if (pbx, name) in seen:
                    on = f"{name!r} is there twice on {pbx}: each may stand in one [[{table}]] only"
                    alone = f"{name!r} is there twice: each may stand in one [[{table}]] only"
                    yield (table, index, key), on if len(settings.pbx) > 1 else alone
                seen.add((pbx, name))


def places(row: Row, settings: Settings) -> tuple[str, ...]:
    """The PBXs that a row is on; with one PBX, or none, that one."""
    return row.pbx or tuple(pbx.name for pbx in settings.pbx) or ("",)

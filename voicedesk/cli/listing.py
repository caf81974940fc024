"""What every list shares: whole or said not to be, as a table, CSV or workbook; names that nobody knows are errors."""

import difflib
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from voicedesk.cli.common import complain, say, say_csv
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.sheets.comma import MARK, csv_rows
from voicedesk.sheets.model import Sheet

SCREENFUL = 50
"""So many a list shows where nobody said how many; a spreadsheet gets all."""
PAGE = 500

CsvOption = Annotated[bool, typer.Option("--csv", help="CSV, for a spreadsheet: words, local time, all of them.")]
XlsxOption = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="The same as a workbook (Excel, WPS), into this file.")
]
LimitOption = Annotated[
    int | None,
    typer.Option(min=1, max=10_000_000, help="How many at most; else 50 on the screen, and all in --csv and --xlsx."),
]

T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")


def check_forms(*, json: bool, csv: bool, xlsx: Path | None) -> None:
    """One form at a time. Raises InputError."""
    if json + csv + (xlsx is not None) > 1:
        raise InputError("--json, --csv and --xlsx are three forms of one list: give one of them")


def limit_of(limit: int | None, *, csv: bool, xlsx: Path | None) -> int | None:
    """How many to read; None: all."""
    return limit if limit is not None or csv or xlsx is not None else SCREENFUL


async def gathered(
    page: Callable[[int, K | None], Awaitable[list[T]]],
    key: Callable[[T], K],
    keep: Callable[[list[T]], Iterable[R]],
    limit: int | None,
) -> list[R]:
    """What is kept of the first `limit` of a list (None: all), read a page at a time: a year is never held as a whole.

    `page` takes how many and after which, `key` is where the next page begins.
    """
    kept: list[R] = []
    after: K | None = None
    while limit is None or len(kept) < limit:
        size = PAGE if limit is None else min(PAGE, limit - len(kept))
        found = await page(size, after)
        kept += keep(found)
        if len(found) < size:
            break
        after = key(found[-1])
    return kept


def tell_whether_whole(shown: int, there: int, *, ways: str = ", --csv or --xlsx FILE") -> None:
    """Says on standard error that a list was cut, and how to see all of it."""
    if shown < there:
        said = f"只列出 {shown} 条，共 {there} 条 only {shown} of {there} are listed"
        complain(f"{said}: for all of them give --limit {there}{ways}")


def say_zone(zone: tzinfo) -> None:
    """Whose clocks show the times of a list; to whoever looks at a screen, for what a program reads stays as it is."""
    if sys.stdout.isatty():
        say(f"时间 times: {zone}")


def export(sheet: Sheet, xlsx: Path | None) -> None:
    """Prints a table as CSV, or writes it into a workbook and says so."""
    if xlsx is not None:
        from voicedesk.sheets.workbook import write_xlsx  # only where one is wanted: no other command waits for it

        count = write_xlsx(xlsx, sheet)
        say(f"已写入 {count} 行 {count} rows: {xlsx}")
        return
    reconfigure: Any = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # whatever the terminal's language: the file is UTF-8, and begins by saying so
        reconfigure(encoding="utf-8")
    sys.stdout.write(MARK)
    say_csv(csv_rows(sheet), [column.title for column in sheet.columns])


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


def check_known(what: str, name: str | None, *known: Collection[str]) -> None:
    """Raises InputError for a name that neither the settings nor what is stored know, naming the nearest and the rest.

    Where nothing at all is known, nothing can be said of a name.
    """
    names = sorted({one for some in known for one in some})
    if name is None or not names or name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f": did you mean {near[0]}?" if near else ":"
    told = ", ".join(islice(names, 30)) + (" …" if len(names) > 30 else "")
    raise InputError(f"no {what} is called {name!r}{guess} known are {told}")

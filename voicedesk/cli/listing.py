"""What every list of a command shares: its forms (table, JSON, CSV, workbook), and whether it is whole."""

import sys
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size

from voicedesk.cli.common import complain, path_of, say, say_as_it_is, say_csv
from voicedesk.english_counts import counted
from voicedesk.errors import WrongUsage
from voicedesk.log import printable
from voicedesk.sheets.comma import MARK, csv_rows
from voicedesk.sheets.model import Sheet
from voicedesk.words import colon, in_both

SCREENFUL = 50
"""So many a list shows where nobody said how many; a spreadsheet gets all."""

CsvOption = Annotated[bool, typer.Option("--csv", help="CSV, for a spreadsheet: words, local time, all of them.")]
XlsxOption = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", help="The same as a workbook (Excel, WPS), into this file.", parser=path_of),
]
LimitOption = Annotated[
    int | None,
    typer.Option(min=1, max=10_000_000, help="How many at most; else 50 on the screen, and all in --csv and --xlsx."),
]


def check_forms(*, json: bool, csv: bool, xlsx: Path | None) -> None:
    """One form at a time. Raises InputError."""
    if json + csv + (xlsx is not None) > 1:
        raise WrongUsage("--json, --csv and --xlsx are three forms of one list: give one of them")


def limit_of(limit: int | None, *, csv: bool, xlsx: Path | None) -> int | None:
    """How many to read; None: all."""
    return limit if limit is not None or csv or xlsx is not None else SCREENFUL


def tell_whether_whole(shown: int, there: int, *, has_files: bool = True) -> None:
    """Says on standard error that a list was cut, and how to see all of it."""
    if shown < there:
        said = in_both(f"只列出 {shown} 条，共 {there} 条", f"only {shown} of {there} are listed")
        more = f"{said}: for all of them give --limit {there}"
        complain(f"{more}, --csv or --xlsx FILE" if has_files else more)


def tell_none(empty: tuple[str, str], fits: tuple[str, str], *, is_filtered: bool) -> None:
    """Says on standard error that there is nothing at all, or nothing that fits what the list was asked for."""
    complain(in_both(*(fits if is_filtered else empty)))


def say_zone(zone: tzinfo) -> None:
    """Whose clocks show the times of a list; to whoever looks at a screen, for what a program reads stays as it is."""
    if sys.stdout.isatty():
        say(f"时间 times: {zone}")


def say_table(titles: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """A list with a title over each column, one line a row: nothing is cut, the last column is as long as it is."""
    lines = [[in_both(*title) for title in titles], *(list(map(printable, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (set_cell_size(cell, width) for cell, width in zip(line[:-1], widths[:-1], strict=True))
        say_as_it_is("  ".join([*cells, line[-1]]).rstrip())


def export(sheet: Sheet, xlsx: Path | None) -> None:
    """Prints a table as CSV, or writes it into a workbook and says so."""
    if xlsx is not None:
        from voicedesk.sheets.workbook import write_xlsx  # only where one is wanted: no other command waits for it

        count = write_xlsx(xlsx, sheet)
        told = in_both(f"已写入 {count} 行", f"{counted(count, 'rows')} written")
        say_as_it_is(f"{told}{colon()}{xlsx}")
        return
    reconfigure: Any = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # whatever the terminal's language: the file is UTF-8, and begins by saying so
        reconfigure(encoding="utf-8")
    sys.stdout.write(MARK)
    say_csv(csv_rows(sheet), [column.title for column in sheet.columns])

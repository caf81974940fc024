"""What every list of a command shares: its forms (table, JSON, CSV, workbook), and whether it is whole."""

import sys
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.cli.common import complain, path_of, say, say_csv
from voicedesk.errors import WrongUsage
from voicedesk.sheets.comma import MARK, csv_rows
from voicedesk.sheets.model import Sheet
from voicedesk.words import in_both

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

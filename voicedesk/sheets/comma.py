"""A table as CSV that a spreadsheet opens by a double click: no text is ever a formula, and none becomes a number."""

import re
from collections.abc import Iterator
from datetime import datetime

from voicedesk.log import printable_lines
from voicedesk.sheets.model import Cell, Sheet

MARK = "\ufeff"
"""By this at the beginning of a CSV file a spreadsheet knows that it is UTF-8."""
TIME = "%Y-%m-%d %H:%M:%S"
_FORMULAS = ("=", "+", "-", "@")
_DANGEROUS = ("\t", "\r", "\n")
_WIDE = str.maketrans("＝＋－＠", "=+-@")
"""Some spreadsheets take these for the narrow ones."""
_LIKE_A_NUMBER = re.compile(
    r"\s*(?:0[0-9]+|[0-9]{10,}|[0-9.]+[eE][0-9]+|[0-9]{1,4}[-/][0-9]{1,2}(?:[-/][0-9]{1,4})?)\s*"
)
"""What a spreadsheet would show as another value: without its 0, as 1.38E+10, as a date."""


def csv_rows(sheet: Sheet) -> Iterator[dict[str, Cell]]:
    """The rows of a CSV file by their columns' titles, all of them inert.

    A text that looks like a number ends with a tab, which people do not see: so the spreadsheet leaves it as it is.
    """
    titles = [column.title for column in sheet.columns]
    for row in sheet.rows:
        yield dict(zip(titles, map(_csv_cell, row), strict=True))


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before one that it would."""
    return f"'{text}" if is_dangerous(text) else text


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula."""
    return text[:1] in _DANGEROUS or text.lstrip()[:1].translate(_WIDE) in _FORMULAS


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.strftime(TIME)
    if not isinstance(cell, str):
        return cell
    text = plain(cell)
    return f"{text}\t" if _LIKE_A_NUMBER.fullmatch(text) else inert(text)


def plain(text: str) -> str:
    """A text that can be written and shown: what a terminal obeys or nobody sees is written out; lines and tabs stay.

    Half a character of a broken name cannot be written at all, and a bare CR would begin a row.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", errors="replace").decode("utf-8")
    return "\t".join(printable_lines(part) for part in whole.split("\t"))

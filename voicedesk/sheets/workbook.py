"""A table as a workbook (.xlsx) for Excel and WPS: times are times, and every text stays the text it is."""

import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from voicedesk.errors import InputError, reason_of
from voicedesk.plain_files import check_gives_way
from voicedesk.sheets.comma import is_dangerous, plain
from voicedesk.sheets.model import Kind, Sheet

MOST_ROWS = 1_048_575
"""What a sheet of a workbook holds, below its titles."""
_BEGINS = b"PK"  # a workbook is a ZIP file


def write_xlsx(path: Path, sheet: Sheet) -> int:
    """Writes a workbook, whole or not at all; how many rows. Raises InputError where it cannot be written."""
    try:
        check_gives_way(path, _BEGINS)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason_of(error)}") from error
    partial = Path(name)
    try:
        count = _write(partial, sheet)
        partial.replace(path)
    except (OSError, XlsxWriterException) as error:
        raise InputError(f"{path}: cannot be written: {reason_of(error)}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return count


def _write(path: Path, sheet: Sheet) -> int:
    """One row after the other: a year's calls are never in memory as a whole."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(path, {**options, "strings_to_urls": False})
    page = book.add_worksheet(sheet.name)
    bold = book.add_format({"bold": True, "text_wrap": True})
    forms = {
        Kind.TEXT: book.add_format({"num_format": "@"}),
        Kind.TIME: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        Kind.SECONDS: book.add_format({"num_format": "0.0##"}),
        Kind.COUNT: book.add_format({"num_format": "0"}),
    }
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
    page.freeze_panes(1, 0)
    for number, column in enumerate(sheet.columns):
        page.write_string(0, number, column.title, bold)
    count = 0
    for count, row in enumerate(sheet.rows, 1):
        if count > MOST_ROWS:
            raise InputError(f"{path.name}: more than {MOST_ROWS} rows do not go into a sheet: take a shorter period")
        for number, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                page.write_string(count, number, plain(cell), quoted if is_dangerous(cell) else forms[Kind.TEXT])
            elif isinstance(cell, datetime):
                page.write_datetime(count, number, cell, forms[Kind.TIME])
            else:
                page.write_number(count, number, cell, forms[column.kind])
    page.autofilter(0, 0, count, len(sheet.columns) - 1)
    book.close()
    return count

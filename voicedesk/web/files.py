"""Lists as files: CSV and workbooks of what a page shows, made in a file that has no name and is gone afterwards."""

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.responses import Response

from voicedesk.sheets.comma import MARK, csv_rows
from voicedesk.sheets.model import Sheet
from voicedesk.sheets.workbook import write_xlsx

MOST_ROWS = 20_000
"""Rows of one file: two years of a small hall; the command `voicedesk calls list --xlsx` has no such limit."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def file_of(sheet: Sheet, name: str, form: str) -> Response:
    """The table as `csv` or `xlsx`, to be kept under a name."""
    if form == "xlsx":
        return _answer(await asyncio.to_thread(_workbook, sheet), XLSX, f"{name}.xlsx")
    return _answer(await asyncio.to_thread(_comma, sheet), "text/csv; charset=utf-8", f"{name}.csv")


def json_of(rows: Iterable[Any]) -> Response:
    """The rows as other programs read them."""
    text = json.dumps(list(rows), ensure_ascii=False, allow_nan=False)
    return Response(text, media_type="application/json")


def _answer(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _workbook(sheet: Sheet) -> bytes:
    with tempfile.TemporaryDirectory(prefix="voicedesk-") as folder:
        path = Path(folder) / "list.xlsx"
        write_xlsx(path, sheet)
        return path.read_bytes()


def _comma(sheet: Sheet) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.title for column in sheet.columns])
    writer.writeheader()
    writer.writerows(csv_rows(sheet))
    return (MARK + text.getvalue()).encode("utf-8")

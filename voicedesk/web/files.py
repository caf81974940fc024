"""Lists as files: CSV, workbooks and JSON of what a page shows.

Rows are read a page at a time and written into a file that loses its name before it is sent: no list is ever in memory
as a whole, and nothing is left on the disk, however a download ends.
"""

import asyncio
import csv
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from starlette.responses import Response, StreamingResponse

from voicedesk.sheets.comma import MARK, csv_rows
from voicedesk.sheets.model import Sheet
from voicedesk.sheets.workbook import write_xlsx

MOST_ROWS = 20_000
"""Rows of one file: two years of a small hall; the command `voicedesk calls list --xlsx` has no such limit."""
_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
_CHUNK_BYTES = 64 * 1024

T = TypeVar("T")
Pages = AsyncIterator[Sequence[T]]
"""Rows, some at a time."""


async def file_of(pages: Pages[T], sheet_of: Callable[[Iterable[T]], Sheet], name: str, form: str) -> Response:
    """The rows as `csv` or `xlsx`, to be kept under a name."""

    def write(path: Path, rows: Iterator[T]) -> None:
        (write_xlsx if form == "xlsx" else _write_csv)(path, sheet_of(rows))

    kept = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(_sent(await _made(pages, write)), media_type=_KINDS[form], headers=kept)


async def json_of(pages: Pages[T], plain: Callable[[T], Any]) -> Response:
    """The rows as other programs read them."""

    def write(path: Path, rows: Iterator[T]) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write("[")
            for n, row in enumerate(rows):
                file.write((", " if n else "") + json.dumps(plain(row), ensure_ascii=False, allow_nan=False))
            file.write("]")

    return StreamingResponse(_sent(await _made(pages, write)), media_type=_KINDS["json"])


async def _made(pages: Pages[T], write: Callable[[Path, Iterator[T]], None]) -> BinaryIO:
    """A file without a name that has all rows. It is made whole before any of it is sent: no download ends too soon."""
    loop = asyncio.get_running_loop()

    def rows() -> Iterator[T]:
        while (some := asyncio.run_coroutine_threadsafe(_next(pages), loop).result()) is not None:
            yield from some

    def make() -> BinaryIO:
        with tempfile.TemporaryDirectory(prefix="voicedesk-") as folder:
            path = Path(folder) / "list"
            write(path, rows())
            return path.open("rb")

    return await asyncio.to_thread(make)


async def _next(pages: Pages[T]) -> Sequence[T] | None:
    return await anext(pages, None)


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _write_csv(path: Path, sheet: Sheet) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(MARK)
        writer = csv.DictWriter(file, [column.title for column in sheet.columns])
        writer.writeheader()
        writer.writerows(csv_rows(sheet))

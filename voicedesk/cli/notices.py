"""`voicedesk notices`: what callers were told by the IVR (咨询台账), by the code they took away."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from voicedesk.catalogue.model import Part, part_name
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    path_of,
    say,
    say_as_it_is,
    say_json,
    say_lines,
    settings_of,
    span,
    wait,
)
from voicedesk.cli.listing import (
    CsvOption,
    LimitOption,
    XlsxOption,
    check_forms,
    export,
    limit_of,
    say_zone,
    tell_none,
    tell_whether_whole,
)
from voicedesk.desk import consultations as desk
from voicedesk.desk.consultations import ConsultationRow, consultation_json
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.errors import InputError, reason_of
from voicedesk.hall.prompts import catalogue_of
from voicedesk.ivr.words import IVR_REQUESTS
from voicedesk.jobs.telling.in_writing import sheet_of
from voicedesk.language.translate import worded
from voicedesk.plain_files import check_gives_way
from voicedesk.settings import Settings
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.notices import notice_columns, notices_sheet
from voicedesk.store.consultations import ConsultationFilter
from voicedesk.store.store import Store
from voicedesk.words import aside, both, comma, in_both

R = TypeVar("R")

app = typer.Typer(help="What callers were told in one go, with proof (S5, S8).", no_args_is_help=True)

CodeArgument = Annotated[str, typer.Argument(help="The code that the caller took away.", metavar="CODE")]
UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show whole numbers.")]


@app.command("list")
def list_notices(
    item: Annotated[str | None, typer.Option(help="Only with this item, by its id.")] = None,
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    unmask: UnmaskOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
) -> None:
    """List what callers were told, newest first; with --csv or --xlsx all of it, as the ledger of enquiries (咨询台账).

    Example: `voicedesk notices list --item work_injury --from 2026-11-01 --xlsx ledger.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    zone = settings.hall.zone
    from_at, to_at = span(since, until, zone)
    which = ConsultationFilter(item=item, line=line, from_at=from_at, to_at=to_at)
    most = limit_of(limit, csv=csv, xlsx=xlsx)
    viewer = replace(AT_THE_MACHINE, may_see_numbers=unmask)
    if csv or xlsx is not None:

        def cells(rows: list[ConsultationRow]) -> Iterable[tuple[Cell, ...]]:
            return notices_sheet((row.stored for row in rows), zone, unmask=True).rows

        made, there = wait(_list(settings, viewer, which, most, cells))
        export(Sheet(name=worded("Ledger of enquiries"), columns=notice_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, viewer, which, most, lambda rows: rows))
    if json:
        say_json([consultation_json(row) for row in found])
    elif not found:
        fits = ("没有符合条件的告知记录", "no notice fits")
        is_filtered = which != ConsultationFilter()
        tell_none(("没有告知记录", "nobody was told anything"), fits, is_filtered=is_filtered)
    else:
        _say_list(found, zone)
    tell_whether_whole(len(found), there)


def _say_list(found: list[ConsultationRow], zone: tzinfo) -> None:
    say_zone(zone)
    for row in found:
        walk = row.stored.consultation
        number, told = row.stored.caller_number or "-", comma().join(row.told) or "-"
        say_as_it_is(f"{local_time(walk.started_at, zone)}  {walk.code}  {number}  {row.exit}  {told}")


@app.command()
def show(
    code: CodeArgument, unmask: UnmaskOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show one caller's walk: which version of which item, which parts to their end, requests, keys, the hang-up.

    Example: `voicedesk notices show 12345671`
    """
    settings = settings_of(config)
    row = wait(_get(settings, replace(AT_THE_MACHINE, may_see_numbers=unmask), code))
    if json:
        say_json(consultation_json(row))
        return
    one, zone, walk = row.stored, settings.hall.zone, row.stored.consultation
    say_as_it_is(f"{walk.code}  {local_time(walk.started_at, zone)}  {one.line or '-'}  {one.caller_number or '-'}")
    say(f"  {row.entry} → {row.exit}  {local_time(walk.ended_at, zone)} {aside(str(row.state))}")
    for notice in walk.notices:
        version = f"  {notice.name}，版本 version {notice.version}"
        say(f"{version}  {in_both('慢速', 'slow')}" if notice.slow else version)
        for part in notice.parts:
            mark = "✓" if part.is_complete else "✗"
            say_as_it_is(f"    {mark} {part_name(Part(part.part))}  {part.finished}/{part.sentences}")
    for request in one.requests:
        number, settled = request.asked.number or "-", request.outcome or in_both("待处理", "open")
        say(f"  {both(IVR_REQUESTS, request.asked.kind)}  {number}  {settled}")
    keys = " ".join(f"{local_time(key.at, zone, '%H:%M:%S')}={key.key}" for key in walk.keys)
    say(f"  按键 keys: {keys or '-'}")


@app.command()
def sheet(
    code: CodeArgument,
    output: Annotated[
        Path | None, typer.Option(help="Write it there; else to standard output.", parser=path_of, metavar="PATH")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a sheet to print of what was told under a code: HTML, complete in itself, without personal data (S8).

    Example: `voicedesk notices sheet 12345671 --output sheet.html`
    """
    settings = settings_of(config)
    stored = wait(_get(settings, AT_THE_MACHINE, code)).stored
    page = sheet_of(stored, catalogue_of(settings), settings.hall.name, settings.hall.zone)
    if output is None:
        say_lines(page)
        return
    try:
        check_gives_way(output, b"<!doctype html>")
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {reason_of(error)}") from error


async def _list(
    settings: Settings,
    viewer: Viewer,
    which: ConsultationFilter,
    limit: int | None,
    keep: Callable[[list[ConsultationRow]], Iterable[R]],
) -> tuple[list[R], int]:
    """What is kept of the ledger, and how much there is."""
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = await desk.consultations(store, settings, viewer, which)
        return await listing.kept(limit, keep)


async def _get(settings: Settings, viewer: Viewer, code: str) -> ConsultationRow:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.consultation(store, viewer, code)

"""`voicedesk notices`: what callers were told by the IVR (咨询台账), by the code they took away."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from voicedesk.catalogue.model import PART_NAMES, Part
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    complain,
    local_time,
    moment,
    say,
    say_json,
    say_lines,
    settings_of,
    wait,
)
from voicedesk.cli.listing import (
    CsvOption,
    LimitOption,
    XlsxOption,
    check_forms,
    check_known,
    export,
    gathered,
    limit_of,
    say_zone,
    tell_whether_whole,
)
from voicedesk.clock import to_seconds
from voicedesk.errors import InputError
from voicedesk.hall.prompts import catalogue_of
from voicedesk.ivr.model import NoticeHeard
from voicedesk.ivr.words import IVR_ENTRIES, IVR_EXITS, IVR_REQUESTS, IVR_STATES
from voicedesk.jobs.telling.in_writing import sheet_of
from voicedesk.phone_numbers import mask
from voicedesk.settings import Settings
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.notices import notice_columns, notices_sheet
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation
from voicedesk.store.store import Store
from voicedesk.words import both

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
    which = ConsultationFilter(item=item, line=line, from_at=moment(since, zone), to_at=moment(until, zone))
    most = limit_of(limit, csv=csv, xlsx=xlsx)
    if csv or xlsx is not None:

        def rows(some: list[StoredConsultation]) -> Iterable[tuple[Cell, ...]]:
            return notices_sheet(some, zone, unmask=unmask).rows

        made, there = wait(_list(settings, which, most, rows))
        export(Sheet(name="咨询台账", columns=notice_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, which, most, lambda some: some))
    if json:
        say_json([as_plain(one, unmask=unmask) for one in found])
    elif not found:
        complain("没有告知记录 nobody was told anything")
    else:
        _say_list(found, zone, unmask=unmask)
    tell_whether_whole(len(found), there)


def _say_list(found: list[StoredConsultation], zone: tzinfo, *, unmask: bool) -> None:
    say_zone(zone)
    for one in found:
        walk = one.consultation
        told = "，".join(_in_short(notice) for notice in walk.notices) or "-"
        number = one.caller_number or "-"
        when = local_time(walk.started_at, zone)
        say(f"{when}  {walk.code}  {number if unmask else mask(number)}  {_exit(walk.exit)}  {told}")


@app.command()
def show(
    code: CodeArgument, unmask: UnmaskOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show one caller's walk: which version of which item, which parts to their end, requests, keys, the hang-up.

    Example: `voicedesk notices show 12345671`
    """
    settings = settings_of(config)
    one = wait(_get(settings, code))
    if json:
        say_json(as_plain(one, unmask=unmask))
        return
    zone, walk = settings.hall.zone, one.consultation
    number = one.caller_number or "-"
    say(f"{walk.code}  {local_time(walk.started_at, zone)}  {one.line or '-'}  {number if unmask else mask(number)}")
    way = f"{both(IVR_ENTRIES, walk.entry)} → {_exit(walk.exit)}"
    say(f"  {way}  {local_time(walk.ended_at, zone)}  （{both(IVR_STATES, walk.state)}）")
    for notice in walk.notices:
        say(f"  {notice.name}，版本 version {notice.version}{'，慢速 slow' if notice.slow else ''}")
        for part in notice.parts:
            mark = "✓" if part.is_complete else "✗"
            say(f"    {mark} {PART_NAMES[Part(part.part)]}  {part.finished}/{part.sentences}")
    for request in one.requests:
        number = request.asked.number or "-"
        settled = request.outcome or "待处理 open"
        say(f"  {both(IVR_REQUESTS, request.asked.kind)}  {number if unmask else mask(number)}  {settled}")
    keys = " ".join(f"{local_time(key.at, zone, '%H:%M:%S')}={key.key}" for key in walk.keys)
    say(f"  按键 keys: {keys or '-'}")


@app.command()
def sheet(
    code: CodeArgument,
    output: Annotated[Path | None, typer.Option(help="Write it there; else to standard output.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a sheet to print of what was told under a code: HTML, complete in itself, without personal data (S8).

    Example: `voicedesk notices sheet 12345671 --output sheet.html`
    """
    settings = settings_of(config)
    page = sheet_of(wait(_get(settings, code)), catalogue_of(settings), settings.hall.name, settings.hall.zone)
    if output is None:
        say_lines(page)
        return
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}") from error


async def _list(
    settings: Settings,
    which: ConsultationFilter,
    limit: int | None,
    keep: Callable[[list[StoredConsultation]], Iterable[R]],
) -> tuple[list[R], int]:
    """What is kept of the ledger, and how much there is."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        lines = {line.name for line in settings.lines}
        if which.line is not None and which.line not in lines and lines:
            check_known("line", which.line, lines, await store.consultations.known("line"))
        if which.item is not None:
            kept = catalogue_of(settings)
            written = {item.id for item in (*kept.items, *kept.versions)}
            check_known("item", which.item, written, await store.consultations.items())
        made = await gathered(
            lambda size, after: store.consultations.list(which, limit=size, after=after),
            lambda one: (one.consultation.started_at, one.consultation.code),
            keep,
            limit,
        )
        return made, await store.consultations.count(which)


async def _get(settings: Settings, code: str) -> StoredConsultation:
    async with Store.open(settings.store.url, upgrade=False) as store:
        found = await store.consultations.get(code)
    if found is None:
        raise InputError(f"nobody was given the code {code!r}: it has eight digits, see voicedesk notices list")
    return found


def _exit(how: str | None) -> str:
    return both(IVR_EXITS, how or "")


def _in_short(notice: NoticeHeard) -> str:
    done = sum(part.is_complete for part in notice.parts)
    return notice.name if notice.is_complete else f"{notice.name} {done}/{len(notice.parts)}"


def as_plain(one: StoredConsultation, *, unmask: bool) -> dict[str, Any]:
    """A consultation as plain values; instants in epoch seconds."""

    def number(text: str | None) -> str | None:
        return text if unmask or text is None else mask(text)

    walk = asdict(one.consultation)
    for name in ("started_at", "ended_at"):
        walk[name] = to_seconds(walk[name])
    for told, plain in zip(one.consultation.notices, walk["notices"], strict=True):
        plain.update(started_at=to_seconds(told.started_at), ended_at=to_seconds(told.ended_at))
        plain["is_complete"] = told.is_complete
    walk["keys"] = [{"at": to_seconds(key.at), "state": key.state, "key": key.key} for key in one.consultation.keys]
    walk["sms_to"] = number(one.consultation.sms_to)
    walk["requests"] = [
        {
            "kind": request.asked.kind,
            "at": to_seconds(request.asked.at),
            "number": number(request.asked.number),
            "file": request.asked.file,
            "seconds": request.asked.seconds,
            "earlier": request.asked.earlier,
            "settled_at": to_seconds(request.settled_at),
            "outcome": request.outcome,
        }
        for request in one.requests
    ]
    about = {"pbx": one.pbx, "uniqueid": one.uniqueid, "call_id": one.call_id, "line": one.line}
    return {**walk, **about, "caller_number": number(one.caller_number), "sms_outcome": one.sms_outcome}

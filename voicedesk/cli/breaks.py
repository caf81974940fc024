"""`voicedesk breaks`: a phone is paused with a reason, and rung again (离岗, S11)."""

from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from voicedesk.cli.asking import ask_step
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    say_answer,
    say_as_it_is,
    say_json,
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
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk import breaks as desk
from voicedesk.desk.breaks import BreakRow, break_json
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.phones.steps import BreakStep, StartBreak, StopBreak
from voicedesk.settings import Settings
from voicedesk.sheets.breaks import breaks_sheet
from voicedesk.store.store import Store
from voicedesk.words import aside, in_both

app = typer.Typer(help="Breaks: phones that are paused in their queues (离岗, S11).", no_args_is_help=True)

PhoneArgument = Annotated[
    str | None, typer.Argument(help="The phone, by endpoint or extension; else where --by sits now.", metavar="PHONE")
]
PbxOption = Annotated[str | None, typer.Option("--pbx", help="On which [[pbx]] the phone is, where several have it.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it, by [[agents]] id; else your login.")]


@app.command()
def start(  # each is an option of the command
    phone: PhoneArgument = None,
    by: ByOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a word or two.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also if it is the last free phone of a line in duty hours.")
    ] = False,
    pbx: PbxOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Pause a phone in all its queues: no caller rings it until it is back.

    Example: `voicedesk breaks start 6001 --reason 午餐 --by zhang`
    """
    step = StartBreak(by=by or typed_by(), phone=phone, pbx=pbx, reason=reason, anyway=anyway)
    _ask(config, step, json=json)


@app.command()
def stop(
    phone: PhoneArgument = None,
    by: ByOption = None,
    pbx: PbxOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """End a break: callers ring the phone again.

    Example: `voicedesk breaks stop --by zhang`
    """
    _ask(config, StopBreak(by=by or typed_by(), phone=phone, pbx=pbx), json=json)


@app.command("list")
def list_breaks(  # each is an option of the command
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too, the newest first.")] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
) -> None:
    """List who is on a break now, since when and why; with --all (or a period) also breaks that are over.

    Example: `voicedesk breaks list --all --from 2026-11-26 --xlsx breaks.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    zone = settings.hall.zone
    period = span(since, until, zone)
    most = limit_of(limit, csv=csv, xlsx=xlsx)
    is_all = everything or period != (None, None)
    found, there = wait(_list(settings, period, most, is_all=is_all))
    if csv or xlsx is not None:
        pauses = (row.pause for row in found)
        export(breaks_sheet(pauses, zone, names=people_of(settings), now=now_us()), xlsx)
    elif json:
        say_json([break_json(row) for row in found])
    elif not found:
        fits, is_filtered = ("没有符合条件的离岗记录", "no break fits"), period != (None, None)
        empty = ("没有离岗记录", "no breaks") if is_all else ("无人离岗", "nobody is on a break")
        tell_none(empty, fits, is_filtered=is_filtered)
    else:
        say_zone(zone)
        for row in found:
            say_as_it_is(_line(row, zone, people_of(settings)))
    tell_whether_whole(len(found), there)


def _line(row: BreakRow, zone: tzinfo, names: dict[str, str]) -> str:
    one = row.pause
    until = in_both("至今", "now") if one.to_at is None else local_time(one.to_at, zone, "%H:%M")
    unseen = "" if one.end_seen else aside(in_both("结束时刻未被看到", "end not seen"))
    person = names.get(one.agent, one.agent) if one.agent else in_both("未排班", "nobody")
    who = f"{one.endpoint}  {person}  {one.reason or in_both('未说明', 'no reason')}  {row.source}"
    long = f"{row.minutes:.0f} {in_both('分钟', 'min')}"
    return f"{local_time(one.from_at, zone, '%m-%d %H:%M')}–{until}  {long}  {who}{unseen}"


def _ask(config: Path | None, step: BreakStep, *, json: bool) -> None:
    answer = wait(ask_step(settings_of(config), step))
    say_json({"answer": answer}) if json else say_answer(answer)


async def _list(
    settings: Settings, period: tuple[int | None, int | None], limit: int | None, *, is_all: bool
) -> tuple[list[BreakRow], int]:
    since, until = period
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = desk.breaks(store, settings, AT_THE_MACHINE, now=now_us(), is_all=is_all, since=since, until=until)
        return await listing.kept(limit, lambda rows: rows)

"""`voicedesk tickets`: what the hall owes somebody an end of (工单): callbacks, referrals, complaints, home visits."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import tzinfo
from typing import Annotated, TypeVar

import typer

from voicedesk.cli import ticket_steps
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    say,
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
    say_table,
    say_zone,
    tell_none,
    tell_whether_whole,
)
from voicedesk.cli.ticket_steps import TicketArgument, try_words
from voicedesk.clock import now_us
from voicedesk.desk import tickets as desk
from voicedesk.desk.names import people_of, person_id
from voicedesk.desk.tickets import TicketRow, TicketShown, attempt_json, ticket_json
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.language.translate import worded
from voicedesk.settings import Settings
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.tickets import ticket_columns, tickets_sheet
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.tickets.figures import CallbackFigures, Share
from voicedesk.tickets.model import Kind
from voicedesk.tickets.words import TICKET_KINDS, TICKET_MOVES, note_words
from voicedesk.words import both, comma, in_both

R = TypeVar("R")

app = typer.Typer(help="Callbacks, referrals, complaints and home visits (S1, S4, S8, S9).", no_args_is_help=True)

UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show whole numbers and names.")]


@app.command("list")
def list_tickets(  # each is an option of the command
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
    group: Annotated[str | None, typer.Option(help="Only this line group.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this person holds.")] = None,
    number: Annotated[str | None, typer.Option(help="Only of this citizen, however the number is written.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    unmask: UnmaskOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
) -> None:
    """List tickets without an end, what is due first in front; with --csv or --xlsx all of them.

    Example: `voicedesk tickets list --kind callback --all --xlsx callbacks.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    zone = settings.hall.zone
    opened_from, opened_to = span(since, until, zone)
    which = TicketFilter(
        kind=kind,
        group=group,
        owner=person_id(settings, owner),
        is_closed=None if everything else False,
        opened_from=opened_from,
        opened_to=opened_to,
    )
    now, most = now_us(), limit_of(limit, csv=csv, xlsx=xlsx)
    if csv or xlsx is not None:
        names = people_of(settings)

        def cells(rows: list[TicketRow]) -> Iterable[tuple[Cell, ...]]:
            return tickets_sheet((row.ticket for row in rows), zone, names=names, now=now, unmask=True).rows

        made, there = wait(_list(settings, _viewer(unmask), which, number, most, cells, now))
        export(Sheet(name=worded("Tickets"), columns=ticket_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, _viewer(unmask), which, number, most, lambda rows: rows, now))
    if json:
        say_json([ticket_json(row) for row in found])
    elif not found:
        is_filtered = number is not None or which != TicketFilter(is_closed=which.is_closed)
        tell_none(("没有工单", "no tickets"), ("没有符合条件的工单", "no ticket fits"), is_filtered=is_filtered)
    else:
        _say_list(found, zone)
    tell_whether_whole(len(found), there)


def _viewer(unmask: bool) -> Viewer:
    return replace(AT_THE_MACHINE, may_see_numbers=unmask)


_TITLES = (
    *(("编号", "id"), ("期限", "due"), ("类别", "kind"), ("线路", "group"), ("号码", "number")),
    *(("状态", "state"), ("办理人", "owner"), ("备注", "remarks")),
)


def _say_list(found: list[TicketRow], zone: tzinfo) -> None:
    say_zone(zone)
    say_table(_TITLES, (_cells(row, zone) for row in found))


def _cells(row: TicketRow, zone: tzinfo) -> tuple[str, ...]:
    one = row.ticket
    remarks = []
    if row.again_at is not None:
        remarks.append(f"{in_both('再拨', 'again')} {local_time(row.again_at, zone, '%m-%d %H:%M')}")
    if row.is_late:
        remarks.append(in_both("超时", "LATE"))
    if one.is_to_be_told:
        remarks.append(in_both("待告知延期", "tell the citizen"))
    return (
        one.id[:8],
        local_time(one.due_at, zone, "%m-%d %H:%M"),
        both(TICKET_KINDS, one.kind),
        one.group,
        one.number or in_both("隐藏号码", "withheld"),
        str(row.state),
        row.owner_name or "-",
        comma().join(remarks),
    )


@app.command()
def show(
    ticket: TicketArgument, unmask: UnmaskOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show a ticket: every step with its date, and every call placed for it.

    Example: `voicedesk tickets show 3f2a`
    """
    settings = settings_of(config)
    shown = wait(_show(settings, ticket, _viewer(unmask)))
    if json:
        placed = [attempt_json(one) for one in shown.attempts]
        say_json({**ticket_json(shown.row), "attempts": placed})
        return
    _say_one(shown, settings.hall.zone)


for _step in (
    *(ticket_steps.claim, ticket_steps.release, ticket_steps.dial, ticket_steps.refer, ticket_steps.register),
    *(ticket_steps.confirm, ticket_steps.report, ticket_steps.postpone, ticket_steps.told, ticket_steps.settle),
    ticket_steps.close,
):
    app.command()(_step)


@app.command()
def figures(
    since: FromOption = None, until: ToOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show how soon, how often in time and how often at all citizens were reached; docs/tickets.md has the formulas.

    Example: `voicedesk tickets figures --from 2026-11-01`
    """
    settings = settings_of(config)
    zone = settings.hall.zone
    opened_from, opened_to = span(since, until, zone)
    which = TicketFilter(kind=Kind.CALLBACK, opened_from=opened_from, opened_to=opened_to)
    found = wait(_figures(settings, which))
    shares = {"within_deadline": found.within_deadline, "reached": found.reached}
    if json:
        plain = {key: value for key, value in asdict(found).items() if key not in (*shares, "time_to_call_back_us")}
        time = found.time_to_call_back_us
        plain["time_to_call_back_seconds"] = None if time is None else time / 1e6
        say_json({**plain, **{key: asdict(share) | {"value": share.value} for key, share in shares.items()}})
        return
    minutes = "-" if found.time_to_call_back_us is None else f"{found.time_to_call_back_us / 60e6:.0f}"
    say(f"回拨用时（中位数，分钟） time to call back, median minutes: {minutes}")
    say(f"期限内 within the deadline: {_share(found.within_deadline)}")
    say(f"已接通 reached: {_share(found.reached)}")
    say(f"未办结 still open: {found.still_open}   无法回拨 uncallable: {found.uncallable}")
    say(f"随后即接通，不计 answered moments later, not counted: {found.answered_moments_later}")


def _share(share: Share) -> str:
    value = share.value
    return "-" if value is None else f"{value:.1%} ({share.part}/{share.whole})"


async def _list(  # what a list is made of
    settings: Settings,
    viewer: Viewer,
    which: TicketFilter,
    number: str | None,
    limit: int | None,
    keep: Callable[[list[TicketRow]], Iterable[R]],
    now: int,
) -> tuple[list[R], int]:
    """What is kept of the tickets, and how many there are."""
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = await desk.tickets(store, settings, viewer, which, now=now, number=number)
        return await listing.kept(limit, keep)


async def _show(settings: Settings, ticket_id: str, viewer: Viewer) -> TicketShown:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.ticket(store, settings, viewer, ticket_id, now=now_us())


async def _figures(settings: Settings, which: TicketFilter) -> CallbackFigures:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.figures(store, which, now=now_us())


def _say_one(shown: TicketShown, zone: tzinfo) -> None:
    row, ticket = shown.row, shown.row.ticket
    say_as_it_is(f"{both(TICKET_KINDS, ticket.kind)}  {ticket.id}  {row.state}")
    number = ticket.number or in_both("隐藏", "withheld")
    say(f"线路 group {ticket.group}   号码 number {number}   办理人 owner {row.owner_name or '-'}")
    if ticket.responsible and ticket.responsible != ticket.owner:
        say(f"负责人 responsible {row.responsible_name}")
    if ticket.matter:
        matter = f"{ticket.matter}   {ticket.citizen} {ticket.unit}".rstrip()
        say(f"事由 matter: {matter}")
    due = local_time(ticket.due_at, zone, "%Y-%m-%d %H:%M")
    promised = local_time(ticket.promised_at, zone, "%Y-%m-%d %H:%M")
    say(f"期限 due {due}   原期限 promised {promised}")
    if ticket.late_reason:
        say(f"延期原因 why later {ticket.late_reason}")
        say(f"告知市民 citizen told {local_time(ticket.told_at, zone, '%Y-%m-%d %H:%M') or in_both('尚未', 'not yet')}")
    for key, value in (
        (in_both("录音", "message"), ticket.recording),
        (in_both("告知编号", "notices"), " ".join(ticket.codes)),
    ):
        if value:
            say(f"{key}: {value}")
    for entry in ticket.history:
        note = note_words(entry)
        rests_on = f"  {in_both('通话', 'call')} {entry.call_id}" if entry.call_id else ""
        done = "  ".join(
            text for text in (both(TICKET_MOVES, entry.move), entry.by, in_both(note, note.english)) if text
        )
        say_as_it_is(f"  {local_time(entry.at, zone)}  {done}{rests_on}")
    for one in shown.attempts:
        result = try_words(one) or "…"
        dialled = f"{in_both('拨打', 'dialled')} {one.extension}"
        say_as_it_is(f"  {local_time(one.placed_at, zone)}  {dialled}  {one.placed_by}  {result}")

"""Tickets as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.phone_numbers import mask
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.words import TICKET_KINDS, TICKET_OUTCOMES, TICKET_STATES
from voicedesk.words import word

WITHHELD = "隐藏号码"


def ticket_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of tickets; times as the clocks of `zone` show them."""
    return (
        Column("工单编号", width=22),
        Column("类型"),
        Column("线路组", width=16),
        Column("号码", width=16),
        Column("市民"),
        Column("状态"),
        Column("办理人"),
        Column("负责人"),
        Column(time_title("开单时间", zone), Kind.TIME, 20),
        Column(time_title("期限", zone), Kind.TIME, 20),
        Column(time_title("原期限", zone), Kind.TIME, 20),
        Column("已超期"),
        Column("延期原因", width=20),
        Column(time_title("延期告知市民", zone), Kind.TIME, 20),
        Column("未接来电（次）", Kind.COUNT),
        Column("未拨通（次）", Kind.COUNT),
        Column(time_title("再拨时间", zone), Kind.TIME, 20),
        Column("结果"),
        Column(time_title("办结时间", zone), Kind.TIME, 20),
        Column("用时（秒）", Kind.SECONDS),
        Column("办结通话", width=22),
        Column("事由", width=30),
        Column("单位", width=16),
        Column("告知编号", width=14),
        Column("交换机"),
    )


def tickets_sheet(
    tickets: Iterable[Ticket], zone: tzinfo, *, names: Mapping[str, str], now: int, unmask: bool = False
) -> Sheet:
    """The tickets as they stand; `names` are people's by their ids."""
    rows = (_row(one, zone, names, now, unmask) for one in tickets)
    return Sheet(name="工单", columns=ticket_columns(zone), rows=rows)


def _row(one: Ticket, zone: tzinfo, names: Mapping[str, str], now: int, unmask: bool) -> tuple[Cell, ...]:
    number = one.number or WITHHELD
    citizen = one.citizen if unmask or not one.citizen else f"{one.citizen[:1]}**"
    return (
        one.id,
        word(TICKET_KINDS, one.kind),
        one.group,
        number if unmask or one.number is None else mask(number),
        citizen,
        word(TICKET_STATES, one.state),
        names.get(one.owner or "", one.owner or ""),
        names.get(one.responsible or "", one.responsible or ""),
        time_cell(one.opened_at, zone),
        time_cell(one.due_at, zone),
        time_cell(one.promised_at, zone),
        yes_cell(one.is_late(now)),
        one.late_reason,
        time_cell(one.told_at, zone),
        len(one.missed_calls),
        one.tries,
        None if one.is_closed else time_cell(one.next_try_at, zone),
        word(TICKET_OUTCOMES, one.outcome),
        time_cell(one.closed_at, zone),
        None if one.closed_at is None else seconds_cell(one.closed_at - one.opened_at),
        one.closed_by_call or "",
        one.matter,
        one.unit,
        "、".join(one.codes),
        one.pbx,
    )

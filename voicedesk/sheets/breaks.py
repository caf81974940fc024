"""Breaks as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.language.translate import worded
from voicedesk.phones.model import Break
from voicedesk.phones.words import BREAK_SOURCES
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.words import word


def break_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of breaks; times as the clocks of `zone` show them."""
    return (
        Column(worded("Phone"), width=16),
        Column(worded("Person")),
        Column(time_title("Start", zone), Kind.TIME, 20),
        Column(time_title("End", zone), Kind.TIME, 20),
        Column(worded("Length (s)"), Kind.SECONDS),
        Column(worded("Still on a break")),
        Column(worded("Cause"), width=18),
        Column(worded("Origin")),
        Column(worded("Done by")),
        Column(worded("End was not seen")),
        Column(worded("Telephone switch")),
    )


def breaks_sheet(breaks: Iterable[Break], zone: tzinfo, *, names: Mapping[str, str], now: int) -> Sheet:
    """The breaks as they stand; `names` are people's by their ids."""
    return Sheet(
        name=worded("Breaks"), columns=break_columns(zone), rows=(_row(one, zone, names, now) for one in breaks)
    )


def _row(one: Break, zone: tzinfo, names: Mapping[str, str], now: int) -> tuple[Cell, ...]:
    return (
        one.endpoint,
        names.get(one.agent or "", one.agent or ""),
        time_cell(one.from_at, zone),
        time_cell(one.to_at, zone),
        seconds_cell((one.to_at if one.to_at is not None else now) - one.from_at),
        yes_cell(one.to_at is None),
        one.reason,
        word(BREAK_SOURCES, one.source),
        names.get(one.by, one.by),
        yes_cell(not one.end_seen),
        one.pbx,
    )

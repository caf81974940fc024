"""The ledger of telephone enquiries (咨询台账) as a table for people: a row for each walk through the IVR."""

from collections.abc import Iterable
from datetime import tzinfo

from voicedesk.ivr.model import NoticeHeard
from voicedesk.ivr.words import IVR_ENTRIES, IVR_EXITS, IVR_REQUESTS, IVR_STATES
from voicedesk.language.translate import worded
from voicedesk.phone_numbers import mask
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.store.consultations import StoredConsultation, StoredRequest
from voicedesk.tickets.words import TICKET_OUTCOMES
from voicedesk.words import Said, aside, in_one, semicolon, word

_WAITS = Said("待处理", "waits")


def notice_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of the ledger; times as the clocks of `zone` show them."""
    return (
        Column(worded("Notice code"), width=12),
        Column(worded("Line"), width=16),
        Column(worded("Caller's number"), width=16),
        Column(time_title("Start", zone), Kind.TIME, 20),
        Column(time_title("End", zone), Kind.TIME, 20),
        Column(worded("Length (s)"), Kind.SECONDS),
        Column(worded("Way in")),
        Column(worded("Way out")),
        Column(worded("Left at"), width=14),
        Column(worded("Notices told"), width=36),
        Column(worded("All heard to the end")),
        Column(worded("Requests left"), width=24),
        Column(worded("Keys pressed"), Kind.COUNT),
        Column(worded("Outcome of the text message"), width=14),
        Column(worded("Call id"), width=22),
        Column(worded("Telephone switch")),
    )


def notices_sheet(stored: Iterable[StoredConsultation], zone: tzinfo, *, unmask: bool = False) -> Sheet:
    """The ledger as it stands."""
    return Sheet(
        name=worded("Ledger of enquiries"),
        columns=notice_columns(zone),
        rows=(_row(one, zone, unmask) for one in stored),
    )


def _row(one: StoredConsultation, zone: tzinfo, unmask: bool) -> tuple[Cell, ...]:
    walk, number = one.consultation, one.caller_number or ""
    return (
        walk.code,
        one.line or "",
        number if unmask else mask(number),
        time_cell(walk.started_at, zone),
        time_cell(walk.ended_at, zone),
        seconds_cell(walk.ended_at - walk.started_at),
        word(IVR_ENTRIES, walk.entry),
        word(IVR_EXITS, walk.exit or ""),
        word(IVR_STATES, walk.state),
        semicolon().join(_told(notice) for notice in walk.notices),
        yes_cell(bool(walk.notices) and all(notice.is_complete for notice in walk.notices)),
        semicolon().join(_asked(request, unmask) for request in one.requests),
        len(walk.keys),
        one.sms_outcome or "",
        one.call_id or "",
        one.pbx,
    )


def _told(notice: NoticeHeard) -> str:
    done = sum(part.is_complete for part in notice.parts)
    return f"{notice.name}{aside(worded('version {}, {}/{}', notice.version, done, len(notice.parts)))}"


def _asked(request: StoredRequest, unmask: bool) -> str:
    number = request.asked.number or ""
    told = [word(IVR_REQUESTS, request.asked.kind), number if unmask else mask(number)]
    outcome = word(TICKET_OUTCOMES, request.outcome) if request.settled_at is not None else in_one(_WAITS)
    return " ".join(text for text in (*told, outcome) if text)

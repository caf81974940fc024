"""Greetings as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.greeting.weighing.telling import remark_as_spoken
from voicedesk.greeting.words import DOUBTS, GREETING_PARTS, GREETING_VERDICTS
from voicedesk.language.translate import worded
from voicedesk.log import mask_endpoint
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, time_cell, time_title, yes_cell
from voicedesk.store.greetings import StoredGreeting
from voicedesk.words import Said, in_one, list_comma, semicolon, word

NOT_HEARD_YET = Said("未听", "not heard yet")


def greeting_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of greetings; times as the clocks of `zone` show them."""
    return (
        Column(worded("Call id"), width=22),
        Column(time_title("Answered at", zone), Kind.TIME, 20),
        Column(worded("Line"), width=16),
        Column(worded("Phone"), width=16),
        Column(worded("Person")),
        Column(worded("Verdict")),
        Column(worded("Explanation"), width=18),
        Column(worded("What is missing"), width=16),
        Column(worded("All faults"), width=22),
        Column(worded("To be reviewed")),
        Column(worded("Decided by hand")),
        Column(worded("Decided by")),
        Column(worded("Reason for the decision"), width=20),
        Column(worded("The call goes on")),
        Column(worded("Forbidden phrases (count)"), Kind.COUNT),
        Column(worded("Forbidden phrases"), width=20),
        Column(worded("Polite phrases"), width=20),
        Column(worded("Remarks"), width=24),
        Column(worded("What was heard"), width=48),
        Column(worded("Recording"), width=34),
        Column(worded("Model of speech"), width=16),
        Column(worded("Version of the rules"), width=14),
        Column(worded("Telephone switch")),
    )


def greetings_sheet(stored: Iterable[StoredGreeting], zone: tzinfo, *, names: Mapping[str, str]) -> Sheet:
    """The greetings as they stand; `names` are people's by their ids."""
    return Sheet(
        name=worded("Greetings"), columns=greeting_columns(zone), rows=(_row(one, zone, names) for one in stored)
    )


def _row(one: StoredGreeting, zone: tzinfo, names: Mapping[str, str]) -> tuple[Cell, ...]:
    told = one.evidence.told
    return (
        one.call_id,
        time_cell(one.answered_at, zone),
        one.line or "",
        mask_endpoint(one.endpoint),
        names.get(one.agent or "", one.agent or ""),
        word(GREETING_VERDICTS, one.verdict) if one.verdict else in_one(NOT_HEARD_YET),
        word(DOUBTS, one.reason),
        list_comma().join(word(GREETING_PARTS, part) for part in told.missing),
        list_comma().join(word(GREETING_VERDICTS, code) for code in told.violations),
        yes_cell(one.needs_review and one.human is None),
        word(GREETING_VERDICTS, one.human.verdict) if one.human else "",
        one.human.by if one.human else "",
        one.human.reason if one.human else "",
        yes_cell(not one.is_final),
        one.forbidden,
        list_comma().join(found.phrase for found in told.forbidden),
        list_comma().join(found.phrase for found in told.polite),
        semicolon().join(remark_as_spoken(one) for one in told.remarks),
        told.transcript,
        one.recording or "",
        one.model or "",
        one.rules_version or "",
        one.pbx,
    )

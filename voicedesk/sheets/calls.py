"""Calls as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.calls.model import CallFacts, Reason
from voicedesk.calls.words import CAUSES, DIRECTIONS, DISPOSITIONS, IN_PROGRESS, REASONS, VERDICTS
from voicedesk.language.translate import as_spoken, worded
from voicedesk.log import mask_endpoint
from voicedesk.phone_numbers import mask
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.sheets.progress import progress
from voicedesk.store.calls import StoredCall
from voicedesk.words import Language, Said, in_one, own_language, word


def call_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of calls; spans are in seconds, times as the clocks of `zone` show them."""
    return (
        Column(worded("Call id"), width=22),
        Column(worded("Line"), width=16),
        Column(worded("Direction")),
        Column(worded("Caller's number"), width=16),
        Column(time_title("Start", zone), Kind.TIME, 20),
        Column(time_title("End", zone), Kind.TIME, 20),
        Column(worded("Outcome")),
        Column(worded("Answering phone"), width=16),
        Column(worded("Answering person")),
        Column(worded("Verdict")),
        Column(worded("Cause of the verdict")),
        Column(worded("Explanation"), width=20),
        Column(worded("Decided by hand")),
        Column(worded("Decided by")),
        Column(worded("Reason for the decision"), width=20),
        Column(worded("Voice menu (s)"), Kind.SECONDS),
        Column(worded("Queue (s)"), Kind.SECONDS),
        Column(worded("Ringing (s)"), Kind.SECONDS),
        Column(worded("Rings"), Kind.COUNT),
        Column(worded("In all (s)"), Kind.SECONDS),
        Column(worded("Limit (s)"), Kind.SECONDS),
        Column(worded("Source of the limit"), width=18),
        Column(worded("Repaired later")),
        Column(worded("Doubtful data")),
        Column(worded("Telephone switch")),
        Column(worded("Version of the rules"), width=14),
    )


def calls_sheet(
    stored: Iterable[StoredCall], zone: tzinfo, *, names: Mapping[str, str], now: int, unmask: bool = False
) -> Sheet:
    """The calls as they stand; `names` are people's by their ids."""
    rows = (_row(one, zone, names, now, unmask) for one in stored)
    return Sheet(name=worded("Calls"), columns=call_columns(zone), rows=rows)


def verdict_text(one: StoredCall, language: Language | None = None) -> str:
    """What was decided, or that it is not over: never a doubt about a call that goes on."""
    judged = one.call.judgement
    if judged.reason is Reason.STILL_OPEN:
        return in_one(Said(*IN_PROGRESS), language)
    return word(VERDICTS, judged.verdict, language)


def reason_text(one: StoredCall, now: int | None, language: Language | None = None) -> str:
    """Why nothing could be decided, and how far a call is that goes on."""
    language = language or own_language()
    facts, judged = one.call.facts, one.call.judgement
    why = "" if judged.reason is Reason.STILL_OPEN else word(REASONS, judged.reason, language)
    so_far = progress(facts, now, language) or ""
    if so_far and judged.reason is not Reason.STILL_OPEN:
        is_chinese = language is Language.CHINESE
        so_far = f"{IN_PROGRESS[0]}：{so_far}" if is_chinese else f"{IN_PROGRESS[1]}: {so_far}"
    return ("；" if language is Language.CHINESE else "; ").join(text for text in (why, so_far) if text)


def rings_heard(facts: CallFacts, ring_us: int | None) -> int | None:
    """How many rings had begun after so long."""
    return None if ring_us is None else ring_us // facts.ring_period_us + 1


def _row(one: StoredCall, zone: tzinfo, names: Mapping[str, str], now: int, unmask: bool) -> tuple[Cell, ...]:
    facts, judged, human = one.call.facts, one.call.judgement, one.human
    number = facts.caller_number or ""
    return (
        facts.id,
        facts.line or "",
        word(DIRECTIONS, facts.direction),
        number if unmask else mask(number),
        time_cell(facts.started_at, zone),
        time_cell(facts.ended_at, zone),
        word(DISPOSITIONS, facts.disposition),
        (judged.answered_by or "") if unmask else mask_endpoint(judged.answered_by or ""),
        names.get(judged.agent or "", judged.agent or ""),
        verdict_text(one),
        word(CAUSES, judged.cause),
        reason_text(one, now),
        word(VERDICTS, human.verdict) if human else "",
        human.by if human else "",
        human.reason if human else "",
        seconds_cell(judged.ivr_us),
        seconds_cell(judged.queue_us),
        seconds_cell(judged.ring_us),
        rings_heard(facts, judged.ring_us),
        seconds_cell(judged.caller_total_us),
        seconds_cell(facts.limit_us),
        as_spoken(facts.limit_source),
        yes_cell(facts.repaired),
        yes_cell(facts.doubtful),
        facts.pbx,
        judged.rules_version,
    )

"""Calls as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.calls.model import CallFacts, Reason
from voicedesk.calls.words import CAUSES, DIRECTIONS, DISPOSITIONS, IN_PROGRESS, REASONS, VERDICTS
from voicedesk.log import mask_endpoint
from voicedesk.phone_numbers import mask
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, seconds_cell, time_cell, time_title, yes_cell
from voicedesk.sheets.progress import progress
from voicedesk.store.calls import StoredCall
from voicedesk.words import Language, word


def call_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of calls; spans are in seconds, times as the clocks of `zone` show them."""
    return (
        Column("通话编号", width=22),
        Column("线路", width=16),
        Column("方向"),
        Column("来电号码", width=16),
        Column(time_title("开始时间", zone), Kind.TIME, 20),
        Column(time_title("结束时间", zone), Kind.TIME, 20),
        Column("结果"),
        Column("接听话机", width=16),
        Column("接听人"),
        Column("判定"),
        Column("责任原因"),
        Column("说明", width=20),
        Column("人工判定"),
        Column("判定人"),
        Column("人工判定理由", width=20),
        Column("自助语音（秒）", Kind.SECONDS),
        Column("排队（秒）", Kind.SECONDS),
        Column("响铃（秒）", Kind.SECONDS),
        Column("铃响（声）", Kind.COUNT),
        Column("全程（秒）", Kind.SECONDS),
        Column("时限（秒）", Kind.SECONDS),
        Column("时限依据", width=18),
        Column("事后补录"),
        Column("数据存疑"),
        Column("交换机"),
        Column("规则版本", width=14),
    )


def calls_sheet(
    stored: Iterable[StoredCall], zone: tzinfo, *, names: Mapping[str, str], now: int, unmask: bool = False
) -> Sheet:
    """The calls as they stand; `names` are people's by their ids."""
    rows = (_row(one, zone, names, now, unmask) for one in stored)
    return Sheet(name="通话", columns=call_columns(zone), rows=rows)


def verdict_text(one: StoredCall, language: Language = Language.CHINESE) -> str:
    """What was decided, or that it is not over: never a doubt about a call that goes on."""
    judged = one.call.judgement
    if judged.reason is Reason.STILL_OPEN:
        return IN_PROGRESS[0] if language is Language.CHINESE else IN_PROGRESS[1]
    return word(VERDICTS, judged.verdict, language)


def reason_text(one: StoredCall, now: int | None, language: Language = Language.CHINESE) -> str:
    """Why nothing could be decided, and how far a call is that goes on."""
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
        facts.limit_source,
        yes_cell(facts.repaired),
        yes_cell(facts.doubtful),
        facts.pbx,
        judged.rules_version,
    )

"""Greetings as a table for people."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from voicedesk.greeting.words import DOUBTS, GREETING_PARTS, GREETING_VERDICTS
from voicedesk.log import mask_endpoint
from voicedesk.sheets.model import Cell, Column, Kind, Sheet, time_cell, time_title, yes_cell
from voicedesk.store.greetings import StoredGreeting
from voicedesk.words import word

NOT_HEARD_YET = "未听"


def greeting_columns(zone: tzinfo) -> tuple[Column, ...]:
    """The columns of greetings; times as the clocks of `zone` show them."""
    return (
        Column("通话编号", width=22),
        Column(time_title("接听时间", zone), Kind.TIME, 20),
        Column("线路", width=16),
        Column("话机", width=16),
        Column("人员"),
        Column("判定"),
        Column("说明", width=18),
        Column("缺少", width=16),
        Column("全部问题", width=22),
        Column("待人工复核"),
        Column("人工判定"),
        Column("判定人"),
        Column("人工判定理由", width=20),
        Column("通话仍在进行"),
        Column("禁语（次）", Kind.COUNT),
        Column("禁语", width=20),
        Column("规范用语", width=20),
        Column("备注", width=24),
        Column("听到的话", width=48),
        Column("录音", width=34),
        Column("模型", width=16),
        Column("规则版本", width=14),
        Column("交换机"),
    )


def greetings_sheet(stored: Iterable[StoredGreeting], zone: tzinfo, *, names: Mapping[str, str]) -> Sheet:
    """The greetings as they stand; `names` are people's by their ids."""
    return Sheet(name="问候", columns=greeting_columns(zone), rows=(_row(one, zone, names) for one in stored))


def _row(one: StoredGreeting, zone: tzinfo, names: Mapping[str, str]) -> tuple[Cell, ...]:
    told = one.evidence.told
    return (
        one.call_id,
        time_cell(one.answered_at, zone),
        one.line or "",
        mask_endpoint(one.endpoint),
        names.get(one.agent or "", one.agent or ""),
        word(GREETING_VERDICTS, one.verdict) if one.verdict else NOT_HEARD_YET,
        word(DOUBTS, one.reason),
        "、".join(word(GREETING_PARTS, part) for part in told.missing),
        "、".join(word(GREETING_VERDICTS, code) for code in told.violations),
        yes_cell(one.needs_review and one.human is None),
        word(GREETING_VERDICTS, one.human.verdict) if one.human else "",
        one.human.by if one.human else "",
        one.human.reason if one.human else "",
        yes_cell(not one.is_final),
        one.forbidden,
        "、".join(found.phrase for found in told.forbidden),
        "、".join(found.phrase for found in told.polite),
        "；".join(told.remarks),
        told.transcript,
        one.recording or "",
        one.model or "",
        one.rules_version or "",
        one.pbx,
    )

"""Tables for people: words for every code, local times, texts that stay texts, and calls that go on."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.test_calls_commands import sheet_of
from voicedesk.calls import model as calls
from voicedesk.calls.three_rings import judge
from voicedesk.cli.common import say_csv
from voicedesk.errors import InputError
from voicedesk.greeting.evidence import Evidence, evidence_from_json
from voicedesk.ivr import model as ivr
from voicedesk.phones.model import Break, BreakSource
from voicedesk.sheets.breaks import break_columns, breaks_sheet
from voicedesk.sheets.calls import call_columns, calls_sheet
from voicedesk.sheets.comma import csv_rows, inert, plain
from voicedesk.sheets.greetings import greeting_columns, greetings_sheet
from voicedesk.sheets.model import Cell, Column, Kind, Sheet
from voicedesk.sheets.notices import notice_columns, notices_sheet
from voicedesk.sheets.progress import leg_progress, progress
from voicedesk.sheets.tickets import ticket_columns, tickets_sheet
from voicedesk.sheets.workbook import write_xlsx
from voicedesk.store.calls import HumanDecision, StoredCall
from voicedesk.store.consultations import StoredConsultation, StoredRequest
from voicedesk.store.greetings import StoredGreeting
from voicedesk.tickets import model as tickets
from voicedesk.words import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {"zhang": "张老师"}
SECOND = 1_000_000
T = 1_795_485_600 * SECOND  # 2026-11-24 10:00 in Shanghai


def cells(sheet: Sheet) -> list[dict[str, Cell]]:
    titles = [column.title for column in sheet.columns]
    assert len(set(titles)) == len(titles)
    return [dict(zip(titles, row, strict=True)) for row in sheet.rows]


def leg(**values: object) -> calls.LegFacts:
    made = calls.LegFacts(uniqueid="1.2", channel="PJSIP/6001-1", endpoint="PJSIP/6001", role=calls.Role.STAFF)
    return replace(made, **values)


def call(**values: object) -> StoredCall:
    made = calls.CallFacts(
        id="1f3a9c0011",
        pbx="main",
        boot=None,
        linkedids=("1.1",),
        line="社保热线",
        direction=calls.Direction.INBOUND,
        caller_number="037165551234",
        started_at=T,
        started_at_source=calls.StartSource.NEWCHANNEL,
    )
    facts = replace(made, **values)
    return StoredCall(call=calls.JudgedCall(facts=facts, judgement=judge(facts)), verdict="")


def test_a_call_is_told_in_words_local_time_and_seconds() -> None:
    answered = leg(
        agent="zhang", dialled_at=T, ring_source=calls.RingSource.NEWSTATE, ringing_at=T, ring_ended_at=T + 17 * SECOND,
        answered_at=T + 17 * SECOND, ended_at=T + 60 * SECOND, outcome=calls.Outcome.ANSWERED,
    )  # fmt: skip
    one = call(
        asked_at=T, person_answered_at=T + 17 * SECOND, ended_at=T + 60 * SECOND, legs=(answered,), repaired=True,
        disposition=calls.Disposition.ANSWERED, limit_source="GB/T 33358-2016",
    )  # fmt: skip
    human = HumanDecision(verdict=calls.Verdict.ON_TIME, by="li", reason="耳机故障", at=T)
    (row,) = cells(calls_sheet([replace(one, human=human)], SHANGHAI, names=NAMES, now=T, unmask=True))
    assert row["开始时间（Asia/Shanghai）"] == datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001  # the hall's clock
    assert (row["判定"], row["责任原因"], row["接听人"]) == ("超时", "人员未接", "张老师")
    assert (row["响铃（秒）"], row["铃响（声）"], row["时限（秒）"]) == (17.0, 4, 15.0)
    assert (row["人工判定"], row["判定人"], row["人工判定理由"]) == ("按时", "li", "耳机故障")
    assert (row["来电号码"], row["事后补录"], row["数据存疑"]) == ("037165551234", "是", "")
    assert row["说明"] == ""
    (masked,) = cells(calls_sheet([one], SHANGHAI, names=NAMES, now=T))
    assert masked["来电号码"] == "0371****1234"


RINGING = leg(dialled_at=T + 2 * SECOND, ringing_at=T + 3 * SECOND, ring_source=calls.RingSource.NEWSTATE)
TALKING = replace(RINGING, answered_at=T + 9 * SECOND, ring_ended_at=T + 9 * SECOND, outcome=calls.Outcome.ANSWERED)
CITIZEN = replace(RINGING, uniqueid="1.3", endpoint="PJSIP/trunk", role=calls.Role.CITIZEN)


@pytest.mark.parametrize(
    ("values", "chinese", "english"),
    [
        ({}, "呼入 20 秒", "coming in for 20 s"),
        ({"switch_answered_at": T}, "自助语音 20 秒", "in the voice menu for 20 s"),
        ({"asked_at": T + SECOND}, "等候 19 秒", "waiting for 19 s"),
        (
            {"asked_at": T, "legs": (leg(dialled_at=T),)},
            "呼叫话机 20 秒（PJSIP/6001）",
            "calling phones for 20 s (PJSIP/6001)",
        ),
        (
            {"asked_at": T, "legs": (RINGING, replace(RINGING, endpoint="PJSIP/6002", ringing_at=T + 5 * SECOND))},
            "振铃 17 秒（PJSIP/6001、PJSIP/6002）",
            "ringing for 17 s (PJSIP/6001, PJSIP/6002)",
        ),
        (
            {"asked_at": T, "legs": (replace(TALKING, agent="zhang"),), "person_answered_at": T + 9 * SECOND},
            "通话 11 秒（zhang）",
            "talking for 11 s (zhang)",
        ),
        (
            {"legs": (replace(TALKING, ended_at=T + 15 * SECOND),), "person_answered_at": T + 9 * SECOND},
            "已接听，转接或保持 11 秒",
            "answered, transferred or on hold for 11 s",
        ),
        (
            {"direction": calls.Direction.CALLBACK, "legs": (TALKING, CITIZEN)},
            "振铃 17 秒（PJSIP/trunk）",
            "ringing for 17 s (PJSIP/trunk)",
        ),
        ({"direction": calls.Direction.OUTBOUND}, "接通中 20 秒", "being put through for 20 s"),
        ({"ended_at": T + SECOND}, None, None),
    ],
)  # fmt: skip
def test_a_call_that_goes_on_says_what_is_known_of_it(values, chinese, english) -> None:
    facts = call(**values).call.facts
    assert progress(facts, T + 20 * SECOND) == chinese
    assert progress(facts, T + 20 * SECOND, Language.ENGLISH) == english


def test_how_long_is_not_said_where_there_is_no_now_and_never_less_than_nothing() -> None:
    facts = call(asked_at=T).call.facts
    assert progress(facts) == "等候"
    assert progress(facts, T - SECOND) == "等候 0 秒"
    assert progress(facts, T + 125 * SECOND) == "等候 2 分 05 秒"
    assert leg_progress(RINGING) == "振铃中"
    assert leg_progress(leg(dialled_at=T), Language.ENGLISH) == "being called"
    assert leg_progress(TALKING) is None


def test_a_call_that_goes_on_is_no_doubt_in_a_table_and_a_decided_one_says_both() -> None:
    waits = call(asked_at=T, legs=(RINGING,))
    talks = call(asked_at=T, legs=(TALKING,), person_answered_at=T + 9 * SECOND)
    first, second = cells(calls_sheet([waits, talks], SHANGHAI, names={}, now=T + 20 * SECOND))
    assert (first["判定"], first["说明"]) == ("进行中", "振铃 17 秒（PJSIP/6001）")
    assert (second["判定"], second["说明"]) == ("按时", "进行中：通话 11 秒（PJSIP/6001）")
    assert first["结束时间（Asia/Shanghai）"] is None


def test_a_greeting_is_told_in_words() -> None:
    judged = {
        "missing": ["department", "matter"], "violations": ["incomplete", "late_start"], "remarks": ["备注"],
        "forbidden": [{"phrase": "不知道", "start_seconds": 1.5, "confidence": 0.9}], "polite": [],
        "transcript": "您好",
    }  # fmt: skip
    one = StoredGreeting(
        pbx="main", uniqueid="1.2", call_id="1f3a", endpoint="PJSIP/6001", answered_at=T, agent="zhang",
        verdict="incomplete", forbidden=1, needs_review=True, is_final=True,
        evidence=evidence_from_json({"judgement": judged}),
    )  # fmt: skip
    empty = replace(one, verdict=None, evidence=Evidence(), is_final=False)
    doubt = replace(one, verdict="cannot_tell", reason="cut_short")
    first, second, third = cells(greetings_sheet([one, empty, doubt], SHANGHAI, names=NAMES))
    assert (first["判定"], first["缺少"], first["全部问题"]) == ("不完整", "报部门、问事情", "不完整、开口过迟")
    assert (first["人员"], first["禁语"], first["待人工复核"], first["听到的话"]) == ("张老师", "不知道", "是", "您好")
    assert (second["判定"], second["通话仍在进行"]) == ("未听", "是")
    assert third["说明"] == "录音过早结束"


def test_a_ticket_is_told_in_words_with_what_is_late() -> None:
    one = tickets.Ticket(
        id="3f2a", kind=tickets.Kind.CALLBACK, group="社保", number="13812341234", opened_at=T, due_at=T + 60 * SECOND,
        promised_at=T + 60 * SECOND, waiting_since=T, owner="zhang", missed_calls=("a", "b"), citizen="王小明",
    )  # fmt: skip
    closed = replace(
        one, number=None, state=tickets.State.CLOSED, outcome=tickets.Outcome.REACHED, closed_at=T + 30 * SECOND
    )
    first, second = cells(tickets_sheet([one, closed], SHANGHAI, names=NAMES, now=T + 61 * SECOND))
    assert (first["类型"], first["状态"], first["办理人"], first["已超期"]) == ("回拨", "待办", "张老师", "是")
    assert (first["号码"], first["市民"], first["未接来电（次）"], first["用时（秒）"]) == (
        "138****1234",
        "王**",
        2,
        None,
    )
    assert (second["号码"], second["结果"], second["已超期"], second["用时（秒）"]) == ("隐藏号码", "已接通", "", 30.0)
    (shown,) = cells(tickets_sheet([one], SHANGHAI, names={}, now=T, unmask=True))
    assert (shown["号码"], shown["市民"], shown["办理人"]) == ("13812341234", "王小明", "zhang")


def test_a_break_is_told_with_its_seconds() -> None:
    over = Break(pbx="main", endpoint="PJSIP/6001", from_at=T, to_at=T + 90 * SECOND, agent="zhang", by="zhang")
    lasts = replace(over, to_at=None, end_seen=True, source=BreakSource.FEATURE_CODE)
    first, second = cells(breaks_sheet([over, lasts], SHANGHAI, names=NAMES, now=T + 10 * SECOND))
    assert (first["时长（秒）"], first["人员"], first["操作人"], first["仍在离岗"]) == (90.0, "张老师", "张老师", "")
    assert (second["时长（秒）"], second["仍在离岗"], second["来源"]) == (10.0, "是", "功能码")


def test_a_walk_through_the_ivr_is_told_with_all_that_was_heard() -> None:
    part = ivr.PartHeard(part="materials", finished=3, sentences=3)
    cut = replace(part, part="procedure", finished=5, sentences=7)
    told = ivr.NoticeHeard(
        item_id="work_injury", name="工伤认定", version="3", started_at=T, ended_at=T, parts=(part, cut)
    )
    asked = ivr.DeskRequest(kind=ivr.RequestKind.CALLBACK, at=T, number="13812341234")
    walk = ivr.Consultation(
        code="02345671", entry=ivr.Entry.OVERFLOW, started_at=T, ended_at=T + 30 * SECOND, language="zh_CN",
        state=ivr.State.NOTICE, exit=None, notices=(told,), requests=(asked,), keys=(),
    )  # fmt: skip
    one = StoredConsultation(
        pbx="main", uniqueid="1.1", line="社保热线", caller_number="037165551234", consultation=walk,
        requests=(StoredRequest(code=walk.code, number=0, asked=asked),),
    )  # fmt: skip
    (row,) = cells(notices_sheet([one], SHANGHAI))
    assert row["告知事项"] == "工伤认定（版本 3，1/2）"
    assert (row["进入方式"], row["离开方式"], row["停在"], row["全部听完"]) == ("无人接听", "挂机", "告知", "")
    assert row["登记请求"] == "回拨 138****1234 待处理"
    assert (row["时长（秒）"], row["来电号码"]) == (30.0, "0371****1234")


def test_every_span_has_its_unit_and_every_time_its_zone_in_the_title() -> None:
    for columns in (call_columns, greeting_columns, ticket_columns, break_columns, notice_columns):
        for column in columns(SHANGHAI):
            assert ("（秒）" in column.title) == (column.kind is Kind.SECONDS)
            assert ("Asia/Shanghai" in column.title) == (column.kind is Kind.TIME)


def test_what_a_terminal_obeys_is_written_out_in_a_cell() -> None:
    assert plain("a\x07\x1b[2J\u202e\nb\tc\r\nd") == "a\\x07\\x1b[2J\\x202e\nb\tc\nd"


AWKWARD = ["=1+1", "+85223456789", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "013812341234", "13812341234",
           "12345678901", "1e10", "75553e12", "3-4", "2026/1/2", "", "普通", "00371", "a\nb", "\x07",
           "\ud800", "'x"]  # fmt: skip


def table(texts: list[str]) -> Sheet:
    columns = (Column("文字"), Column("时间", Kind.TIME), Column("秒（秒）", Kind.SECONDS), Column("次", Kind.COUNT))
    moment = datetime(2026, 11, 24, 10, 0, 1, tzinfo=UTC).replace(tzinfo=None)
    return Sheet(name="表", columns=columns, rows=[(text, moment, 1.5, 2) for text in texts])


def printed(sheet: Sheet, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    say_csv(csv_rows(sheet), [column.title for column in sheet.columns])
    return list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))


def test_fault_43_no_cell_is_a_formula_and_no_text_becomes_a_number(tmp_path, capsys) -> None:
    rows = printed(table(AWKWARD), capsys)[1:]
    for text, row in zip(AWKWARD, rows, strict=True):
        assert row[0][:1] not in ("=", "+", "-", "@", "\t", "\r", "＝")
        assert not row[0].isdigit()
        assert row[1:] == ["2026-11-24 10:00:01", "1.5", "2"]
        assert row[0].lstrip("'").rstrip("\t") == plain(text).lstrip("'")
    assert write_xlsx(tmp_path / "a.xlsx", table(AWKWARD)) == len(AWKWARD)
    cells = sheet_of(tmp_path / "a.xlsx")[1:]
    assert [row[0] for row in cells[:6]] == [*AWKWARD[:5], "\n=1"]
    assert cells[7][0] == "013812341234"
    assert float(cells[0][1]) == pytest.approx(46350.41668, abs=1e-4)  # a time, as spreadsheets count days
    assert cells[0][2:] == ["1.5", "2"]


@given(st.text(max_size=30))
def test_fault_43_whatever_a_text_is_it_is_inert_and_can_be_read_back(text: str) -> None:
    assert inert(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert inert(text).removeprefix("'") == text.removeprefix("'")


def test_a_workbook_replaces_an_older_one_whole_and_is_readable_by_its_owner_alone(tmp_path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK older")
    assert write_xlsx(path, table(["x"])) == 1
    assert sheet_of(path)[1][0] == "x"
    assert path.stat().st_mode & 0o077 == 0


def test_a_workbook_takes_the_place_of_a_workbook_alone(tmp_path):
    """A name typed wrongly costs no settings and no database."""
    path = tmp_path / "voicedesk.toml"
    path.write_bytes(b"[hall]\n")
    with pytest.raises(InputError, match="another kind of file is there"):
        write_xlsx(path, table(["x"]))
    assert path.read_bytes() == b"[hall]\n"
    path.unlink()
    assert [write_xlsx(path, table(["x"])) for _ in range(2)] == [1, 1]

"""Notices in writing, and programs of the hall's own that are told something."""

import asyncio
import sys
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Publication
from voicedesk.ivr.model import Consultation, Entry, NoticeHeard, State
from voicedesk.jobs.telling import programs as commands
from voicedesk.jobs.telling.in_writing import SMS_LENGTH, message_of, sheet_of
from voicedesk.store.consultations import StoredConsultation
from voicedesk.texts_folder import shipped_texts

CATALOGUE = load_catalogue(shipped_texts() / "zh_CN")
ITEMS = CATALOGUE.spoken_on(date(2026, 11, 24), samples=True)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_an_item_fits_into_a_text_message_that_ends_with_its_code(item):
    text = message_of(item, "12345671")
    assert len(text) <= SMS_LENGTH
    assert text.startswith(f"【{item.name}】")
    assert text.endswith("告知编号12345671。")


def test_a_message_that_is_too_long_is_cut_at_a_sentence_and_says_so(monkeypatch):
    monkeypatch.setattr("voicedesk.jobs.telling.in_writing.SMS_LENGTH", 120)
    text = message_of(ITEMS[0], "12345671")
    assert len(text) <= 120
    assert "。（内容较多，完整告知请凭编号查询。）" in text


def stored(*notices: NoticeHeard) -> StoredConsultation:
    walk = Consultation(
        code="12345671",
        entry=Entry.OVERFLOW,
        started_at=1_795_485_600_000_000,
        ended_at=1_795_485_700_000_000,
        language="zh_CN",
        state=State.AFTER,
        exit=None,
        notices=notices,
        requests=(),
        keys=(),
    )
    return StoredConsultation(pbx="p", uniqueid="1.1", line="hotline", caller_number="13800138000", consultation=walk)


def notice(item_id: str, name: str, version: str) -> NoticeHeard:
    return NoticeHeard(item_id=item_id, name=name, version=version, started_at=1, ended_at=2, parts=())


def test_a_sheet_holds_what_was_told_in_its_version_and_nothing_of_the_caller():
    item = ITEMS[0]
    told = stored(notice(item.id, item.name, item.version), notice("gone", "<旧事项>", "7"))
    page = sheet_of(told, CATALOGUE, "示范<大厅>", ZoneInfo("Asia/Shanghai"))
    assert "2026年11月24日" in page
    assert "12345671" in page
    assert "示范&lt;大厅&gt;" in page
    assert f"<h2>{item.name}" in page
    assert "&lt;旧事项&gt;" in page
    assert "没有保存在本机" in page
    assert "1380013" not in page
    assert "没有告知事项" in sheet_of(stored(), CATALOGUE, "x", ZoneInfo("Asia/Shanghai"))


def test_on_paper_a_law_has_its_number_no_title_is_said_twice_and_a_sample_is_called_one():
    item = next(one for one in ITEMS if one.id == "work_injury")
    told = stored(notice(item.id, item.name, item.version))
    page = sheet_of(told, CATALOGUE, "大厅", ZoneInfo("Asia/Shanghai"))
    assert "《工伤保险条例》（国务院令第375号公布，第586号修订）第14条" in page
    assert "<h3>办理时限</h3><p>自受理之日起60日内作出决定。</p>" in page
    assert "事项名称" not in page
    assert "未经大厅批准" in page
    assert "未经大厅批准" in message_of(item, "12345671")
    days = {"published": date(2026, 1, 1), "effective": date(2026, 1, 2), "expires": date(2027, 12, 31)}
    stamp = Publication(version=item.version, approver="张三", digest=item.digest, **days)
    approved = replace(CATALOGUE, versions=(replace(item, publication=stamp),))
    page = sheet_of(told, approved, "大厅", ZoneInfo("Asia/Shanghai"))
    assert "2026年01月02日至2027年12月31日有效" in page
    assert "未经大厅批准" not in page


async def test_a_program_is_told_and_what_it_says_of_its_failure_is_known(tmp_path, monkeypatch):
    file = tmp_path / "told"
    assert await commands.tell(["/bin/sh", "-c", f"cat > {file}"], {"text": "您好"}) == "ok"
    assert file.read_text(encoding="utf-8") == '{"text": "您好"}'
    assert await commands.tell(["/bin/sh", "-c", "echo a >&2; echo no credit >&2; exit 3"], {}) == (
        "/bin/sh ended with 3: no credit"
    )
    assert "cannot be run" in await commands.tell([str(tmp_path / "none")], {})
    monkeypatch.setattr(commands, "TELL_SECONDS", 0.2)
    assert "did not end" in await commands.tell([sys.executable, "-c", "import time; time.sleep(60)"], {})
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

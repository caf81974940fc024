"""The page of calls: filters in its address, keyset pages, gaps in their place, and nobody sees another's."""

import re

import pytest
from tests.testbed.calls_of_a_day import AT_WANG, NUMBER, at, call_of
from voicedesk.access.roles import Role
from voicedesk.calls.model import Gap, GapReason
from voicedesk.store.calls import save_calls
from voicedesk.store.journal import save_gaps
from voicedesk.web import calls as calls_pages
from voicedesk.web.rings import rings_of

MINUTE = 60_000_000
ON_TIME, LATE = call_of("a_answer_2rings"), call_of("b_answer_17s", AT_WANG)
MISSED = call_of("c_no_answer_queue_timeout")


@pytest.fixture
async def busy(house):
    """A house with 120 calls of today and one of another day, and a gap among them."""
    now = house.clock.us
    calls = [at((ON_TIME, LATE, MISSED)[n % 3], n, now - n * MINUTE) for n in range(120)]
    calls.append(at(LATE, 500, now - 40 * 24 * 60 * MINUTE))
    async with house.store.requests._asking.write() as connection:
        await save_gaps(
            connection, [("main", Gap(from_at=now - 95 * MINUTE, to_at=now - 90 * MINUTE, reason=GapReason.LINK_LOST))]
        )
        await save_calls(connection, calls)
    return house


def rows(page) -> list[str]:
    return re.findall(r'<th scope="row" class="c-time"><a[^>]*>(.+?)</a>', page.text)


async def test_a_supervisor_sees_today_a_page_at_a_time_and_new_calls_shift_nothing(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    first = await browser.get("/calls?period=all")
    assert "共 121 通" in first.text
    assert len(rows(first)) == 50
    older = re.search(r'href="(/calls[^"]+)" *>较早|rel="next" href="([^"]+)"', first.text)
    path = (older[1] or older[2]).replace("&amp;", "&")
    async with busy.store.requests._asking.write() as connection:
        await save_calls(connection, [at(LATE, 900, busy.clock.us)])
    second = await browser.get(path)
    assert not set(rows(first)) & set(rows(second))
    assert len(rows(second)) == 50
    third = await browser.get(re.search(r'rel="next" href="([^"]+)"', second.text)[1].replace("&amp;", "&"))
    assert len(rows(third)) == 21
    assert "回到最新" in third.text
    assert len({*rows(first), *rows(second), *rows(third)}) == 121


async def test_numbers_are_masked_and_a_ringing_is_told_in_words_beside_its_drawing(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    page = await browser.get("/calls?verdict=late")
    assert NUMBER not in page.text
    assert "138****1234" in page.text
    assert re.search(r"4 声 · 1\d\.\d 秒", page.text)
    assert '<svg class="rings"' in page.text
    assert "style=" not in page.text


async def test_staff_see_their_own_calls_and_others_do_not_count(busy):
    everything = await (await busy.inside("0001", Role.SUPERVISOR)).get("/calls")
    zhang = await (await busy.inside("0101", agent="zhang")).get("/calls")
    nobody = await (await busy.inside("0102")).get("/calls")
    counts = [int(re.search(r"共 (\d+) 通", page.text)[1]) for page in (everything, zhang)]
    assert counts[0] > counts[1] > 0
    assert "没有符合条件的通话" in nobody.text


async def test_whoever_may_not_see_calls_gets_the_page_of_what_is_not_there_and_it_is_written_down(busy):
    browser = await busy.inside("0009", Role.AUDITOR)
    page, nothing = await browser.get("/calls"), await browser.get("/nothing-there")
    assert (page.status_code, nothing.status_code) == (404, 404)
    own, other = (f'name="back" value="{path}"' for path in ("/calls", "/nothing-there"))
    whole = page.text.replace(own, other)
    assert whole == nothing.text
    assert "退出" in whole, "the bar is there: who came here can go on"
    assert 'href="/calls"' not in (await browser.get("/")).text
    entry = (await busy.store.audit.list(limit=1))[0]
    assert (entry.who, entry.deed, entry.thing) == ("0009", "refused", "call")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("verdict=latte", "did you mean late|late"),
        ("verdct=late", "verdict"),
        ("since=yesterday", "不是日期或时间"),
        ("since=9999-12-31T23:59:59", "不是日期或时间"),
        ("until=0001-01-01", "不是日期或时间"),
        ("since=2026-11-24&until=2026-11-23", "结束早于开始"),
        ("after=xxxx", "xxxx"),
        ("line=nobody", "通话|没有"),
        ("verdict=late&verdict=missed", "出现了两次"),
        ("review=2", "review"),
        ("line=" + "x" * 300, "太长"),
        ("line=%0A", "无法识别"),
        ("agent=%3Cscript%3Ealert(1)%3C/script%3E", ""),
    ],
)
async def test_a_filter_that_makes_no_sense_gets_a_page_that_says_what_is_wrong_with_it(busy, query, why):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    page = await browser.get(f"/calls?{query}")
    assert page.status_code in {200, 400}
    assert page.status_code == 400 or "没有符合" in page.text
    assert re.search(why, page.text)
    assert "<script>" not in page.text
    assert "Traceback" not in page.text


async def test_an_empty_list_names_which_part_of_the_filter_to_drop(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    page = await browser.get("/calls?verdict=on_time&cause=person")
    assert "没有符合这些条件的通话" in page.text
    assert re.search(r"去掉“原因”有 \d+ 通", page.text)
    assert re.search(r'href="/calls\?verdict=on_time"', page.text)


async def test_a_gap_stands_in_its_place_among_the_calls(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    first = await browser.get("/calls?period=all")
    assert "无数据" not in first.text, "it lies behind this page"
    second = await browser.get(re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&"))
    assert second.text.count("这段时间的来电情况不明") == 1
    before, after = second.text.split("这段时间的来电情况不明")
    assert before.count('class="c-time"') == 46
    assert after.count('class="c-time"') == 4


async def test_a_date_alone_means_that_whole_day(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    day = busy.app.desk.pages.clock(busy.clock.us - 40 * 24 * 60 * MINUTE, "%Y-%m-%d")
    page = await browser.get(f"/calls?since={day}&until={day}")
    assert "共 1 通" in page.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_speaks_the_reader_s_language_alone(busy, language):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    await browser.get("/")
    await browser.send("/look", language=language, back="/calls")
    text = browser.page.text.replace("某市大厅", "").replace("张三", "").replace("中文", "")
    if language == "en":
        assert not re.search("[\u4e00-\u9fff]", text)
        assert "On time" in text
    else:
        assert "On time" not in text


def test_the_drawing_ends_behind_the_fourth_ring():
    facts = LATE.facts
    assert rings_of(facts, None) is None
    drawn = rings_of(facts, 16_200_000)
    assert (drawn.count, drawn.seconds, drawn.limit, drawn.bar, drawn.is_over) == (4, 16.2, 90.0, 97.2, False)
    assert [heard for _, heard in drawn.blocks] == [True] * 4
    assert (rings_of(facts, 60_000_000).bar, rings_of(facts, 60_000_000).is_over) == (120.0, True)
    assert [heard for _, heard in rings_of(facts, 0).blocks] == [True, False, False, False]


# --- files


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
async def test_a_file_has_the_calls_of_the_view_with_masked_numbers_and_the_log_says_who_took_it(busy, form):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    page = await browser.get(f"/calls.{form}?period=all&verdict=late")
    assert page.status_code == 200
    assert NUMBER not in page.content.decode("utf-8", "replace")
    if form == "xlsx":
        assert page.content.startswith(b"PK")
        assert page.headers["content-disposition"].endswith('.xlsx"')
    elif form == "json":
        found = page.json()
        assert {one["verdict"] for one in found} == {"late"}
        assert len(found) == 41
    else:
        assert page.content.startswith("\ufeff".encode())
        assert page.text.count("超时") == 41
    (entry,) = await busy.store.audit.list(limit=1)
    assert (entry.who, entry.deed, entry.object) == ("0001", "exported", f"calls.{form}")


async def test_whoever_may_not_take_a_file_gets_none_and_is_offered_none(busy):
    for login, role in (("0101", Role.STAFF), ("0008", Role.ADMINISTRATOR), ("0009", Role.AUDITOR)):
        browser = await busy.inside(login, role)
        assert (await browser.get("/calls.csv")).status_code == 404
        assert "/calls.csv" not in (await browser.get("/calls")).text


async def test_there_are_no_other_forms_and_a_bad_filter_is_told(busy):
    browser = await busy.inside("0001", Role.SUPERVISOR)
    assert (await browser.get("/calls.exe")).status_code == 404
    assert (await browser.get("/calls.csv?verdict=latte")).status_code == 400
    assert 'href="/calls.xlsx?verdict=late"' in (await browser.get("/calls?verdict=late")).text


async def test_more_calls_than_a_file_takes_are_no_file_that_lacks_some(busy, monkeypatch):
    monkeypatch.setattr(calls_pages, "MOST_ROWS", 5)
    browser = await busy.inside("0001", Role.SUPERVISOR)
    page = await browser.get("/calls.csv?period=all")
    assert page.status_code == 400
    assert "超过 5 通，一个文件放不下" in page.text

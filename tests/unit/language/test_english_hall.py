"""A hall that chose English is told everything of ours in English; a Chinese one, or one that chose none, as ever."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from tests.unit.jobs.test_ticket_news import missed
from voicedesk.greeting.weighing.model import Compared, Weighed
from voicedesk.greeting.weighing.telling import remark_as_spoken, remarks_of
from voicedesk.jobs.news.news import KINDS, News, log_news, message_of
from voicedesk.jobs.ringing_back.ticket_news import TicketNews, correction
from voicedesk.language.translate import as_spoken, said, worded
from voicedesk.settings import Settings
from voicedesk.sheets.breaks import break_columns
from voicedesk.sheets.calls import call_columns
from voicedesk.sheets.greetings import greeting_columns
from voicedesk.sheets.model import time_title, yes_cell
from voicedesk.sheets.notices import notice_columns
from voicedesk.sheets.tickets import ticket_columns
from voicedesk.web_address import Allowance, read_url
from voicedesk.webhooks.formats import post_of
from voicedesk.webhooks.message import Form, Receiver, digest
from voicedesk.words import SPOKEN, Language, Said, in_one

ZONE = ZoneInfo("Asia/Shanghai")
AT = 1_795_421_258_000_000
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
SHEETS = (call_columns, greeting_columns, ticket_columns, break_columns, notice_columns)


@pytest.fixture
def english():
    token = SPOKEN.set(Language.ENGLISH)
    yield
    SPOKEN.reset(token)


@pytest.mark.parametrize("columns", SHEETS)
def test_the_titles_of_a_sheet_are_english_each_another_with_zone_and_unit(english, columns) -> None:
    titles = [column.title for column in columns(ZONE)]
    assert [title for title in titles if CHINESE.search(title)] == []
    assert len(set(titles)) == len(titles)
    for column in columns(ZONE):
        assert ("(s)" in column.title) == (column.kind == "seconds")
        assert ("(Asia/Shanghai)" in column.title) == (column.kind == "time")


CHINESE_TITLES = {
    call_columns: (
        "通话编号 线路 方向 来电号码 开始时间（Asia/Shanghai） 结束时间（Asia/Shanghai） 结果 接听话机 "
        "接听人 判定 责任原因 说明 人工判定 判定人 人工判定理由 自助语音（秒） 排队（秒） 响铃（秒） "
        "铃响（声） 全程（秒） 时限（秒） 时限依据 事后补录 数据存疑 交换机 规则版本"
    ),
    greeting_columns: (
        "通话编号 接听时间（Asia/Shanghai） 线路 话机 人员 判定 说明 缺少 全部问题 待人工复核 人工判定 "
        "判定人 人工判定理由 通话仍在进行 禁语（次） 禁语 规范用语 备注 听到的话 录音 模型 规则版本 交换机"
    ),
    ticket_columns: (
        "工单编号 类型 线路组 号码 市民 状态 办理人 负责人 开单时间（Asia/Shanghai） 期限（Asia/Shanghai） "
        "原期限（Asia/Shanghai） 已超期 延期原因 延期告知市民（Asia/Shanghai） 未接来电（次） 未拨通（次） "
        "再拨时间（Asia/Shanghai） 结果 办结时间（Asia/Shanghai） 用时（秒） 办结通话 事由 单位 告知编号 "
        "交换机"
    ),
    break_columns: (
        "话机 人员 开始时间（Asia/Shanghai） 结束时间（Asia/Shanghai） 时长（秒） 仍在离岗 原因 来源 操作人 "
        "结束时刻未被看到 交换机"
    ),
    notice_columns: (
        "告知编号 线路 来电号码 开始时间（Asia/Shanghai） 结束时间（Asia/Shanghai） 时长（秒） 进入方式 "
        "离开方式 停在 告知事项 全部听完 登记请求 按键（次） 短信结果 通话编号 交换机"
    ),
}


@pytest.mark.parametrize("language", [None, Language.CHINESE])
@pytest.mark.parametrize("columns", SHEETS)
def test_the_titles_of_a_chinese_sheet_stay_what_they_were(columns, language) -> None:
    token = SPOKEN.set(language)
    assert [column.title for column in columns(ZONE)] == CHINESE_TITLES[columns].split(" ")
    assert (yes_cell(True), yes_cell(False)) == ("是", "")
    SPOKEN.reset(token)


def test_a_cell_is_in_the_language_of_its_reader(english) -> None:
    assert (yes_cell(True), time_title("Start", ZONE)) == ("yes", "Start (Asia/Shanghai)")


def test_each_kind_of_news_has_a_name_in_both_languages() -> None:
    assert [kind for kind, name in KINDS.items() if CHINESE.search(name.english) or not CHINESE.search(name)] == []


async def of_tickets() -> list[News]:
    """Every piece of news of tickets there is."""
    told: list[News] = []

    async def tell(news: News) -> None:
        told.append(news)

    news = TicketNews(tell, lambda: Settings.model_validate({"tickets": {"flood_a_minute": 1}}))
    ticket = replace(missed(), group="hotline")
    await news.changed(None, ticket, without_end=7)
    await news.due_soon(ticket)
    await news.overdue(ticket)
    return [*told, correction(ticket, "c1", AT)]


async def test_news_of_tickets_leave_in_the_language_of_the_hall_whatever_their_writer_spoke(english) -> None:
    everything = await of_tickets()
    assert len(everything) == 5
    for news in everything:
        assert not CHINESE.search(str(message_of(news, Language.ENGLISH)))
        assert message_of(news, Language.CHINESE) == message_of(news)
    opened, *_, corrected = everything
    message = message_of(opened, Language.ENGLISH)
    assert (message.group, message.title) == ("new ticket", "New ticket: callback")
    assert dict(message.fields) == {
        "Id": opened.fields["编号"], "Line": "hotline", "Owner": "none", "Phone number": "138****1234",
    }  # fmt: skip
    chinese = message_of(opened)
    assert (chinese.group, chinese.title) == ("新工单", "新工单：回拨")
    assert dict(chinese.fields) == {
        "编号": opened.fields["编号"], "线路": "hotline", "办理人": "无", "号码": "138****1234",
    }  # fmt: skip
    assert message_of(corrected).title == "更正：此前通知的未接来电已查明并非未接"


async def test_what_nobody_is_told_stands_in_the_log_in_the_language_of_the_hall(english) -> None:
    with capture_logs() as logs:
        await log_news(News(id="n", kind="test", at=AT, title=said("Due soon: {}", "x"), fields={said("Line"): "a"}))
    assert (logs[0]["title"], logs[0]["fields"]) == ("Due soon: x", {"Line": "a"})


def test_what_people_wrote_is_told_as_they_wrote_it() -> None:
    news = News(id="n", kind="x", at=AT, title=said("Over: {}", "Line {0}"), fields={said("Reason"): "none"})
    chinese, english = message_of(news), message_of(news, Language.ENGLISH)
    assert (chinese.title, chinese.fields) == ("已结束：Line {0}", (("理由", "none"),))
    assert (english.title, english.fields) == ("Over: Line {0}", (("Reason", "none"),))


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("language", list(Language))
async def test_a_digest_and_what_stands_around_a_message_are_in_the_language_of_the_hall(form, language) -> None:
    receiver = Receiver(
        name="r", form=form, target=read_url("https://hall.example/x", Allowance()), allowance=Allowance()
    )
    news = [message_of(one, language) for one in await of_tickets()]
    many = digest([*news * 3], digest_id="d", at=AT)
    for message in (news[0], many):
        body = post_of(receiver, message, now=AT, hall="Hall", zone=ZONE, language=language).body.decode()
        assert bool(CHINESE.search(body.replace("＊", ""))) == (language is Language.CHINESE)


def test_a_remark_that_was_stored_in_chinese_is_told_to_an_english_reader_in_english(english) -> None:
    remarks = {
        "报的是“就业”，本线路是“社保”": "“就业” was named, this line is “社保”",
        "接通后 3.2 秒才开口（限 2 秒）": "began 3.2 s after the answer (limit 2 s)",
        "1.5 秒处疑似“不知道”，未听清，不计": "perhaps “不知道” at 1.5 s; it was not clear, and does not count",
        "自10:00:00起离岗（理由：未说明），值守时间内已超过30分钟":
            "on a break since 10:00:00 (reason: no reason given), longer than 30 minutes of duty hours",
        "自10:00:00起交换机报告该话机不可用：话机未在交换机注册，或已不可用":
            "the switch reports since 10:00:00 that this phone cannot be used: "
            "the phone is not registered at the switch, or cannot be used",
        "说明由人写": "说明由人写",
    }  # fmt: skip
    for chinese, told in remarks.items():
        assert remark_as_spoken(chinese) == told
        assert as_spoken(chinese, Language.CHINESE) == chinese


def test_a_comparison_of_sentences_is_told_to_an_english_reader_in_english(english) -> None:
    compared = [Compared(stands_for="compliant", sentence="您好,社保", fit=-1.24)]
    compared += [Compared(stands_for="without hello", sentence="社保", fit=-20.0)]
    compared += [Compared(stands_for="other order", sentence="社保您好", fit=-7.0)]
    weighed = Weighed(kind=None, sentence="您好,社保", compared=tuple(compared))
    (remark,) = remarks_of(weighed)
    assert (
        remark
        == "句子比对：规范问候“您好，社保”相符（-1.2）；缺问好“社保”不符（-20.0）；次序不同“社保您好”勉强相符（-7.0）"
    )
    assert remark_as_spoken(remark, Language.CHINESE) == remark
    told = remark_as_spoken(remark)
    assert told.startswith("sentences compared: the standard greeting “您好，社保” fits (-1.2); without ")
    assert not CHINESE.search(re.sub("“[^”]*”", "", told))


def test_the_reasons_of_breaks_are_the_hall_s_own_else_in_its_language() -> None:
    chinese = ("午餐", "会议", "外出办事", "休息")
    english = ("lunch", "meeting", "errand", "rest")
    for language, reasons in ((None, chinese), ("zh", chinese), ("en", english)):
        hall = {} if language is None else {"language": language}
        assert Settings.model_validate({"hall": hall}).break_reasons == reasons
    own = Settings.model_validate({"hall": {"language": "en"}, "breaks": {"reasons": ["午餐"]}})
    assert own.break_reasons == ("午餐",)


def test_a_text_that_knows_its_english_is_the_chinese_one_to_whoever_does_not_ask() -> None:
    text = said("New ticket: {}", Said("回拨", "callback"))
    assert (text, text.english, in_one(text, Language.ENGLISH)) == (
        "新工单：回拨",
        "New ticket: callback",
        text.english,
    )
    assert type(in_one(text)) is str
    assert worded("New ticket: {}", "x") == "新工单：x"

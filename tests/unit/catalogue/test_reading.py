"""Digits as they are read aloud."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.catalogue.reading import number, spoken, syllables, unreadable

READ = {
    # dates and years
    "2025年1月1日": "二零二五年一月一日",
    "2025-01-01": "二零二五年一月一日",
    "2025/12/31": "二零二五年十二月三十一日",
    "自2025年1月1日起施行": "自二零二五年一月一日起施行",
    "2月2日": "二月二日",
    "2025年—2039年": "二零二五年到二零三九年",
    "2025-2039年": "二零二五到二零三九年",
    "2025年度": "二零二五年度",
    # spans of time
    "15个工作日": "十五个工作日",
    "2个工作日": "两个工作日",
    "3—5日": "三到五日",
    "3-5个工作日": "三到五个工作日",
    "2～3个月": "两到三个月",
    "满15年": "满十五年",
    "2年": "两年",
    "２４小时": "二十四小时",
    "60日内": "六十日内",
    "63周岁": "六十三周岁",
    "每4个月延迟1个月": "每四个月延迟一个月",
    # times of day
    "8:30": "八点三十分",
    "9：05": "九点零五分",
    "2:00": "两点",
    "9:00-12:00，13:30—17:00": "九点到十二点，十三点三十分到十七点",
    "周一—周五": "周一到周五",
    "星期一至星期五": "星期一至星期五",
    # money
    "1,234.56元": "一千二百三十四元五角六分",
    "1234.5元": "一千二百三十四元五角",
    "3.05元": "三元零五分",
    "0.05元": "五分",
    "0.50元": "五角",
    "0.00元": "零元",
    "10.00元": "十元",
    "2.20元": "两元二角",
    "20元": "二十元",
    "2000元": "两千元",
    "12345元": "一万两千三百四十五元",
    "12.5万元": "十二点五万元",
    "2万元": "两万元",
    "100元/月": "一百元每月",
    "1,000,000元": "一百万元",
    # shares
    "60%": "百分之六十",
    "０.５％": "百分之零点五",
    "60-80%": "百分之六十到百分之八十",
    "60%—80%": "百分之六十到百分之八十",
    "0.16‰": "千分之零点一六",
    "3/4": "四分之三",
    "2.5倍": "二点五倍",
    # laws
    "第16条": "第十六条",
    "第2条第2款第2项": "第二条第二款第二项",
    "第1—2条": "第一到二条",
    "国发〔2014〕8号": "国发二零一四年八号",
    "国务院令第586号": "国务院令第五百八十六号",
    # telephones
    "12333": "幺二三三三",
    "拨打12333人工服务": "拨打幺二三三三人工服务",
    "12345政务服务便民热线": "幺二三四五政务服务便民热线",
    "拨打110": "拨打幺幺零",
    "0512-6512 3456": "零五幺二，六五幺二，三四五六",
    "(0512)65123456": "零五幺二，六五幺二，三四五六",
    "010-12345678": "零幺零，幺二三四，五六七八",
    "65123456": "六五幺二，三四五六",
    "6512345": "六五幺，二三四五",
    "051265123456": "零五幺二，六五幺二，三四五六",
    "138 1234 5678": "幺三八，幺二三四，五六七八",
    "13812345678": "幺三八，幺二三四，五六七八",
    "051212345678": "零五幺二，幺二三四，五六七八",
    "123456": "幺二三四五六",
    "400-810-1234": "四零零，八幺零，幺二三四",
    # counts, places, letters
    "2人": "两人",
    "1寸照片2张": "一寸照片两张",
    "2至3份": "二至三份",
    "1005人": "一千零五人",
    "第2号窗口": "第二号窗口",
    "12号窗口": "十二号窗口",
    "201室": "二零幺室",
    "A01窗口": "诶零幺窗口",
    "a4纸": "诶四纸",
    "1,2,3级": "一,二,三级",
    "1—4级": "一到四级",
    "他说——好": "他说，好",
    "已经写成十五日": "已经写成十五日",
}


@pytest.mark.parametrize(("text", "read"), READ.items())
def test_it_is_read_as_people_read_it(text: str, read: str) -> None:
    assert spoken(text) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0, "零"), (10, "十"), (11, "十一"), (20, "二十"), (101, "一百零一"), (110, "一百一十"), (200, "二百"),
        (1001, "一千零一"), (1010, "一千零一十"), (2200, "两千二百"), (10_000, "一万"), (10_001, "一万零一"),
        (10_100, "一万零一百"), (12_000, "一万两千"), (20_000, "两万"), (100_000, "十万"), (120_000, "十二万"),
        (100_000_000, "一亿"), (100_010_000, "一亿零一万"), (200_000_000, "两亿"), (1_000_000_000_000, "一万亿"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_in_school(value: int, read: str) -> None:
    assert number(value) == read


_VALUES = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_PLACES = {"十": 10, "百": 100, "千": 1000}


def _value(read: str) -> int:
    """What a number below a hundred million in characters is worth, counted the other way round."""
    high, _, low = read.rpartition("万")
    return _section(high) * 10_000 + _section(low)


def _section(read: str) -> int:
    total, digit = 0, 0
    for character in read:
        if character in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[character], 0
        else:
            digit = _VALUES[character]
    return total + digit


@given(st.integers(min_value=0, max_value=99_999_999))
def test_every_number_is_worth_what_was_written(value: int) -> None:
    assert _value(number(value)) == value


@given(st.text(alphabet="0123456789.,-—～%‰:/年月日元万个第条（）() 〔〕AZaz起", max_size=30))
def test_whatever_is_written_leaves_no_digit_and_no_letter(text: str) -> None:
    assert re.search("[0-9A-Za-z]", spoken(text)) is None


def test_what_cannot_be_a_date_is_not_read_as_one() -> None:
    assert "月" not in spoken("2025-13-01")
    assert "日" not in spoken("2025.12.32")


def test_what_nobody_can_read_is_told_and_syllables_are_counted() -> None:
    assert unreadable(spoken("按→继续，¥5，→")) == ("→", "¥")
    assert unreadable(spoken("《社会保险法》第16条，“缴费”（15年）。")) == ()
    assert syllables(spoken("《社会保险法》第16条。")) == 9

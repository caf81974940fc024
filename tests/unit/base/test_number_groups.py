"""What of a text is hidden, to the sign: how a number is parted, what stands around it, and what is no number."""

from datetime import date, timedelta

import pytest
from voicedesk.number_masking import beginning, mask_numbers

HIDDEN = [
    # mobiles, parted by commas or points only as people part them
    *(("139,0715,8642", "139****8642"), ("139,07158642", "139****8642"), ("1390715,8642", "139****8642")),
    *(("1390,7158,642", "139****,642"), ("1390,715,8642", "139****8642"), ("139,071,58642", "139****8642")),
    *(("139,07158,642", "139****,642"), ("1,3,9,0,7,1,5,8,6,4,2", "1,3****,4,2"), ("1390.715.8642", "139****8642")),
    *(("13 90 71 58 64 2", "13 ****64 2"), ("13907-158642", "139****8642"), ("13/907/158/642", "13/****/642")),
    # of the hall's own town
    *(("65982743", "65****43"), ("6598274", "65***74"), ("6598 2743", "65*****43"), ("659 8274", "65****74")),
    *(("6598-274", "65****74"), ("6 5 9 8 2 7 4", "6 5**** 7 4"), ("6-5-9-8-2-7-4-3", "6-5****-4-3")),
    *(("65-98-27-43", "65-****7-43"), ("659-82-74", "65*****74"), ("6598-27-43", "65******43")),
    *(("65-982-743", "65******43"), ("659-827-43", "65******43"), ("6598.2743", "65*****43")),
    # landlines: without their 0 as people part one, with it however it is
    *(("371-6598-2743", "371****2743"), ("371 65982743", "371****2743"), ("371-65-98-27-43", "371****7-43")),
    *(("371.6598.2743", "371****2743"), ("0371-6-598-27-43", "0371****7-43"), ("86 371 6 598 27 43", "86 ****7 43")),
    *(("9 0371 65982743", "9 0****2743"), ("8637165982743", "863****2743"), ("+037165982743", "+037****2743")),
    # of firms and machines
    *(("4001234567", "40******67"), ("8001234567", "80******67"), ("400-123-4567", "400****4567")),
    *(("+864001234567", "+864****4567"), ("864001234567", "864****4567"), ("04001234567", "0400****4567")),
    *(("94001234567", "940****4567"), ("904001234567", "904****4567"), ("0086 400 123 4567", "0086****4567")),
    *(("1064812345678", "106****5678"), ("1440012345678", "144****5678"), ("+861064812345678", "+861****5678")),
    # abroad
    *(("+85223456789", "+852****6789"), ("0085223456789", "0085****6789"), ("+0085223456789", "+008****6789")),
    *(("+1 202 555 0123", "+1 2****0123"), ("+1234567", "+1****67"), ("+123456789012345", "+123****2345")),
    # behind a carrier's prefix or another's area, right before it
    *((f"{carrier}13907158642", f"{carrier[:3]}****8642") for carrier in ("12593", "11808", "17951", "17909", "10193")),
    *((f"{carrier}013907158642", f"{carrier[:3]}****8642") for carrier in ("12593", "17951", "17911", "17990")),
    *((f"{carrier}037165982743", f"{carrier[:3]}****2743") for carrier in ("12593", "17951", "17909", "190", "193")),
    *(("19013907158642", "190****8642"), ("37113907158642", "371****8642"), ("037113907158642", "0371****8642")),
    # numbers beside other numbers
    *(("371 13907158642", "371 139****8642"), ("12593 13907158642", "12593 139****8642")),
    *(("12333 0371 65982743", "12333 0371****2743"), ("2345678 65982743", "23***78 65****43")),
    *(("192.168.100.10 65982743", "192.168.100.10 65****43"), ("20261130 65982743", "20261130 65****43")),
    *(("14:30 67891234", "14:30 67****34"), ("67891234 14:30", "67****34 14:30")),
    *(("13907158642 9:30", "139****8642 9:30"), ("13907158642 19:30", "139****8642 19:30")),
    *(("1795421258.035 6598 2743", "1795421258.035 65*****43"), ("2025-2026 65982743", "2025-2026 65****43")),
    # what follows or goes before is no part of it, and makes it no id
    *(("65982743x1", "65****43x1"), ("65982743 x1", "65****43 x1"), ("65982743ext1", "65****43ext1")),
    *(("65982743EXT1", "65****43EXT1"), ("65982743-12", "65****43-12"), ("a+65982743", "a+6*****43")),
    *(("xyz037165982743", "xyz0371****2743"), ("xyz-037165982743", "xyz-0371****2743"), ("一65982743", "一65****43")),
    *(("13907158642.5", "139****8642.5"), ("037165982743.5", "0371****2743.5"), ("5.037165982743", "5.0371****2743")),
    *(("999.888.777.666", "999****.666"), ("0.037165982743", "0.03****2743")),
]  # fmt: skip
SHOWN = [
    *("13,907,158,642", "1,390,715,8642", "13,90715,8642", "13907,158642", "13907.158642", "139071.58642"),
    *("65 98 27 43", "659 82 74", "6598 27 43", "65 982 743", "659 827 43", "659827-43", "65982-743", "6598 27-43"),
    *("6598.274", "371.65982743", "65982743.5", "65982743.5元", "0.13907158642", "0.139 0715 8642", "5.65982743"),
    *("*65982743", "65****43", "65982743a", "65982743-a", "65982743-1a", "65982743_a", "65982743_1a", "c65982743"),
    *("c-65982743", "c_65982743", "abc037165982743", "abc-037165982743", "0x037165982743", "0x65982743"),
    *("20261130-65982743", "66554433-4123-4a5b-8123-0123456789ab", "1.2.3.4", "10.0.0.255", "255.255.255.0"),
    *("1999-2026", "2025 2026", "2025/2026", "2025 - 2026", "31/12/2026 08", "12/31/2026 08", "1999-01-01 08"),
    *("160", "123456", "9123456", "1234567", "13907", "12812341234 "),
]  # fmt: skip
WORDS = ("tel", "phone", "mobile", "sip", "sips", "call", "caller", "callerid", "number", "num", "fax", "to")
UNITS = ("ms", "us", "µs", "s", "B", "kB", "MB", "GB", "bytes", "m", "km", "kg", "%", "°", "元", "秒", "毫秒", "微秒",
         "分钟", "小时", "公里", "字节")  # fmt: skip


@pytest.mark.parametrize("around", ["{}", "号码 {}，谢谢", "({})"])
@pytest.mark.parametrize(("written", "shown"), HIDDEN)
def test_a_number_is_hidden_to_the_sign_and_nothing_beside_it(written, shown, around):
    assert mask_numbers(around.format(written)) == around.format(shown)


@pytest.mark.parametrize("around", ["{}", "号码 {}，谢谢", "({})"])
@pytest.mark.parametrize("written", SHOWN)
def test_what_is_no_number_stays_to_the_sign(written, around):
    assert mask_numbers(around.format(written)) == around.format(written)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("joint", [":", "-", "_", "", '":', "':"])
def test_behind_a_word_for_numbers_a_short_one_is_hidden_too(word, joint):
    for said in (word, word.upper(), f"x{word}"):
        assert mask_numbers(f"{said}{joint}65982743") == f"{said}{joint}65****43"


@pytest.mark.parametrize("word", ["port", "id", "version", "x", "pbx", "count"])
def test_behind_another_word_it_is_an_id(word):
    for joint in (":", ""):
        assert mask_numbers(f"{word}{joint}65982743") == f"{word}{joint}65982743"


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_measured_stays(unit):
    for blank in ("", " "):
        assert mask_numbers(f"共 65982743{blank}{unit}") == f"共 65982743{blank}{unit}"
    assert mask_numbers("共 65982743  s") == "共 65****43  s"


def test_every_day_of_a_year_stays_in_every_form():
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365)):
        year, month, of_month = day.year, day.month, day.day
        for form in (
            *(f"{day:%Y-%m-%d} 08:30", f"{day:%Y/%m/%d} 08", f"{day:%Y.%m.%d} 08", f"{year}-{month}-{of_month} 08"),
            *(f"{day:%d.%m.%Y} 08", f"{month}/{of_month}/{year} 1 22", f"{day:%Y%m%d} 083015", f"{day:%Y%m%d}"),
        ):
            assert mask_numbers(f"于 {form} 处理") == f"于 {form} 处理"


@pytest.mark.parametrize("no_day", ["2026-13-45 12", "2026-00-32 12", "20261301", "20261232", "20260042", "21261123"])
def test_what_is_no_day_of_any_year_is_hidden(no_day):
    assert "*" in mask_numbers(no_day)


@pytest.mark.parametrize(
    ("most", "shown"),
    [(2, "请回"), (3, "请回电"), (4, "请回电"), (5, "请回电"), (8, "请回电"), (17, "请回电"), (18, "请回电"),
     (19, "请回电 139-0715-8642 谢"), (20, "请回电 139-0715-8642 谢谢"), (99, "请回电 139-0715-8642 谢谢，张三")],
)  # fmt: skip
def test_a_beginning_ends_before_a_number_that_does_not_fit(most, shown):
    assert beginning("请回电 139-0715-8642 谢谢，张三", most) == shown


def test_a_beginning_keeps_what_is_no_end_of_a_number_and_loses_no_more_than_a_number_is_long():
    assert beginning("abcdef", 6) == "abcdef"
    assert beginning("abcdefg", 6) == "abcdef"
    assert beginning("1" * 500 + "abc", 501) == "1" * 500 + "a"
    assert len(beginning("x" + "1 " * 400, 300)) == 300 - 120
    assert beginning("call%2013907158642", 12) == "call"

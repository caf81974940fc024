"""A number in a free text is hidden in whatever spelling, and what is none is shown; what is forgotten is hidden."""

import sys
import unicodedata
from itertools import product

import pytest
from tests.fakes.spellings import (
    AREA,
    LANDLINE,
    LANDLINE_SPELLINGS,
    LOCAL_HIDDEN,
    LOCAL_SPELLINGS,
    MOBILE,
    MOBILE_HIDDEN,
    MOBILE_SPELLINGS,
    NO_NUMBERS,
    SURROUNDINGS,
    figures,
)
from voicedesk.number_masking import mask_numbers
from voicedesk.phone_numbers import mask
from voicedesk.phone_traces import PhoneTraces
from voicedesk.written_digits import UNSEEN, has_digits, plain


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize(
    ("spellings", "hidden"),
    [(MOBILE_SPELLINGS, MOBILE_HIDDEN), (LANDLINE_SPELLINGS, LOCAL_HIDDEN), (LOCAL_SPELLINGS, LOCAL_HIDDEN)],
    ids=["mobile", "landline", "local"],
)
def test_a_number_is_hidden_in_every_spelling(spellings, hidden, around):
    shown = {text: mask_numbers(text) for text in (around.format(spelled) for spelled in spellings)}
    assert {text: one for text, one in shown.items() if hidden in figures(one) or "*" not in one} == {}


@pytest.mark.parametrize("written", ["4001-4009", "分机 4001-4009", "8888-9999", "0571-8888 9999"])
def test_extensions_from_here_to_there_may_be_a_town_s_number_and_are_hidden_too(written):
    assert "*" in mask_numbers(written)


@pytest.mark.parametrize("around", ["{}", "于 {} 处理", "({})", "[{}]", "{}，", "{}。", "at {} now"])
def test_what_is_no_number_is_shown(around):
    shown = {text: mask_numbers(text) for text in (around.format(one) for one in NO_NUMBERS)}
    assert {text: one for text, one in shown.items() if one != text} == {}


@pytest.mark.parametrize("around", SURROUNDINGS)
def test_what_is_forgotten_is_found_in_every_spelling(around):
    for number, spellings in ((MOBILE, MOBILE_SPELLINGS), (LANDLINE, (*LANDLINE_SPELLINGS, *LOCAL_SPELLINGS))):
        traces = PhoneTraces(number, AREA)
        texts = [around.format(spelled) for spelled in spellings]
        assert [text for text in texts if not traces.is_in(text)] == []
        assert [text for text in texts if traces.is_in(traces.text(text))] == []


def test_several_numbers_in_a_text_are_all_hidden_and_what_is_between_them_stays():
    for one, other in product(
        ("139 0715 8642", "13907158642", "１３９０７１５８６４２"), ("0371-6598-2743", "6598 2743")
    ):
        for between in ("/", "、", " ", "，或 ", " 2026-11-30 ", "\n", "-", " 或"):
            shown = mask_numbers(f"打 {one}{between}{other} 都行")
            assert (shown[:2], shown[-3:]) == ("打 ", " 都行")
            assert MOBILE_HIDDEN not in figures(shown)
            assert LOCAL_HIDDEN not in figures(shown)


def test_a_masked_text_is_masked_again_as_it_is():
    for spelled in (*MOBILE_SPELLINGS, *LANDLINE_SPELLINGS, *LOCAL_SPELLINGS):
        shown = mask_numbers(f"请回电 {spelled} 谢谢")
        assert mask_numbers(shown) == shown


def test_every_sign_of_unicode_that_is_a_digit_a_blank_a_dash_or_not_seen_is_known():
    kinds = {
        "Zs": " ",
        "Zl": "\n",
        "Zp": "\n",
        "Pd": "-",
        "Ps": "(",
        "Pe": "(",
        "Cf": UNSEEN,
        "Mn": UNSEEN,
        "Me": UNSEEN,
    }
    for code in range(0x80, sys.maxunicode + 1):
        sign = chr(code)
        folded = plain(sign)
        value = unicodedata.digit(sign, None)
        assert len(folded) == 1
        assert has_digits(sign) == (folded in "0123456789"), hex(code)
        if value is not None:
            assert folded == str(value), hex(code)
        elif (kind := unicodedata.category(sign)) in kinds:
            assert folded == kinds[kind], hex(code)


def test_a_plain_text_is_as_long_as_the_text():
    for spelled in (
        *MOBILE_SPELLINGS,
        *LANDLINE_SPELLINGS,
        *LOCAL_SPELLINGS,
        "%zz %1",
        "\\u12",
        "&#99999999;",
        "\ud800",
    ):
        assert len(plain(spelled)) == len(spelled)


def test_a_number_of_chinese_digits_alone_is_masked_too():
    assert mask("一三九零七幺五八六四二") == "一三九****八六四二"
    assert mask("王先生") == "王先生"


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "1-", "+", "+ ", "\u200b", "1\u200b", "1\u200b ", "138 ", "(", "1(((((", "一", "一 ", "%20", "%2",
     "\\u00", "1.", "1, ", "0086", "2026-11-30 ", "13907158642 ", "a1:", "65982743-", "1一"],
)  # fmt: skip
def test_the_work_grows_as_the_text_does(piece):
    """A pattern that went back would never be done with the long one; the calls of functions are counted."""

    def calls(length: int) -> int:
        text = piece * (length // len(piece)) + "x"
        count = 0

        def counted(_frame, event, _arg):
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(counted)
        try:
            mask_numbers(text)
        finally:
            sys.setprofile(None)
        return count

    few, many = calls(1_000), calls(8_000)
    assert many <= 9 * few + 100
    mask_numbers(piece * 30_000 + "x")
    PhoneTraces(MOBILE, AREA).text(piece * 30_000 + "x")

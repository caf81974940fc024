"""Every sign that is a digit or a mark of a number is known, one by one; the lists stand here by themselves."""

import pytest
from voicedesk.number_masking import mask_numbers
from voicedesk.phone_traces import PhoneTraces
from voicedesk.written_digits import UNSEEN, has_digits, is_figure, plain, same_script

WORDS = {
    "0": "零〇洞", "1": "一壹弌幺", "2": "二贰貳两兩", "3": "三叁參", "4": "四肆",
    "5": "五伍", "6": "六陆陸", "7": "七柒拐", "8": "八捌", "9": "九玖勾",
}  # fmt: skip
LISTED = ("⓪①②③④⑤⑥⑦⑧⑨", "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉", "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐", "⓿❶❷❸❹❺❻❼❽❾")
FIGURES = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
MARKS = {
    "-": "−˗⁻₋∼～ーｰ─━⁃‐‑‒–—―﹘﹣－＿",
    ".": "·・･•‧․．∙⋅﹒",
    "/": "／＼⁄∕",
    ",": "，、､﹐﹑،。｡",
    "+": "＋﹢",
    "\n": "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
    " ": "\u00a0\u2002\u2009\u202f\u3000",
    "(": "（）【】「」《》〔〕｛｝“”‘’«»",
    UNSEEN: "\x00\x01\x07\x1b\x7f\x80\u00ad\u200b\u200d\u2060\ufeff\u0301\u0336\u20e3\ufe0f"
    "\u115f\u1160\u3164\uffa0\u2800\ufffd",
}
WRITTEN = [(sign, digit) for digit, signs in WORDS.items() for sign in signs]
WRITTEN += [(sign, str(value)) for signs in (*LISTED, *FIGURES) for value, sign in enumerate(signs)]


@pytest.mark.parametrize(("sign", "digit"), WRITTEN)
def test_a_digit_is_hidden_and_forgotten_in_every_sign_for_it(sign, digit):
    assert plain(sign) == digit
    assert has_digits(sign)
    for number in ("13907158642", "18801234579"):
        spelled = number.replace(digit, sign)
        assert "*" in mask_numbers(f"请回电 {spelled} 谢谢"), spelled
        assert "*" in mask_numbers(f"{spelled[:3]}-{spelled[3:7]}-{spelled[7:]}"), spelled
    assert PhoneTraces("13907158642").is_in("号码 " + "13907158642".replace(digit, sign))


@pytest.mark.parametrize(("mark", "sign"), [(mark, sign) for mark, signs in MARKS.items() for sign in signs])
def test_a_mark_parts_a_number_in_every_sign_for_it(mark, sign):
    assert plain(sign) == mark
    assert not has_digits(sign)
    for spelled in (f"139{sign}0715{sign}8642", sign.join("13907158642")):
        assert "*" in mask_numbers(f"号码 {spelled}。"), ascii(spelled)
        assert PhoneTraces("13907158642").is_in(spelled), ascii(spelled)


@pytest.mark.parametrize(
    "sign", ["a", "X", "x", "号", "点", "十", "百", "é", ":", ";", "#", "*", "°", "%", "\U0001f600"]
)
def test_what_is_neither_a_digit_nor_a_mark_stays_what_it_is(sign):
    assert plain(sign) == sign
    assert not has_digits(sign)
    assert plain(f"一{sign}二") == f"1{sign}2"


@pytest.mark.parametrize(
    ("coded", "read"),
    [
        *(("%31", "\0\0" "1"), ("%20", "\0\0 "), ("%2B", "\0\0+"), ("%2b", "\0\0+"), ("%2D", "\0\0-")),
        *(("%09", "\0\0\t"), ("%0A", "\0\0\n"), ("%0d", "\0\0\r"), ("%30%39", "\0\0" "0" "\0\0" "9")),
        *(("%EF%BC%91", "\0" * 8 + "1"), ("%E5%B9%BA", "\0" * 8 + "1"), ("%e5%b9%ba", "\0" * 8 + "1")),
        *(("\\u0031", "\0" * 5 + "1"), ("\\u5e7a", "\0" * 5 + "1"), ("\\uff19", "\0" * 5 + "9")),
        *(("\\x31", "\0" * 3 + "1"), ("\\x2d", "\0" * 3 + "-"), ("\\xA0", "\0" * 3 + " ")),
        *(("\\t", "\0 "), ("\\n", "\0 "), ("\\r", "\0 "), ("&nbsp;", "\0" * 5 + " ")),
        *(("&#49;", "\0" * 4 + "1"), ("&#24186;", "\0" * 7 + "1"), ("&#000049;", "\0" * 8 + "1")),
        *(("&#x31;", "\0" * 5 + "1"), ("&#XFF11;", "\0" * 7 + "1"), ("&#x1D7D8;", "\0" * 8 + "0")),
    ],
)  # fmt: skip
def test_a_coded_digit_or_mark_stands_where_its_last_letter_was(coded, read):
    assert plain(coded) == read
    assert plain(f"a{coded}b") == f"a{read}b"


@pytest.mark.parametrize("coded", ["%41", "%E5%8F%B7", "\\u53f7", "\\x41", "\\u0058", "&#65;", "&#21495;", "&#x53F7;"])
def test_what_is_coded_and_no_digit_or_mark_is_no_digit(coded):
    assert plain(coded) == "x" * len(coded)
    assert mask_numbers(f"{coded}13907158642") == f"{coded}139****8642"


@pytest.mark.parametrize(
    "text",
    ["%FF%FE", "%E5%8F", "%10", "%1F", "%zz", "%2", "\\u12", "\\x1", "\\q", "&nbsp", "&#1;", "&#1234567;",
     "&#x1;", "&#x110000;", "&amp;", "100%"],
)  # fmt: skip
def test_what_only_looks_coded_stays(text):
    assert plain(text) == text
    assert mask_numbers(f"{text} 13907158642") == f"{text} 139****8642"


def test_a_figure_a_word_and_a_mark_of_a_list_are_three_kinds():
    assert all(is_figure(sign) for signs in FIGURES for sign in signs)
    assert not any(is_figure(sign) for signs in (*WORDS.values(), *LISTED) for sign in signs)
    kinds = ("1", "一", "①")
    assert [[same_script(one, other) for other in kinds] for one in kinds] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert same_script("1", "９")
    assert same_script("幺", "九")
    assert same_script("①", "²")


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a1b2", 2), ("1234567", 7), ("一二三四五六七", 7), ("①②", 2), ("号 3 楼", 1)]
)
def test_digits_are_counted_however_they_are_written(text, count):
    assert has_digits(text, count)
    assert not has_digits(text, count + 1)
    assert has_digits(text) is (count > 0)

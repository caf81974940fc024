"""Digits, and the signs between them, however people and machines write them: full-width, Chinese, coded, not seen.

What hides numbers and what forgets one both look into `plain` texts, so that both know the same spellings.
"""

import re
import unicodedata

UNSEEN = "\0"
"""Stands in a plain text for a sign that a reader does not see, and fills up where a coded sign was longer."""
GAP = r"(?:\0*+[+ \t\n\r()\[\].\-_/,~]){0,4}+\0*+"
"""A pattern: what may stand between two digits of one number in a plain text. It never goes back, so it is linear."""
CHINESE = {
    digit: str(value)
    for value, digits in enumerate(
        ("〇零洞", "一壹弌幺", "二贰貳两兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒拐", "八捌", "九玖勾")
    )
    for digit in digits
}
"""Chinese digits as they are written, in formal papers too, and as they are said on telephones."""

_FILLER = "x"
_KEPT = 20_000
_BY_CATEGORY = {
    **dict.fromkeys(("Zs",), " "),
    **dict.fromkeys(("Zl", "Zp"), "\n"),
    **dict.fromkeys(("Pd", "Pc"), "-"),
    **dict.fromkeys(("Ps", "Pe", "Pi", "Pf"), "("),
    **dict.fromkeys(("Cc", "Cf", "Mn", "Me"), UNSEEN),
}
_SINGLE = {
    **dict.fromkeys("−˗⁻₋∼～ーｰ─━⁃", "-"),
    **dict.fromkeys("·・･•‧․．∙⋅﹒", "."),
    **dict.fromkeys("／＼⁄∕", "/"),
    **dict.fromkeys("，、､﹐﹑،。｡", ","),
    **dict.fromkeys("＋﹢", "+"),
    **dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x85", "\n"),
    **dict.fromkeys("\u115f\u1160\u3164\uffa0\u2800\ufffd", UNSEEN),  # letters by name, and nothing on paper
}
_CODED = re.compile(
    r"(?:%(?:0[9AaDd]|[2-9A-Fa-f][0-9A-Fa-f]))+|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|\\[tnr]|&nbsp;"
    r"|&#([0-9]{2,6});|&#[xX]([0-9A-Fa-f]{2,5});"
)
"""%10 … %1F are no text: a per cent sign stands before a mobile's number there."""
_MAY_BE_CODED = re.compile(r"[%\\&]")
_IN_LISTS = "²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒፩-፱᧚𐩀-𐩃𐹠-𐹨𑁒-𑁚🄀-🄊"
_NO_FIGURES = re.compile(r"[^0-9]++")
_NO_DIGITS = re.compile(rf"[^\d{_IN_LISTS}{''.join(CHINESE)}]++")
_DIGITS = frozenset("0123456789")


class _Signs(dict[int, str]):
    """The plain sign of each sign, by the tables of Unicode; found when it is first met."""

    def __missing__(self, code: int) -> str:
        found = _plain_sign(chr(code))
        if len(self) < _KEPT:
            self[code] = found
        return found


def _plain_sign(sign: str) -> str:
    if sign in CHINESE:
        return CHINESE[sign]
    if sign in _SINGLE:
        return _SINGLE[sign]
    if sign.isascii() and (sign.isprintable() or sign in "\t\n\r"):
        return sign
    value = unicodedata.digit(sign, None)
    return str(value) if value is not None else _BY_CATEGORY.get(unicodedata.category(sign), sign)


_SIGNS = _Signs()


def plain(text: str) -> str:
    """A text of the same length with each digit as 0 … 9, and each mark that may stand in a number in its plain form.

    A coded sign (%20, \\u5e7a) stands where its last letter was; what is coded and is no digit or mark is no digit.
    """
    if _MAY_BE_CODED.search(text):
        text = _CODED.sub(_decoded, text)
    return text if text.isascii() and text.isprintable() else text.translate(_SIGNS)


def has_digits(text: str, least: int = 1) -> bool:
    """Whether so many digits stand in a text, however they are written; what is coded has one at least."""
    if text.isascii():
        return len(_NO_FIGURES.sub("", text)) >= least
    return len(_NO_DIGITS.sub("", text)) >= least


def same_script(one: str, other: str) -> bool:
    """Whether two digits are of one kind: "13812341234一" is a number and the beginning of a word."""
    return _script(one) == _script(other)


def is_figure(sign: str) -> bool:
    """Whether a digit is a figure, in whatever script; others are words or marks of a list too: 一, ①."""
    return _script(sign) == "figures"


def _script(sign: str) -> str:
    if sign in CHINESE:
        return "words"
    return "figures" if sign.isascii() or sign.isdecimal() else "in a list"  # ①, ⒈, ²


def _decoded(found: re.Match[str]) -> str:
    coded = found[0]
    if not coded.startswith("%"):
        code = int(found[1] or found[2] or found[4] or "0", 16) or int(found[3] or ord(" "))
        return _signs(chr(code), len(coded))  # so few digits are always a sign
    try:
        decoded = bytes.fromhex(coded.replace("%", "")).decode()
    except ValueError:
        return coded
    return "".join(_signs(sign, 3 * len(sign.encode())) for sign in decoded)


def _signs(sign: str, width: int) -> str:
    plain_sign = _SIGNS[ord(sign)]
    is_meant = plain_sign in _DIGITS or plain_sign in "+ \t\n\r()[].-_/,~\0"
    return UNSEEN * (width - 1) + plain_sign if is_meant else _FILLER * width

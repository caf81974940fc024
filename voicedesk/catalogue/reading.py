"""Digits as they are read aloud: dates, times, money, per cent, articles of laws, telephone numbers, letters.

Rules in their order; each leaves only characters that no later rule touches. What a text writes in characters stays.
"""

import re
from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_ON_THE_PHONE = "零幺二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *("诶", "必", "西", "弟", "衣", "艾福", "记", "艾尺", "爱", "杰", "开", "艾勒", "艾姆"),
            *("恩", "欧", "批", "丘", "阿尔", "艾斯", "替", "优", "维", "达不溜", "艾克斯", "歪", "贼德"),
        ),
        strict=True,
    )
)
_SAME = str.maketrans("０１２３４５６７８９％～－–−／〜", "0123456789%~---/~")
_MEASURES = (
    r"(?:个|名|人(?![工社力民])|次|份|张|年|天|小时|分钟|周|倍|岁|种|样|步|项|类|元|角|万|亿|千|位|家|条|页|寸|套|本|户"
    r"|期|遍|部|件|间|米|公里|平方|点(?!\d))"
)
_PUNCTUATION = "，。！？、；：“”‘’《》（）…"
_HANZI = re.compile(r"[一-鿿]")
Reading = Callable[[re.Match[str]], str]


def spoken(text: str) -> str:
    """The text with everything written in digits, signs or Latin letters in the characters that are read.

    `spoken("2025年1月1日起15个工作日")` is 二零二五年一月一日起十五个工作日.
    """
    text = text.translate(_SAME)
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return text


def unreadable(text: str) -> tuple[str, ...]:
    """The characters of a `spoken` text that nobody can read aloud, each once: "→", "¥" …"""
    return tuple(dict.fromkeys(one for one in text if not _HANZI.match(one) and one not in _PUNCTUATION))


def syllables(text: str) -> int:
    """How many syllables a `spoken` text has."""
    return len(_HANZI.findall(text))


def number(value: int) -> str:
    """A cardinal number from 0 to 9,999,999,999,999,999: 10 is 十, 110 一百一十, 2200 两千二百, 10500 一万零五百."""
    if value == 0:
        return _DIGITS[0]
    found, has_gap = "", False
    for unit in ("", "万", "亿", "万亿"):
        value, section = divmod(value, 10_000)
        if section:
            read = "两" if unit and section == 2 else _section(section)
            found = read + unit + ("零" if found and has_gap else "") + found
            has_gap = section < 1000
        else:
            has_gap = bool(found)
    return found[1:] if found.startswith("一十") else found


def digit_by_digit(digits: str, *, on_the_phone: bool = True) -> str:
    """Each digit for itself; on the phone 1 is read as yāo."""
    return "".join((_ON_THE_PHONE if on_the_phone else _DIGITS)[int(digit)] for digit in digits)


def _section(value: int) -> str:
    """1 to 9999."""
    found, has_gap = "", False
    for place in _PLACES:
        value, digit = divmod(value, 10)
        if digit:
            read = "两" if digit == 2 and place == "千" else _DIGITS[digit]
            found = read + place + ("零" if found and has_gap else "") + found
            has_gap = False
        else:
            has_gap = bool(found)
    return found


def _amount(digits: str) -> str:
    """A number with commas between thousands and a decimal point."""
    whole, _, rest = digits.replace(",", "").partition(".")
    return number(int(whole)) + (f"点{digit_by_digit(rest, on_the_phone=False)}" if rest else "")


def _year(found: re.Match[str]) -> str:
    return digit_by_digit(found[1], on_the_phone=False)


def _document_year(found: re.Match[str]) -> str:
    return f"{_year(found)}年"


def _date(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    return f"{digit_by_digit(year, on_the_phone=False)}年{number(int(month))}月{number(int(day))}日"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    read = "两" if hour == 2 else number(hour)
    return f"{read}点{'零' if 0 < minute < 10 else ''}{f'{number(minute)}分' if minute else ''}"


def _phone(found: re.Match[str]) -> str:
    """Groups as they are written, else as people pause: 3 and 4 and 4 digits, or 4 and 4."""
    groups = [group for group in re.split("[- ()]+", found[0]) if group]
    return "，".join(digit_by_digit(part) for group in groups for part in _breaths(group))


def _breaths(digits: str) -> tuple[str, ...]:
    match len(digits):
        case 11:
            return (digits[:3], digits[3:7], digits[7:])
        case 12:
            return (digits[:4], digits[4:8], digits[8:])
        case 7:
            return (digits[:3], digits[3:])
        case 8:
            return (digits[:4], digits[4:])
        case _:
            return (digits,)


def _money(found: re.Match[str]) -> str:
    yuan, cents = found[1].replace(",", ""), found[2].ljust(2, "0")
    read = f"{_counted(yuan)}元" if int(yuan) else ""
    jiao, fen = int(cents[0]), int(cents[1])
    if jiao:
        read += f"{_DIGITS[jiao]}角"
    elif fen and read:
        read += "零"
    return read + (f"{_DIGITS[fen]}分" if fen else "") or "零元"


def _counted(digits: str) -> str:
    """A number before a measure: 2 is 两."""
    return "两" if digits == "2" else _amount(digits)


def _number(found: re.Match[str]) -> str:
    digits = found[0]
    is_counted = _AFTER.match(found.string, found.end()) is not None
    if digits.isdigit() and (digits[0] == "0" < digits[1:] or (_is_call_sign(digits) and not is_counted)):
        return "，".join(digit_by_digit(part) for part in _breaths(digits))
    return _counted(digits) if is_counted else _amount(digits)


def _is_call_sign(digits: str) -> bool:
    """Numbers that are dialled or that name something: read digit by digit unless a measure follows."""
    return len(digits) >= 5 or digits in {"110", "114", "119", "120", "122"}


_WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_AMOUNT = rf"{_WHOLE}(?:\.\d+)?"
_AFTER = re.compile(rf"{_MEASURES}|到{_AMOUNT}{_MEASURES}")
_DASH = r"\s*(?:-|—|~)\s*"
_RULES: tuple[tuple[re.Pattern[str], Reading], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (r"[〔\[](\d{4})[〕\]]", _document_year),
        (r"(?<![\d.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d.])", _date),
        (r"(?<![\d:：])(\d{1,2})[:：]([0-5]\d)(?![\d:：])", _time),
        (rf"(?<!\d)(\d{{4}})(?=年|{_DASH}\d{{4}}年)", _year),
        (
            r"(?<!\d)(?:\(?0\d{2,3}\)?[- ]?\d{3,4}[- ]?\d{4}|1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
            r"|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|\d{3,4}[- ]\d{4})(?!\d)",
            _phone,
        ),
        (r"——+", lambda _: "，"),
        (rf"(?<=[\d年月日时点分天%‰周一二三四五六七八九十]){_DASH}(?=[\d周星二三四五六七八九十])", lambda _: "到"),
        (r"元/(?=[一-鿿])", lambda _: "元每"),
        (rf"(?<![\d.])({_WHOLE})\.(\d{{1,2}})元", _money),
        (rf"({_AMOUNT})到({_AMOUNT})%", lambda found: f"百分之{_amount(found[1])}到百分之{_amount(found[2])}"),
        (rf"({_AMOUNT})%", lambda found: f"百分之{_amount(found[1])}"),
        (rf"({_AMOUNT})‰", lambda found: f"千分之{_amount(found[1])}"),
        (r"(?<!\d)(\d+)/(\d+)(?!\d)", lambda found: f"{number(int(found[2]))}分之{number(int(found[1]))}"),
        (
            r"第(\d+)(?:到(\d+))?",
            lambda found: f"第{number(int(found[1]))}" + (f"到{number(int(found[2]))}" if found[2] else ""),
        ),
        (r"\d{3,}(?=室|房|窗)", lambda found: digit_by_digit(found[0])),
        (r"(?<=[A-Za-z])-?(\d{2,})", lambda found: digit_by_digit(found[1])),
        (r"[A-Za-z]", lambda found: _LETTERS[found[0].upper()]),
        (rf"(?<!\d){_AMOUNT}", _number),
        (r"\s+|·", lambda _: ""),
    )
)

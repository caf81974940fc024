"""Every way in which people and machines write a phone number, and what looks like one and is none: one list for all.

Whoever hides numbers, shows texts or forgets a number is tested with it, so that none of them knows fewer spellings.
"""

from urllib.parse import quote

from voicedesk.written_digits import plain

AREA = "0371"
MOBILE = "13907158642"
LANDLINE = "037165982743"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
CHINESE = str.maketrans("0123456789", "零幺二三四五六七八九")
FORMAL = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
RADIO = str.maketrans("0123456789", "洞幺两三四五六拐八勾")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
SCRIPTS = (FULL_WIDTH, CHINESE, FORMAL, RADIO, ARABIC, BOLD, CIRCLED)
MARKS = (
    *(
        " ",
        "  ",
        "\t",
        "\u00a0",
        "\u2009",
        "\u3000",
        "-",
        " - ",
        "--",
        "‐",
        "‑",
        "‒",
        "–",
        "—",
        "―",
        "−",
        "－",
        "_",
        "~",
    ),
    *(
        "～",
        ".",
        "·",
        "•",
        "・",
        "．",
        "/",
        "／",
        ")(",
        ") ",
        "）（",
        "】【",
        "][",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u2060",
    ),
    *("\u00ad", "\u202d", " \u200b", "\u200b-\u200b", "%20", "%2D", "%C2%A0", "%E2%80%93", "\\u00a0"),
    *("\\t", "+", "\n"),
)
MORE_MARKS = (",", "，", "、", ", ", "。")
"""What parts other things too: a number with them is known where it is parted as mobiles are."""


def _parted(number: str, sizes: tuple[int, ...], mark: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return mark.join(parts)


MOBILE_SPELLINGS = (
    MOBILE,
    *(_parted(MOBILE, (3, 4, 4), mark) for mark in (*MARKS, *MORE_MARKS)),
    *(_parted(MOBILE, (1,) * 11, mark) for mark in (*MARKS, *MORE_MARKS)),
    *(_parted(MOBILE, sizes, " ") for sizes in ((3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (5, 6), (2, 3, 2, 2, 2))),
    *(f"{before}{MOBILE}" for before in ("+86", "0086", "86", "0", "9", "90", "+86 ", "0086-", "(+86)", "＋８６")),
    *(f"{AREA}{MOBILE}", f"+{AREA}{MOBILE}"),
    *(f"{before}{MOBILE}" for before in ("17951", "179510", "17909", "12593", "125930", "10193", "190", "+0")),
    *(f"{before}139-0715-8642" for before in ("+86", "+86-", "+86 (0) ", "（+86）", "0 ")),
    *(MOBILE.translate(script) for script in SCRIPTS),
    *(_parted(MOBILE, (3, 4, 4), mark).translate(script) for script in SCRIPTS for mark in ("-", " ", "—")),
    *("139零七幺五8642", "139 零七一五 8642", "１３９0715八六四二", "139-０７１５ 8642", "1390715864二"),
    "(139)0715/8642",
    *("%2B8613907158642", "x%2013907158642", quote("号") + MOBILE, quote(MOBILE.translate(FULL_WIDTH))),
    *(ascii(MOBILE.translate(CHINESE)).strip("'"), repr("号".encode())[2:-1] + MOBILE, f"&nbsp;{MOBILE}"),
    "1️⃣3️⃣9️⃣0️⃣7️⃣1️⃣5️⃣8️⃣6️⃣4️⃣2️⃣",
    *("1\u03363\u03369\u03360\u03367\u03361\u03365\u03368\u03366\u03364\u03362", f"sip:{MOBILE}@10.0.0.1:5060"),
    *(f"{MOBILE}-8001", f"{MOBILE}转801", f"DAHDI/i1/{MOBILE}-5", f"Local/{MOBILE}@out-0001;1"),
    *(f"IAX2/0{MOBILE}-77",),
)  # fmt: skip
LANDLINE_SPELLINGS = (
    *(LANDLINE, "0371-65982743", "(0371)65982743", "（0371）6598-2743", "0371 6598 2743", "0371.6598.2743"),
    *("0371—6598—2743", "+86 371 6598 2743", "+86-371-65982743", "+86 (0371) 65982743", "0371/6598/2743"),
    *("0 3 7 1 6 5 9 8 2 7 4 3", "０３７１－６５９８２７４３", "零三七一六五九八二七四三", "0371\u200b6598\u200b2743"),
    *("17909037165982743", "1790937165982743", "12593037165982743", "+037165982743", "+0371 6598 2743"),
    *("0371%2D65982743", "0371-65982743-801", "0371-65982743转801", "trunk-037165982743-1", "0371–65–98–27–43"),
)
LOCAL_SPELLINGS = (
    *(
        "65982743",
        "6598 2743",
        "6598-2743",
        "6598—2743",
        "6598–2743",
        "6598.2743",
        "6598·2743",
        "6598/2743",
        "6598\t2743",
    ),
    *(
        "6598\u00a02743",
        "6598\u30002743",
        "(6598)2743",
        "6 5 9 8 2 7 4 3",
        "6-5-9-8-2-7-4-3",
        "65-98-27-43",
        "６５９８２７４３",
    ),
    *("六五九八二七四三", "六五九八 二七四三", "6598\u200b2743", "6\u200b5\u200b9\u200b8\u200b2\u200b7\u200b4\u200b3"),
    *(
        "65982743-801",
        "65982743转801",
        "65982743 ext 801",
        "tel:65982743",
        "电话:65982743",
        "6598%202743",
        "６５９８－２７４３",
    ),
)
SURROUNDINGS = (
    *(
        "{}",
        "请回电 {} 谢谢",
        "电话：{}，王先生",
        "电话({})",
        "<{}>",
        '{{"to":"{}"}}',
        "来电{}。",
        "call {} now",
        "2026-11-30 {}",
    ),
    *(
        "14:30 {}",
        "{} 2026-11-30 14:30",
        "工号8001，{}",
        "{}一直没人接",
        "周一{}来电",
        "①{}",
        "号码\n{}\n请回",
        "[{}]",
        "{};",
    ),
)

MOBILE_HIDDEN, LOCAL_HIDDEN = "0715", "9827"
"""The digits of them that nobody may see who need not know the number."""

NO_NUMBERS = (
    *(
        "2026-11-30",
        "2026/11/30",
        "2026.11.30",
        "30.11.2026",
        "2026年11月30日",
        "20261130",
        "2026-11-30 16:43:25",
        "16:43:25.035513",
    ),
    *(
        "2026-11-30T16:43:25+08:00",
        "2026-11-30T16:43:25.123456Z",
        "20261130 164325",
        "20261130-164325",
        "二〇二六年十一月三十日",
    ),
    *(
        "二〇二六一一三〇",
        "2026-11-23 2026-11-30",
        "2026-11-23 - 2026-11-29",
        "2025-2026",
        "2025 - 2026年",
        "9:00-12:00 13:30-17:30",
    ),
    *(
        "08:30 15:45 20:10",
        "1795421258.035513",
        "main-1795421258.1234567",
        "1795421258.12 3 45",
        "1795421258035513",
        "1795421258",
    ),
    *(
        "￥6,598,274.30",
        "1,390,715.86 元",
        "13,907,158,642 元",
        "65,982,743",
        "6598.27",
        "65982743.5",
        "6598274元",
        "65982743 bytes",
    ),
    *(
        "127.0.0.1:15038",
        "192.168.100.10",
        "10.0.0.1:5060",
        "0.67891234",
        "0.13907158642",
        "took 5.1234567 s",
        "waited 6598.2743 s",
    ),
    *(
        "等了2345678毫秒",
        "20.6.0",
        "v2.3.4.5",
        "Asterisk 20.19.1",
        "1.2.3-4.5.6",
        "18.9.0-rc1",
        "T-20261130-0012",
        "TK20261130001",
    ),
    *(
        "PJSIP/trunk-00000012",
        "PJSIP/6001-0000001a",
        "550e8400-e29b-41d4-a716-446655440000",
        "23456789-4123-4a5b-8123-0123456789ab",
    ),
    *(
        "a-67891234",
        "x67891234",
        "67891234x",
        "67891234-ab",
        "port:67891234",
        "extension 4001, 15000 ms",
        "12345",
        "12333",
        "0371-12345",
    ),
    *(
        "138****1234",
        "0371****2743",
        "65****43",
        "+852****5678",
        "三楼一号窗口",
        "一二三四五",
        "第一、二、三、四、五、六、七项",
        "15 秒",
    ),
    *(
        "4001、4002、4003",
        "[15, 20, 30, 45, 600]",
        "50%",
        "8001,8002",
        "12-3",
        "3 of 15",
        "S1-S18",
        "99.9%",
        "20261130143000",
        "c0371",
        *("0x7f4348001270", "6.17.60671434-1", "22.10.1+dfsg+~cs6.17.60671434-1", "60.671434"),
    ),
)
"""Times, days, money, ids, addresses, versions, measures and counts: they stay as they are."""


def figures(text: str) -> str:
    """The digits that stand in a text, in whatever spelling."""
    return "".join(sign for sign in plain(text) if sign in "0123456789")

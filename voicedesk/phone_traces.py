"""Where one person's number stands in texts, names and ids, in every form in which people and machines write it.

A number is found with each prefix (+86, 0086, 0, 9, a carrier's), grouped by blanks or dashes, with full-width or
Chinese digits, URL-encoded, and within a channel's name (`DAHDI/i1/13800138000-5`). Digits that only contain it are
somebody else's number, a time or an id, and stay.
"""

import re
import secrets
import string

from voicedesk.phone_numbers import COUNTRY, can_be, is_landline, is_mobile, normalise

NAMELESS = "anonymous"
"""Stands in names and in the switch's own words where the number stood; the switch calls a withheld number so too."""
BLANKED = "＊＊＊"
"""Stands where people wrote the number."""
SHORTEST = 7
"""A shorter number is an extension or a service: nobody's alone, and the same digits mean many other things."""

_GROUPED = r"(?:[ \t().\-‐‑‒–—―−·\u00a0]|%20|%2[89dD]){0,2}"
_SMALL_GROUP = 8
_DIGITS = str.maketrans(
    "０１２３４５６７８９＋（）－．　〇零一幺壹二两三四五六七八九",  # what people write is looked for
    "0123456789+()-. 00111223456789",
)
_PREFIX = re.compile(rf"(?:(?:\+|00)?{COUNTRY}|(?<![0-9])0)[ \t().\-]{{1,2}}$")
_EPOCH = re.compile(r"[0-9]{9,10}\.[0-9]")
_NAME = re.compile(r"[A-Za-z0-9._:-]+")
_CODED = re.compile(r"(?:(%)|(\\x)|(\\u))([0-9A-Fa-f]*)$")
_ENDS_IN_DIGITS = re.compile(r"[0-9]*$")
_AREA = re.compile(rf"(?:(?:\+|00){COUNTRY})?0(?:10|2[0-9]|[3-9][0-9]{{2}})")
"""Some trunks put the hall's area code before mobiles too."""
_GROUP_BEFORE = re.compile(r"[0-9][ \t().\-]{1,2}$")
_ANY_DIGITS = re.compile(r"\+?[0-9]+")


class PhoneTraces:
    """Finds and removes one number. `token` makes the ids unique that the number stood in: letters, new each time."""

    def __init__(self, number: str, area_code: str = "", token: str | None = None) -> None:
        self.area_code = area_code
        self.number = normalise(number, area_code) or ""
        if is_landline(f"0{number}") and not self.number.startswith("0"):  # national digits, as they were typed
            self.number = f"0{number}"
        self.token = token or new_token()
        self.found = 0
        self.is_short = len(self.number) < SHORTEST
        whole = self.number.lstrip("+0") if is_landline(self.number) else self.number.lstrip("+")
        self._whole = _pattern(whole)
        local = self.number.removeprefix(area_code) if area_code and is_landline(self.number) else self.number
        self._local = _pattern(local) if local != self.number and len(local) >= SHORTEST else None

    def spelled(self) -> tuple[str, ...]:
        """The usual forms of it: as it is compared, and with and without prefixes."""
        bare = self.number.lstrip("+") if not is_landline(self.number) else self.number[1:]
        return (self.number, bare, f"0{bare}", f"+{COUNTRY}{bare}", f"{COUNTRY}{bare}", f"00{COUNTRY}{bare}")

    def is_it(self, text: str | None) -> bool:
        """Whether a text is this number and nothing else."""
        return text is not None and can_be(text, self.number, self.area_code)

    def is_in(self, text: str) -> bool:
        """Whether the number stands somewhere in a text."""
        return bool(self._spans(text, is_id=False))

    def text(self, text: str) -> str:
        """The text without the number. Where it was a part of a name, the name stays unlike others."""
        spans = self._spans(text, is_id=False)
        if not spans:
            return text
        self.found += len(spans)
        if spans == [(0, len(text))]:
            return NAMELESS
        if _NAME.fullmatch(text):
            return _without(text, spans, f"{NAMELESS}{self.token}")
        return _without(text, spans, NAMELESS if text.isascii() and " " not in text else BLANKED)

    def name(self, text: str) -> str:
        """An id without the number, still unlike all others; only what is surely the number is taken out of it."""
        spans = self._spans(text, is_id=True)
        self.found += len(spans)
        return _without(text, spans, f"{NAMELESS}{self.token}") if spans else text

    def bytes(self, data: bytes) -> bytes:
        """The same for bytes that hold text, whatever else they hold."""
        text = data.decode("utf-8", "surrogateescape")
        cleaned = self.text(text)
        return data if cleaned is text else cleaned.encode("utf-8", "surrogateescape")

    def short(self, text: str) -> str:
        """A header that holds a number, without this one where it stands alone: for extensions too."""

        def nameless(found: re.Match[str]) -> str:
            if not self.is_it(found[0]):
                return found[0]
            self.found += 1
            return NAMELESS

        return _ANY_DIGITS.sub(nameless, text)

    def _spans(self, text: str, *, is_id: bool) -> list[tuple[int, int]]:
        if self.is_short:
            return []
        plain = text if text.isascii() else text.translate(_DIGITS)
        spans = [span for found in self._whole.finditer(plain) if (span := self._span(plain, found, is_id=is_id))]
        if self._local is not None and not is_id:
            spans += [
                span
                for found in self._local.finditer(plain)
                if not any(a <= found.start() < b for a, b in spans)
                and not _GROUP_BEFORE.search(plain, max(0, found.start() - 3), found.start())
                and (span := self._span(plain, found, is_id=False))
            ]
        return sorted(spans)

    def _span(self, plain: str, found: re.Match[str], *, is_id: bool) -> tuple[int, int] | None:
        """From the number's first prefix to its end; None where the digits are part of something else."""
        start, end = found.span()
        groups = re.findall("[0-9]+", found[0])
        if len(groups) > 1 and ((is_id and "." in found[0]) or max(map(len, groups)) > _SMALL_GROUP):
            return None
        run = _ENDS_IN_DIGITS.search(plain, max(0, start - 12), start)
        before = run[0] if run else ""
        coded = _CODED.search(plain[max(0, start - len(before) - 6) : start])
        if coded is not None:  # "%20" before it ends in a digit that is none of the number's
            width = 4 if coded[3] else 2
            before = coded[4][width:] if len(coded[4]) >= width else before
        first = start - len(before)
        for plus in ("+", "%2B", "%2b"):
            if plain.endswith(plus, 0, first):
                first -= len(plus)
                break
        if _EPOCH.match(plain, start) and not before:
            return None
        plus = "+" if first < start - len(before) else ""
        if before or plus:
            return (first, end) if self._is_with(plus + before, "".join(groups)) else None
        prefix = None if is_id else _PREFIX.search(plain[max(0, start - 8) : start])
        return first - (len(prefix[0]) if prefix else 0), end

    def _is_with(self, prefix: str, digits: str) -> bool:
        """Whether it is this number with that prefix before it, and not another's that ends in the same digits."""
        if can_be(prefix + digits, self.number, self.area_code):
            return True
        home = self.area_code.removeprefix("0")
        return is_mobile(self.number) and (prefix == home or _AREA.fullmatch(prefix) is not None)


def new_token() -> str:
    """Letters that no other number has got."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


def _pattern(digits: str) -> re.Pattern[str]:
    return re.compile(_GROUPED.join(digits) + "(?![0-9])" if digits else "(?!)")


def _without(text: str, spans: list[tuple[int, int]], instead: str) -> str:
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], instead]
        last = end
    return "".join([*parts, text[last:]])

"""Where one person's number stands in texts, names and ids, in every form in which people and machines write it.

A number is found with each prefix (+86, 0086, 0, 9, a carrier's), grouped by blanks or dashes, with full-width or
Chinese digits, URL-encoded, and within a channel's name (`DAHDI/i1/13800138000-5`). Digits that only contain it are
somebody else's number, a time or an id, and stay.
"""

import re
import secrets
import string
from collections.abc import Iterator

from voicedesk.phone_numbers import COUNTRY, can_be, is_landline, is_mobile, normalise
from voicedesk.written_digits import GAP, UNSEEN, is_figure, plain, same_script

NAMELESS = "anonymous"
"""Stands in names and in the switch's own words where the number stood; the switch calls a withheld number so too."""
BLANKED = "＊＊＊"
"""Stands where people wrote the number."""
SHORTEST = 7
"""A shorter number is an extension or a service: nobody's alone, and the same digits mean many other things."""

_SMALL_GROUP = 8
_PREFIX = re.compile(rf"(?:(?:\+|00)?{COUNTRY}|(?<![0-9])0){GAP}$")
_EPOCH = re.compile(r"[0-9]{9,10}\.[0-9]")
_NAME = re.compile(r"[A-Za-z0-9._:-]+")
_AREA = re.compile(rf"(?:\+|(?:\+|00){COUNTRY})?0(?:10|2[0-9]|[3-9][0-9]{{2}})")
"""Some trunks put the hall's area code before mobiles too."""
_AREA_BEFORE = re.compile(r"(?:\+[0-9]{1,3}|(?<![0-9])0?(?:10|2[0-9]|[3-9][0-9]{2}))[\0 \t().\-_/]{1,4}$")
"""Another's area: what follows is not a number of this hall's."""
_WIDEST_GAP = 24
"""So far back a prefix is looked for: it, and what stands between it and the number."""
_LONGEST_PREFIX = 12
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
        folded = plain(text)
        spans = list(self._found(text, folded, self._whole, is_id=is_id))
        if self._local is not None and not is_id:
            spans += [
                span
                for span in self._found(text, folded, self._local, is_id=False)
                if not any(a <= span[0] < b for a, b in spans)
                and not _AREA_BEFORE.search(folded, max(0, span[0] - _WIDEST_GAP), span[0])
            ]
        return sorted(spans)

    def _found(self, text: str, folded: str, pattern: re.Pattern[str], *, is_id: bool) -> Iterator[tuple[int, int]]:
        start = 0
        while found := pattern.search(folded, start):
            span = self._span(text, folded, found, is_id=is_id)
            start = found.start() + 1 if span is None else span[1]
            if span is not None:
                yield span

    def _span(self, text: str, folded: str, found: re.Match[str], *, is_id: bool) -> tuple[int, int] | None:
        """From the number's first prefix to its end; None where the digits are part of something else."""
        start, end = found.span()
        if _goes_on(text, folded, end):
            return None
        groups = re.findall("[0-9]+", found[0].replace(UNSEEN, ""))
        if len(groups) > 1 and ((is_id and "." in found[0]) or max(map(len, groups)) > _SMALL_GROUP):
            return None
        first = _beginning(text, folded, start)
        before = folded[first:start].replace(UNSEEN, "")
        plus = ""
        if folded.endswith("+", 0, first):
            plus = "+"
            first = _before_unseen(folded, first - 1)
        if _EPOCH.match(folded, start) and not before:
            return None
        if before and not is_figure(text[first]) and not self._is_with(plus + before, "".join(groups)):
            first, before = first + 1, before[1:]  # the end of a word: 周一
        if before or plus:
            return (first, end) if self._is_with(plus + before, "".join(groups)) else None
        prefix = None if is_id else _PREFIX.search(folded, max(0, start - _WIDEST_GAP), start)
        return prefix.start() if prefix else first, end

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
    return re.compile(GAP.join(digits) if digits else "(?!)")


def _beginning(text: str, folded: str, start: int) -> int:
    """Where the digits begin that stand right before a place, of the same script."""
    first = start
    while first and start - first < _LONGEST_PREFIX and _is_joined(text, folded, first):
        first -= 1
    return first


def _goes_on(text: str, folded: str, end: int) -> bool:
    """Whether a number goes on behind a place; a single Chinese digit behind Chinese ones begins a word."""
    return _is_joined(text, folded, end) and (is_figure(text[end]) or _is_joined(text, folded, end + 1))


def _is_joined(text: str, folded: str, at: int) -> bool:
    """Whether digits of one script stand on both sides of a place."""
    both = folded[at - 1 : at + 1]
    return at > 0 and len(both) == 2 and both.isdecimal() and same_script(text[at - 1], text[at])


def _before_unseen(folded: str, at: int) -> int:
    """The same place, before the rest of a coded sign."""
    return len(folded[:at].rstrip(UNSEEN)) if folded[at - 1 : at] == UNSEEN else at


def _without(text: str, spans: list[tuple[int, int]], instead: str) -> str:
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], instead]
        last = end
    return "".join([*parts, text[last:]])

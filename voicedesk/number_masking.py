"""Hides the phone numbers in a free text, however they are spelled; times, dates, money and ids stay.

Digits that marks join are looked at as groups: a number begins and ends where a group does. In doubt it is hidden.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from voicedesk.phone_numbers import mask
from voicedesk.written_digits import GAP, UNSEEN, has_digits, is_figure, plain, same_script


class OwnId(str):
    """A text that is an id of ours, whatever its digits look like: no phone number is hidden in it."""

    __slots__ = ()


SHORTEST = 7
"""Fewer digits are an extension, a service, a time or a count."""
_LONGEST = 20
_LONGEST_WRITTEN = 120
"""Signs: so long a number may be with a mark, or a coded one, behind each digit."""
_TAIL = re.compile(r"(?<![+0-9 \t\n\r()\[\].\-_/,~\0])[+0-9 \t\n\r()\[\].\-_/,~\0]++$")
_SMALL = 8
"""A group of more digits is a number by itself, an id or a time: nobody parts a number so."""
_RUN = r"[0-9](?:\0*+[0-9])*+"
_CHAIN = re.compile(rf"[+0-9](?:{GAP}[0-9])*+")
_GROUP = re.compile(_RUN)

_COUNTRY = r"(?:\+|00)?86"
_AREA = r"(?:10|2\d|[3-9]\d{2})"
_CARRIER = r"(?:1[12]\d{3}|179(?:[06][0189]|[1579][01])|10193|19[03])"
"""Only those 179xx that carriers have: the others begin times in microseconds as well."""
_MOBILE = re.compile(rf"\+?(?:{_COUNTRY}0?|9?0|9|0{_AREA}|(?P<odd>{_AREA}|{_CARRIER})0?)?(?P<own>1[3-9]\d{{9}})")
"""With what a country, house, trunk or carrier puts before it; `odd` is a prefix only right before its digits."""
_LANDLINE = re.compile(
    rf"\+?(?:(?P<before>{_COUNTRY}|9)|(?P<odd>{_CARRIER}))?(?P<area>0?{_AREA})(?P<own>[2-8]\d{{6,7}})"
)
_FOREIGN = re.compile(r"(?:\+|\+?00(?!86))[1-9]\d{6,14}")
_LOCAL = re.compile(r"\+?[2-8]\d{6,7}")
_OTHER = re.compile(rf"\+?(?:{_COUNTRY}0?|9?0|9)?(?:(?:400|800)\d{{7}}|1(?:06\d|4\d{{2}})\d{{9}})")
"""Of firms, and of machines with a SIM card."""
_POSSIBLE = re.compile(
    "|".join(re.sub(r"\?P<[a-z]+>", "?:", one.pattern) for one in (_MOBILE, _LANDLINE, _FOREIGN, _OTHER, _LOCAL))
)
_MOBILE_GROUPS = frozenset({(3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (4, 3, 4), (3, 3, 5), (3, 5, 3), (1,) * 11})
"""How people part a mobile's number. Commas part other things too, so that only these are a number with commas."""
_LOCAL_GROUPS = frozenset({(7,), (8,), (4, 4), (3, 4), (4, 3), (1,) * 7, (1,) * 8})
"""Extensions such as 4001-4009 are parted like a town's number, and 4001 4009 may be somebody's: nothing here can tell
them apart, so such a range is hidden too."""
_DASHED_GROUPS = frozenset({(2, 2, 2, 2), (3, 2, 2), (4, 2, 2), (2, 3, 3), (3, 3, 2)})

_USUAL_TIME = re.compile(r"20\d{2}-[01]\d-[0-3]\d|\d{10}\.\d+")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_PARTS_OTHER_THINGS = frozenset(",\n")
_PARTS_MORE = frozenset(",\n.")
_DATE_GAPS = ("-", "/", ".")
_YEARS_GAPS = ("-", "/", " - ", " ")
_DAY = re.compile(r"20\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_EPOCH = re.compile(r"\d{9,10}")
_CLOCK_BEFORE = re.compile(r"\d:$")
_CLOCK_AFTER = re.compile(r":\d")
_MEASURE = re.compile(r" ?(?:(?:[mµu]?s|[kMG]?B|bytes|k?m|kg|%)(?![A-Za-z])|°|元|[毫微]?秒|分钟|小时|公里|字节)")
_WORD_BEFORE = re.compile(r"([0-9A-Za-z]+)([-_]?|[\"']?:)$")
_NUMBER_WORDS = ("tel", "phone", "mobile", "sip", "sips", "call", "caller", "callerid", "number", "num", "fax", "to")
_FIRST_OF_CHINESE = "\u2e80"
_HEX = frozenset("abcdef0123456789")
_EXTENSION = re.compile(r"ext|x[0-9]", re.IGNORECASE)
_ID_AFTER = re.compile(r"[A-Za-z]|[-_][0-9]*[A-Za-z]|(?:-[0-9A-Fa-f]{4}){3}-")


def mask_numbers(text: str) -> str:
    """A text with every phone number in it masked; times, dates and the switch's ids stay."""
    if len(text) < SHORTEST or not has_digits(text, SHORTEST):
        return text
    parts, last = [], 0
    for start, end in _places(text, plain(text)):
        parts += [text[last:start], mask(text[start:end])]
        last = end
    return "".join([*parts, text[last:]]) if parts else text


def beginning(text: str, most: int) -> str:
    """The beginning of a text, of at most so many signs, that never ends within a number: half of one is not known."""
    if len(text) <= most:
        return text
    kept = text[:most]
    tail = plain(kept[-_LONGEST_WRITTEN:])
    return kept[: len(kept) - len(tail) + len(_TAIL.sub("", tail))]


class _Group(NamedTuple):
    """Digits without a mark in them; `gap` is what stands between them and the group before."""

    start: int
    end: int
    digits: str
    gap: str


class _Candidate(NamedTuple):
    """Groups of a chain that may be one number, and where they stand."""

    folded: str
    groups: Sequence[_Group]
    before: _Group | None
    after: _Group | None

    @property
    def start(self) -> int:
        """Where its first digit, or the + before it, stands."""
        first = self.groups[0]
        plus = first.gap.rfind("+")
        return first.start if plus < 0 else first.start - len(first.gap) + plus

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many digits its groups have; groups without a mark between them are one."""
        sizes: list[int] = []
        for group in self.groups:
            if sizes and not _marks(group.gap):
                sizes[-1] += len(group.digits)
            else:
                sizes.append(len(group.digits))
        return tuple(sizes)

    @property
    def marks(self) -> frozenset[str]:
        """The marks that stand in it."""
        return frozenset("".join([_marks(group.gap) for group in self.groups[1:]]))


def _places(text: str, folded: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand, in order; what overlaps is one place."""
    place: tuple[int, int] | None = None
    for chain in _CHAIN.finditer(folded):
        if not has_digits(chain[0], SHORTEST) or _USUAL_TIME.fullmatch(chain[0]):
            continue
        for start, end in _of_chain(folded, _groups(text, folded, chain)):
            if place is not None and start < place[1]:
                place = place[0], max(end, place[1])
                continue
            if place is not None:
                yield place
            place = start, end
    if place is not None:
        yield place


def _groups(text: str, folded: str, chain: re.Match[str]) -> list[_Group]:
    groups: list[_Group] = []
    last = chain.start()
    is_plain = text is folded
    for run in _GROUP.finditer(folded, last, chain.end()):
        cuts = run.span() if is_plain else _cuts(text, folded, run, chain)
        for start, end in pairwise(cuts):
            digits = folded[start:end].replace(UNSEEN, "")
            groups.append(_Group(start, end, digits, folded[last:start]))
            last = end
    return groups


def _cuts(text: str, folded: str, run: re.Match[str], chain: re.Match[str]) -> list[int]:
    """Where a run of digits is parted: at a change of script, and where its first or last digit may be a word's."""
    start, end = run.span()
    if text[start:end].isascii() or _DAY.fullmatch(folded, start, end):
        return [start, end]
    digits = [at for at in range(start, end) if folded[at] != UNSEEN]
    cuts = {start, end, *(at for before, at in pairwise(digits) if not same_script(text[before], text[at]))}
    if start == chain.start() and not is_figure(text[start]):  # 周一 before the number
        cuts.add(start + 1)
    if end == chain.end() and not is_figure(text[end - 1]):  # 一直 behind it
        cuts.add(end - 1)
    return sorted(cuts)


def _of_chain(folded: str, groups: list[_Group]) -> Iterator[tuple[int, int]]:
    """Where numbers stand in a chain, by their beginning: from each group the longest that is one."""
    is_time = _times(folded, groups)
    for first, group in enumerate(groups):
        digits = "+" if "+" in group.gap else ""
        found: _Candidate | None = None
        for last in range(first, len(groups)):
            digits += groups[last].digits
            if is_time[last] or len(digits) > _LONGEST:
                break
            if len(digits) >= SHORTEST and _POSSIBLE.fullmatch(digits):
                one = _candidate(folded, groups, first, last)
                found = one if _is_number(one, digits) else found
        if found is not None:
            yield found.start, found.groups[-1].end


def _candidate(folded: str, groups: list[_Group], first: int, last: int) -> _Candidate:
    before = groups[first - 1] if first else None
    after = groups[last + 1] if last + 1 < len(groups) else None
    return _Candidate(folded, groups[first : last + 1], before, after)


def _times(folded: str, groups: list[_Group]) -> list[bool]:
    """Which groups belong to a date, a time, a span of years or an address of a machine."""
    found = [_DAY.fullmatch(group.digits) is not None for group in groups]
    if len(groups) == 1:
        return found
    texts = [group.digits for group in groups]
    gaps = [_marks(group.gap) for group in groups[1:]]
    if len(texts[0]) <= 2 and _CLOCK_BEFORE.search(folded, max(0, groups[0].start - 2), groups[0].start):
        found[0] = True
    if len(texts[-1]) <= 2 and _CLOCK_AFTER.match(folded, groups[-1].end):
        found[-1] = True
    for at, gap in enumerate(gaps):
        if gap == "." and _EPOCH.fullmatch(texts[at]):
            found[at] = found[at + 1] = True
        if gap in _YEARS_GAPS and _YEAR.fullmatch(texts[at]) and _YEAR.fullmatch(texts[at + 1]):
            found[at] = found[at + 1] = True
        if gap in _DATE_GAPS and gaps[at : at + 2] == [gap, gap] and _is_date(texts[at : at + 3]):
            found[at : at + 3] = [True] * 3
        if _is_dotted_quad(gaps, at) and all(len(one) <= 3 and int(one) <= 255 for one in texts[at : at + 4]):
            found[at : at + 4] = [True] * 4
    return found


def _is_dotted_quad(gaps: list[str], at: int) -> bool:
    return gaps[at : at + 3] == ["."] * 3 and gaps[at + 3 : at + 4] != ["."] and (at == 0 or gaps[at - 1] != ".")


def _is_date(parts: list[str]) -> bool:
    """Whether three groups are a day, the year first or last."""
    if _YEAR.fullmatch(parts[2]):
        parts = [parts[2], *parts[:2]]
    year, *others = parts
    if not _YEAR.fullmatch(year) or any(len(one) > 2 for one in others):
        return False
    low, high = sorted(map(int, others))
    return 1 <= low <= 12 and high <= 31


def _is_number(one: _Candidate, digits: str) -> bool:
    """Whether groups whose digits are a number's are one phone number, where they stand and as they are parted."""
    if mobile := _MOBILE.fullmatch(digits):
        return _is_mobile(one, mobile)
    if not one.marks.isdisjoint(_PARTS_OTHER_THINGS):
        return False
    landline = _LANDLINE.fullmatch(digits)
    if landline is not None or _FOREIGN.fullmatch(digits) or _OTHER.fullmatch(digits):
        is_parted_well = landline is None or _is_parted_as_landline(landline, one)
        if is_parted_well and not _is_fraction(one) and not _is_in_id(one, is_short=False):
            return True
    return _LOCAL.fullmatch(digits) is not None and _is_local(one)


def _is_mobile(one: _Candidate, found: re.Match[str]) -> bool:
    own = _own_sizes(one.sizes, len(found["own"]))
    if _has_odd_apart(found, one.sizes):
        return False
    if len(own) > 1 and (max(own) > _SMALL or not (own in _MOBILE_GROUPS or one.marks.isdisjoint(_PARTS_MORE))):
        return False
    first, *rest = one.groups
    return not (_is_decimals_of_0(one.before, first) or any(_is_decimals_of_0(first, second) for second in rest[:1]))


def _has_odd_apart(found: re.Match[str], sizes: tuple[int, ...]) -> bool:
    """Whether what would be an odd prefix is a number by itself: 12333 stands before another number too."""
    return bool(found["odd"]) and len(sizes) > 1 and sizes[0] <= len(found["odd"])


def _is_decimals_of_0(before: _Group | None, group: _Group | None) -> bool:
    return before is not None and group is not None and before.digits == "0" and _marks(group.gap) == "."


def _is_parted_as_landline(found: re.Match[str], one: _Candidate) -> bool:
    """With its 0 or the country's code it is a number however it is parted; without, only as people part one."""
    sizes = one.sizes
    if _has_odd_apart(found, sizes):
        return False
    if found["area"].startswith("0") or (found["before"] or "").endswith("86") or len(sizes) == 1:
        return True
    own = _own_sizes(sizes, len(found["own"]))
    is_measure = len(sizes) == 2 and one.marks == {"."}
    return not is_measure and len(sizes) <= len(own) + 1 and (own in _LOCAL_GROUPS or own in _DASHED_GROUPS)


def _is_local(one: _Candidate) -> bool:
    """Whether seven or eight digits are a number of the hall's own town: only as people part one, and no measure."""
    sizes, marks, end = one.sizes, one.marks, one.groups[-1].end
    if sizes not in _LOCAL_GROUPS and not (sizes in _DASHED_GROUPS and marks <= {"-"}):
        return False
    if sizes == (4, 3) and "." in marks:
        return False
    if one.before is not None and _DAY.fullmatch(one.before.digits) and _marks(one.groups[0].gap) == "-":
        return False
    if one.folded[one.start - 1 : one.start] == "*":  # the end of a number that was hidden
        return False
    if _ID_AFTER.match(one.folded, end) and not _EXTENSION.match(one.folded, end):
        return False
    return not (_MEASURE.match(one.folded, end) or _is_fraction(one) or _is_in_id(one, is_short=True))


def _is_fraction(one: _Candidate) -> bool:
    """Whether the digits stand before or behind a point, as parts of a measured number; no landline has its 0 so."""
    has_zero = one.groups[0].digits.startswith("0")
    if one.before is not None and _marks(one.groups[0].gap) == ".":
        return not has_zero or one.before.digits == "0"
    if one.after is None or _marks(one.after.gap) != "." or has_zero:
        return False
    behind = one.folded[one.after.end : one.after.end + 1]
    return behind < _FIRST_OF_CHINESE or _MEASURE.match(one.folded, one.after.end) is not None


def _is_in_id(one: _Candidate, *, is_short: bool) -> bool:
    """Whether the digits are a part of an id: its letters stand before them. A short number is so easily."""
    start = one.groups[0].start
    if "+" in one.groups[0].gap:
        return False
    found = _WORD_BEFORE.search(one.folded, max(0, start - 16), start)
    if found is None or found[1].isdecimal():
        return False
    word, joint = found[1].lower(), found[2]
    if word.endswith(_NUMBER_WORDS):
        return False
    if word.startswith("0x"):
        return True
    if joint in ("-", "_"):
        return _HEX.issuperset(word)
    return is_short or (joint == "" and _HEX.issuperset(word))


def _own_sizes(sizes: tuple[int, ...], digits: int) -> tuple[int, ...]:
    """How the last so many digits are parted."""
    own: list[int] = []
    for size in reversed(sizes):
        own.insert(0, min(size, digits))
        digits -= own[0]
        if not digits:
            break
    return tuple(own)


def _marks(gap: str) -> str:
    return gap.replace(UNSEEN, "")

"""Writes a proposal as a settings file: every guess with its source, and what stood there before kept where it is true.

What cannot stand is commented out with its reason, never left out in silence; the text loads without error.
"""

import json
import re
from collections.abc import Iterable, Iterator

from voicedesk.discovery.lists import HouseSeen
from voicedesk.discovery.proposal import LineGuess, PersonGuess, PhoneGuess, Proposal
from voicedesk.hall.asterisk_files import FEWEST_PUBLISHED
from voicedesk.hall.lines import pbxs_of
from voicedesk.language.translate import translated
from voicedesk.settings import AssignmentSettings, LineSettings, PhoneSettings, Settings

_HEADER = re.compile(r"\s*\[\[?\s*([a-z_]+)\s*\]\]?\s*(?:#.*)?")
_TITLE = "# ---- Proposed by voicedesk init --discover: guesses, each with its source. Look at every one."


def write_tables(proposal: Proposal, old: Settings, *, dropped: Iterable[int] = (), many: bool = False) -> str:
    """The proposed tables, without what the old settings say already. `dropped`: indexes of old lines that go.

    `many`: there are several switches, and each table names its own.
    """
    have = _Have(old, set(dropped), with_pbx=many and "pbx" in LineSettings.model_fields)
    parts = [translated(_TITLE), *(translated(f"# note: {_plain(note)}") for note in proposal.notes), ""]
    for line in proposal.lines:
        if line.is_likely:
            parts += _line(line, have)
    for line in proposal.lines:
        if not line.is_likely:
            parts += [f"# {row}" if row else "" for row in _line(line, have)]
    for phone in proposal.phones:
        parts += _phone(phone, have)
    if proposal.unclear:
        parts += [
            translated("# Phones or trunks? Nothing shows it:"),
            *(f"#   {_plain(one)}" for one in proposal.unclear),
            "",
        ]
    if proposal.trunks:
        parts += [translated(f"# Taken for trunks: {', '.join(map(_plain, proposal.trunks))}"), ""]
    known = {agent.name for agent in old.agents}
    people = [person for person in proposal.people if person.name not in known]
    if people:
        parts += [translated("# People, by names that the switch has: confirm each, and take the # away."), ""]
        for person in people:
            parts += _person(person)
    return "\n".join(parts).rstrip() + "\n"


class _Have:
    """Names that are taken: each may stand once, or once on each switch where tables name theirs."""

    def __init__(self, old: Settings, dropped: set[int], *, with_pbx: bool) -> None:
        self.with_pbx = with_pbx
        self._switches = [pbx.name for pbx in old.pbx]
        lines = [line for index, line in enumerate(old.lines) if index not in dropped]
        self._names = {line.name for line in lines}
        self._taken: set[tuple[str, str, str]] = set()
        for line in lines:
            self._add("number", line, line.extensions)
            self._add("queue", line, line.queues)
        for phone in old.phones:
            self._add("phone", phone, (phone.endpoint,))
            self._add("extension", phone, (phone.extension,) if phone.extension else ())

    def _add(self, kind: str, one: object, names: Iterable[str]) -> None:
        for pbx in pbxs_of(one) or (*self._switches, ""):
            self._taken |= {(kind, pbx, name) for name in names}

    def take(self, kind: str, pbx: str, name: str) -> bool:
        """Whether a name is free; it is taken from now on."""
        key = (kind, pbx if self.with_pbx else "", name)
        is_free = key not in self._taken
        self._taken.add(key)
        return is_free

    def name_for(self, wanted: str) -> str:
        """A name for a line that no other has."""
        name, n = wanted, 2
        while name in self._names:
            name, n = f"{wanted}-{n}", n + 1
        self._names.add(name)
        return name


def _line(line: LineGuess, have: _Have) -> Iterator[str]:
    known = sorted(line.extensions, key=lambda number: len(number) < FEWEST_PUBLISHED)  # what citizens dial first
    numbers = [number for number in known if have.take("number", line.pbx, number)]
    queues = [queue for queue in line.queues if have.take("queue", line.pbx, queue)]
    if not numbers and not queues:
        return
    for name, source in (*line.extensions.items(), *line.queues.items()):
        again = "" if name in (*numbers, *queues) else translated(" (stands in another line already)")
        yield f"# {_plain(name)}: {_told(source)}{again}"
    if not numbers:
        yield translated("# no number leads here as far as could be seen: add extensions, as the trunk delivers them")
    yield "[[lines]]"
    yield f"name = {_text(have.name_for(line.name))}"
    if have.with_pbx:
        yield f"pbx = {_text(line.pbx)}"
    yield f"extensions = {toml_list(map(_plain, numbers))}"
    yield f"queues = {toml_list(map(_plain, queues))}"
    yield f"phones = {toml_list(map(_plain, line.phones))}"
    yield "limit_seconds = 15"
    yield 'limit_source = "GB/T 33358-2016"'
    yield '# duty = ["Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"]'
    yield translated('# department = "…"                # what the greeting must name')
    yield ""


def _phone(phone: PhoneGuess, have: _Have) -> Iterator[str]:
    if not have.take("phone", phone.pbx, phone.endpoint):
        return
    yield "[[phones]]"
    yield f"endpoint = {_text(phone.endpoint)}      # {_told(phone.source)}"
    if have.with_pbx:
        yield f"pbx = {_text(phone.pbx)}"
    if phone.extension and have.take("extension", phone.pbx, phone.extension):
        yield f"extension = {_text(phone.extension)}"
    yield ""


def _person(person: PersonGuess) -> Iterator[str]:
    yield f"# [[agents]]      # {_told(person.source)}"
    yield f"# id = {_text(person.id)}"
    yield f"# name = {_text(person.name)}"
    yield "# [[assignments]]"
    yield f"# agent = {_text(person.id)}"
    yield f"# endpoint = {_text(person.endpoint)}"
    yield ""


def without_wrong(
    text: str, settings: Settings, houses: Iterable[HouseSeen], proposal: Proposal
) -> tuple[str, set[int]]:
    """The old text, with what the switch does not bear out of lines, phones and assignments commented out; which lines.

    Nothing is touched of a switch that did not tell.
    """
    seen = list(houses)
    phones = {one.endpoint for one in proposal.phones}
    wrong_phones = {one.endpoint for one in settings.phones if _is_wrong_phone(one, seen)} - phones
    standing = phones | {one.endpoint for one in settings.phones} - wrong_phones
    reasons: dict[tuple[str, int], str] = {}
    for index, phone in enumerate(settings.phones):
        if phone.endpoint in wrong_phones:
            reasons["phones", index] = "the switch has no such phone"
    for index, line in enumerate(settings.lines):
        why = _why_wrong(line, seen, wrong_phones)
        if why is not None:
            reasons["lines", index] = why
    for index, one in enumerate(settings.assignments):
        if _has_no_phone(one, settings, standing, wrong_phones):
            reasons["assignments", index] = f"there is no phone {one.endpoint}"
    return _commented(text, reasons), {index for table, index in reasons if table == "lines"}


def _is_wrong_phone(phone: PhoneSettings, houses: list[HouseSeen]) -> bool:
    return bool(houses) and all(house.knows(phone.endpoint) is False for house in houses)


def _why_wrong(line: LineSettings, houses: list[HouseSeen], wrong_phones: set[str]) -> str | None:
    told = [house.queues for house in houses if house.queues is not None]
    for queue in line.queues:
        if told and len(told) == len(houses) and not any(queue in queues for queues in told):
            return f"the switch has no queue {queue}"
    for phone in line.phones:
        if phone in wrong_phones or (houses and all(house.knows(phone) is False for house in houses)):
            return f"the switch has no phone {phone}"
    for number in line.extensions:
        plans = [house.dialplan for house in houses]
        if plans and all(plan is not None and plan.is_whole and not plan.places_of(number) for plan in plans):
            return f"no context has the number {number}"
    return None


def _has_no_phone(one: AssignmentSettings, settings: Settings, standing: set[str], wrong_phones: set[str]) -> bool:
    if one.endpoint is None or one.endpoint in standing:
        return False
    in_lines = {phone for line in settings.lines for phone in line.phones}
    return one.endpoint in wrong_phones or one.endpoint in in_lines


def _commented(text: str, reasons: dict[tuple[str, int], str]) -> str:
    counts: dict[str, int] = {}
    is_out = False
    written = []
    for row in text.splitlines():
        header = _HEADER.fullmatch(row)
        if header is not None:
            key = (header[1], counts.get(header[1], 0))
            counts[header[1]] = key[1] + 1
            is_out = key in reasons
            if is_out:
                written.append(translated(f"# taken out, {_plain(reasons[key])}:"))
        written.append(f"# {row}" if is_out and row.strip() and not row.lstrip().startswith("#") else row)
    return "\n".join(written).rstrip() + "\n"


def _text(value: str) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _told(source: str) -> str:
    """What shows it, in the language that is spoken."""
    return _plain(translated(source))


def _plain(value: str) -> str:
    """Nothing that the switch says may begin another line or another key."""
    return "".join(one if one.isprintable() else " " for one in value)[:200]


def toml_list(names: Iterable[str]) -> str:
    """Names as a list of the settings file, for a line that can be copied."""
    return f"[{', '.join(json.dumps(name, ensure_ascii=False) for name in names)}]"

"""What one table alone cannot show: names given twice, people nobody knows, two people in one seat."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import combinations

from voicedesk.errors import AddressRefused
from voicedesk.phone_numbers import national_digits
from voicedesk.settings.houses import house_problems, no_phone, phone_problems, places, twice
from voicedesk.settings.listed import AssignmentSettings
from voicedesk.settings.model import Settings
from voicedesk.settings.source import KeyPath
from voicedesk.web_address import read_url

Problem = tuple[KeyPath, str]
"""Where something is wrong, and what, with the cure."""

Check = Callable[[Settings], Iterator[Problem]]

_ON_ONE_PBX = (("lines", "extensions"), ("lines", "queues"), ("phones", "endpoint"), ("phones", "extension"))
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def webhook_problems(settings: Settings) -> Iterator[Problem]:
    """What is wrong with webhooks' URLs, once those that stand in files were read; a URL is never shown."""
    for index, webhook in enumerate(settings.webhooks):
        try:
            read_url(webhook.url_value(), webhook.allowance)
        except AddressRefused as error:
            yield ("webhooks", index, "url_file" if webhook.url_file else "url"), str(error)


def _twice(table: str, key: str, named: Iterator[tuple[int, tuple[str, ...]]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, names in named:
        for name in names:
            if name in seen:
                yield (table, index, key), f"{name!r} is there twice: each may stand in one [[{table}]] only"
            seen.add(name)


def _secrets(settings: Settings) -> Iterator[Problem]:
    for index, pbx in enumerate(settings.pbx):
        if (pbx.secret is None) == (pbx.secret_file is None):
            yield ("pbx", index), f"pbx {pbx.name!r} needs either secret_file (better) or secret: give exactly one"
        for does, user, secret, file in (
            ("places calls", "dial", pbx.dial_secret, pbx.dial_secret_file),
            ("pauses phones", "pause", pbx.pause_secret, pbx.pause_secret_file),
        ):
            given = (secret is not None) + (file is not None)
            if given != (getattr(pbx, f"{user}_username") is not None):
                keys = f"{user}_username and exactly one of {user}_secret_file and {user}_secret"
                yield ("pbx", index), f"pbx {pbx.name!r} {does} as a user of its own: give {keys}"


def _one_switch_twice(settings: Settings) -> Iterator[Problem]:
    """Two tables for one switch, or one log read as that of two."""
    addresses: set[tuple[str, int]] = set()
    files: set[tuple[str, str]] = set()
    for index, pbx in enumerate(settings.pbx):
        address = (pbx.host.lower(), pbx.port)
        if address in addresses:
            what = f"{pbx.host}:{pbx.port} is there twice: each call would be counted twice"
            yield ("pbx", index, "host"), f"{what}; give each switch one [[pbx]]"
        addresses.add(address)
        for key in ("cel_csv", "cdr_csv", "queue_log", "recordings"):
            path = getattr(pbx, key)
            if path is not None and (key, str(path)) in files:
                yield ("pbx", index, key), f"{str(path)!r} is there twice: each PBX has its own, or calls are mixed up"
            files.add((key, str(path)))


def _webhook_secrets(settings: Settings) -> Iterator[Problem]:
    for index, webhook in enumerate(settings.webhooks):
        what, path = f"webhook {webhook.name!r}", ("webhooks", index)
        if (webhook.url is None) == (webhook.url_file is None):
            yield path, f"{what} needs either url_file (better) or url: give exactly one"
        given = (webhook.secret is not None) + (webhook.secret_file is not None)
        if webhook.form == "json" and given != 1:
            yield path, f"{what} signs what it sends: give exactly one of secret_file (better) and secret"
        if webhook.form == "dingtalk" and given == 2:
            yield path, f"{what}: give one of secret_file (better) and secret, or none"
        if webhook.form == "wecom" and given:
            yield path, f"{what}: WeCom's robots have no secret beside the key in their URL: leave it out"


def _lines_without_a_number(settings: Settings) -> Iterator[Problem]:
    for index, line in enumerate(settings.lines):
        if not line.extensions and not line.queues:
            yield ("lines", index), f"line {line.name!r} can never be reached: give it extensions or queues"


def _assignments(settings: Settings) -> Iterator[Problem]:
    agents = {agent.id for agent in settings.agents}
    for index, one in enumerate(settings.assignments):
        path = ("assignments", index)
        if one.agent not in agents:
            yield (*path, "agent"), f"nobody has the id {one.agent!r}: add it to [[agents]] or correct it"
        if sum(seat is not None for seat in (one.endpoint, one.member, one.number)) != 1:
            yield path, "names where somebody sits: give either endpoint or member (or number, of a phone outside)"
        if one.endpoint:
            yield from _seat_nobody_knows(one, one.endpoint, index, settings)
        if _from(one) >= _to(one):
            yield (*path, "to"), "ends before it begins: to must be later than from"
    for (_, first), (index, second) in combinations(enumerate(settings.assignments), 2):
        if _same_seat(first, second, settings) and _from(first) < _to(second) and _from(second) < _to(first):
            seat = second.endpoint or second.member or second.number
            sat = f"{first.agent!r} and {second.agent!r} sit at {seat!r} at the same time: end the earlier one with to"
            yield ("assignments", index), sat


def _seat_nobody_knows(one: AssignmentSettings, endpoint: str, index: int, settings: Settings) -> Iterator[Problem]:
    for pbx in places(one, settings):
        own = settings.on(pbx)
        phones = {phone.endpoint for phone in own.phones}.union(*(line.phones for line in own.lines))
        if endpoint not in phones:
            yield ("assignments", index, "endpoint"), no_phone(endpoint, pbx, settings, sorted(phones))


def _same_seat(first: AssignmentSettings, second: AssignmentSettings, settings: Settings) -> bool:
    if set(places(first, settings)).isdisjoint(places(second, settings)):
        return False
    if first.number and second.number:
        area = settings.hall.area_code
        return national_digits(first.number, area) == national_digits(second.number, area)
    seats = (first.endpoint, first.member, first.number), (second.endpoint, second.member, second.number)
    return seats[0] == seats[1]


def _from(one: AssignmentSettings) -> datetime:
    return one.from_ or _EARLIEST


def _to(one: AssignmentSettings) -> datetime:
    return one.to or _LATEST


def _named_twice(table: str, key: str) -> Check:
    def check(settings: Settings) -> Iterator[Problem]:
        rows = getattr(settings, table)
        return _twice(table, key, ((i, (getattr(one, key),)) for i, one in enumerate(rows)))

    return check


_CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"pbx"}), _named_twice("pbx", "name")),
    (frozenset({"lines"}), _named_twice("lines", "name")),
    (frozenset({"pbx", "lines", "phones", "assignments"}), house_problems),
    *((frozenset({"pbx", "lines", table}), partial(twice, table, key)) for table, key in _ON_ONE_PBX),
    (frozenset({"agents"}), _named_twice("agents", "id")),
    (frozenset({"pbx"}), _secrets),
    (frozenset({"pbx"}), _one_switch_twice),
    (frozenset({"lines"}), _lines_without_a_number),
    (frozenset({"pbx", "lines", "phones"}), phone_problems),
    (frozenset({"pbx", "lines", "phones", "assignments", "agents", "hall"}), _assignments),
    (frozenset({"webhooks"}), _named_twice("webhooks", "name")),
    (frozenset({"webhooks"}), _webhook_secrets),
)
"""Each check with the tables it reads: where one of them could not be read, it would accuse the others."""


def problems(settings: Settings, unread: Collection[str] = ()) -> Iterator[Problem]:
    """Everything that is wrong between tables; `settings` as `houses.with_pbx` leaves them.

    What rests on a table that is `unread` is not looked at.
    """
    for tables, check in _CHECKS:
        if tables.isdisjoint(unread):
            yield from check(settings)

"""Finds the phone and the PBX that are meant by a person's name or a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from voicedesk.errors import InputError
from voicedesk.hall.switches import no_pbx
from voicedesk.settings import Settings, names


@dataclass(frozen=True, slots=True)
class Seat:
    """One phone as the settings name it, on one PBX or on each of several; or a `member` of a queue."""

    pbxs: tuple[str, ...]
    endpoint: str | None
    extension: str | None = None
    member: str | None = None


def phones_called(name: str, settings: Settings, pbx: str | None = None) -> list[Seat]:
    """The [[phones]] that a name stands for, by endpoint or extension; those of one PBX, if it is given."""
    endpoint = _endpoint(name)
    known = settings if pbx is None else settings.on(_known(pbx, settings))
    number = names.as_the_switch_writes(name)
    found = [one for one in known.phones if one.endpoint == endpoint or number == one.extension]
    return [Seat(_chosen(one.pbx, settings, pbx), one.endpoint, one.extension) for one in found]


def seats_of(agent: str, settings: Settings, at: datetime, pbx: str | None = None) -> list[Seat]:
    """Where a person sits at an instant; at one PBX, if it is given."""
    known = settings if pbx is None else settings.on(_known(pbx, settings))
    found = []
    for one in known.assignments:
        if one.agent == agent and one.number is None and one.holds_at(at):
            pbxs = _chosen(one.pbx, settings, pbx)
            extension = _extension(one.endpoint, pbxs, settings) if one.endpoint else None
            found.append(Seat(pbxs, one.endpoint, extension, one.member))
    return found


def the_one_meant(name: str, found: Sequence[Seat], own: Sequence[Seat]) -> Seat | None:
    """Of several phones of one name that at which the person sits; None: nothing was found.

    Raises InputError where nobody can tell: at another house another person would be rung.
    """
    if len(found) > 1:
        at = [one for one in found if any(_is_same(one, seat) for seat in own)]
        if len(at) != 1:
            where = " and ".join(", ".join(one.pbxs) for one in found)
            raise InputError(f"{name} 不止一部 is a phone on {where}: say which with --pbx")
        return at[0]
    return found[0] if found else None


def _is_same(one: Seat, other: Seat) -> bool:
    return one.endpoint == other.endpoint and not set(one.pbxs).isdisjoint(other.pbxs)


def _extension(endpoint: str, pbxs: Iterable[str], settings: Settings) -> str | None:
    for pbx in pbxs:
        for phone in settings.on(pbx).phones:
            if phone.endpoint == endpoint:
                return phone.extension
    return None


def _chosen(pbxs: tuple[str, ...], settings: Settings, pbx: str | None) -> tuple[str, ...]:
    return (pbx,) if pbx is not None else pbxs or tuple(one.name for one in settings.pbx)


def _known(pbx: str, settings: Settings) -> str:
    if pbx not in {one.name for one in settings.pbx}:
        raise no_pbx(pbx, settings)
    return pbx


def _endpoint(name: str) -> str:
    try:
        return names.endpoint(name)
    except ValueError:
        return name

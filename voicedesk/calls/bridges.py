"""Who could hear whom, and from when on: from the stretches that channels spent in the switch's bridges.

Two parties are connected while they are in one bridge, or in bridges that Local channels join. Only the moment at which
two of them were connected first is asked for; a channel may have moved to other bridges since then.
"""

from collections.abc import Iterable, Mapping

from voicedesk.calls.records import Channel, Stay, local_base


def first_connected(party: Channel, channels: Iterable[Channel]) -> Mapping[Channel, int]:
    """The channels of one call that a party was connected with, and since when (microseconds)."""
    present = [channel for channel in channels if channel.stays or channel.is_local]
    found: dict[Channel, int] = {}
    if not [channel for channel in present if channel.is_local]:
        for other in present:
            if other is not party:
                met_at = _met_at(party, other)
                if met_at is not None:
                    found[other] = met_at
        return found
    neighbours = _neighbours(present)
    to_visit: list[tuple[Channel, int]] = [(party, 0)]
    while to_visit:
        channel, since = to_visit.pop()
        if channel is not party and not channel.is_local:
            continue  # sound goes through Local channels only: a party that was in two bridges joined none of them
        for other, met_at in neighbours.get(channel, ()):
            at = max(since, met_at)
            if other is not party and at < found.get(other, at + 1):
                found[other] = at
                to_visit.append((other, at))
    return found


def _met_at(one: Channel, other: Channel) -> int | None:
    """When two channels were first in one bridge."""
    first: int | None = None
    for stay in one.stays:
        for there in other.stays:
            if stay.bridge == there.bridge and stay.overlaps(there):
                met_at = max(stay.from_at, there.from_at)
                first = met_at if first is None else min(first, met_at)
    return first


def _neighbours(channels: Iterable[Channel]) -> dict[Channel, list[tuple[Channel, int]]]:
    """The pairs that met directly: in one bridge, or as the two halves of one Local channel."""
    in_bridge: dict[str, list[tuple[Channel, Stay]]] = {}
    halves: dict[str, list[Channel]] = {}
    for channel in channels:
        for stay in channel.stays:
            in_bridge.setdefault(stay.bridge, []).append((channel, stay))
        if channel.is_local:
            halves.setdefault(local_base(channel.name), []).append(channel)
    met: dict[Channel, list[tuple[Channel, int]]] = {}
    for stays in in_bridge.values():
        for channel, stay in stays:
            met.setdefault(channel, []).extend(
                (other, max(stay.from_at, there.from_at))
                for other, there in stays
                if other is not channel and stay.overlaps(there)
            )
    for pair in halves.values():
        for channel in pair:
            met.setdefault(channel, []).extend((other, 0) for other in pair if other is not channel)
    return met

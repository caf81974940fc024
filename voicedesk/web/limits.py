"""How often one address, or one login, may ask: buckets that fill again, of bounded number."""

import ipaddress
from collections import OrderedDict

from voicedesk.clock import MICROSECONDS, NowUs

_MOST_KNOWN = 20_000
"""Who asks from more addresses than these makes the oldest forgotten, and the process no larger."""


class Limit:
    """At most `most` times in `seconds` for each key, evenly filled again."""

    def __init__(self, most: int, seconds: int, now: NowUs) -> None:
        self._most, self._refill_us, self._now = most, seconds * MICROSECONDS // most, now
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, key: str) -> int:
        """Counts one; how many seconds to wait where it is too many, else 0."""
        now = self._now()
        left, since = self._buckets.pop(key, (self._most, now))
        filled = max(now - since, 0) // self._refill_us
        left, since = min(left + filled, self._most), since + filled * self._refill_us
        if left == self._most or since > now:
            since = now
        is_free = left > 0
        self._buckets[key] = (left - is_free, since)
        while len(self._buckets) > _MOST_KNOWN:
            self._buckets.popitem(last=False)
        return 0 if is_free else -((now - since - self._refill_us) // MICROSECONDS)


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of one house (/64), in which anybody may have any number."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return address
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))

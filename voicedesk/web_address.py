"""Where news may be sent: what a URL must look like, and which addresses its name may stand for (no SSRF).

Pure rules. Who sends resolves a name once, lets every address it stands for be checked here, and connects to one of
exactly those (`webhooks/client.py`): what the name means a moment later changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from voicedesk.errors import AddressRefused

Address = IPv4Address | IPv6Address

_PLAIN = re.IGNORECASE | re.ASCII  # without ASCII, a Kelvin sign is a k, and a long s an s
_URL = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?((?:[/?][!-\"$-\[\]-~]*)?)", _PLAIN)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", _PLAIN)
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|\d+)", _PLAIN)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_SYSTEM_PORTS = 1024
_MANAGER_PORTS = (5038, 5039)
"""Asterisk's manager interface: its host is often this one, and what is sent there are orders."""
_PRIVATE: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("fc00::/7"),
)
_METADATA: frozenset[Address] = frozenset(
    map(ip_address, ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
"""Where clouds (Amazon, Alibaba, Azure, Oracle) hand out a machine's secrets; some lie outside the usual ranges."""
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_TEREDO = IPv6Network("2001::/32")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_NEVER: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24")),
    *map(IPv4Network, ("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4")),
    *map(IPv6Network, ("64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32")),
    *map(IPv6Network, ("3fff::/20", "5f00::/16", "fec0::/10")),
)
"""Reserved for tests, translation, documents, routers and times gone by: no receiver of news lives there. Python's own
table names most of them, and not the same ones in each version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send: `host` a name or an address as written, in lower case; `path` (with query) may hold a key."""

    scheme: Literal["https", "http"]
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the scheme's own, as a Host header has it."""
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a hall allows one receiver: `hosts` it may have (empty: the URL's own), and addresses that are not public.

    `private` is the hall's own network (10/8, 172.16/12, 192.168/16, fc00::/7), `loopback` this machine; in clear text
    (http) nothing is sent anywhere else. Link-local, multicast, unspecified and metadata addresses are never allowed.
    """

    hosts: tuple[str, ...] = ()
    private: bool = False
    loopback: bool = False


def read_url(url: str, allowance: Allowance) -> Target:
    """A URL taken apart. Raises AddressRefused, without the URL (it may hold a key), where it may not be used.

    Stricter than any parser: what two of them might read differently (user@host, a trailing dot, decimal or octal
    addresses, letters beyond ASCII, backslashes) is no URL here.
    """
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise AddressRefused("a name and password before the host are not allowed: leave out what stands before the @")
    read = _URL.fullmatch(url)
    if read is None:
        raise AddressRefused("this is no URL that can be used: write https://host/path in plain letters")
    scheme: Literal["https", "http"] = "https" if read[1].lower() == "https" else "http"
    host = read[2].lower()
    port = int(read[3]) if read[3] else _DEFAULT_PORTS[scheme]
    path = read[4] if read[4].startswith("/") else f"/{read[4]}"
    _check_host(host)
    if allowance.hosts and host not in {one.lower() for one in allowance.hosts}:
        raise AddressRefused(
            f"{host} is not among the hosts allowed here ({', '.join(allowance.hosts)}): "
            f"correct the URL, or name it in hosts of this [[webhooks]]"
        )
    if scheme == "http" and not (allowance.private or allowance.loopback):
        here = host in ("localhost", "[::1]") or host.startswith("127.")
        gateway = "allow_loopback = true for this machine" if here else "allow_private = true for your own network"
        raise AddressRefused(f"http sends in clear text: write https, or in this [[webhooks]] {gateway}")
    _check_port(port)
    return Target(scheme=scheme, host=host, port=port, path=path)


def checked(target: Target, addresses: Sequence[str], allowance: Allowance) -> list[Address]:
    """What a target's name stands for, IPv4 first. Raises AddressRefused if only one address is not allowed."""
    if not addresses:
        raise AddressRefused(f"{target.host} stands for no address: correct the URL, or the name server")
    found = []
    for text in addresses:
        address = _read_address(text)
        reason = refusal(address, allowance) if address is not None else "is no address"
        if address is None or reason is not None:
            raise AddressRefused(f"{target.host} stands for {text}, which {reason}")
        if target.scheme == "http" and not _is_inside(address):
            raise AddressRefused(f"{target.host} stands for {text}, outside your own network: write https")
        found.append(address)
    return sorted(dict.fromkeys(found), key=lambda one: one.version)


def refusal(address: Address, allowance: Allowance) -> str | None:
    """Why nothing may be sent to an address, to be read after "which"; None if it may.

    An IPv4 address inside an IPv6 one (mapped, compatible, translated, NAT64, 6to4, Teredo) is looked at too.
    """
    inner = _embedded(address)
    if isinstance(address, IPv6Address) and address in _TEREDO:
        return "is a tunnel to somewhere else: nothing is ever sent there"
    is_only_a_dress = isinstance(address, IPv6Address) and inner and not (address.sixtofour or address.teredo)
    looked_at = inner if is_only_a_dress else [address, *inner]
    return next((reason for one in looked_at if (reason := _refusal(one, allowance)) is not None), None)


def _refusal(address: Address, allowance: Allowance) -> str | None:
    if address in _METADATA:
        return "hands out this machine's secrets (cloud metadata): nothing is ever sent there"
    has_scope = isinstance(address, IPv6Address) and address.scope_id is not None
    if has_scope or address.is_unspecified or address.is_multicast or address.is_link_local:
        return "is link-local, multicast or no address at all: nothing is ever sent there"
    if address.is_loopback:
        return None if allowance.loopback else "is this machine itself: only allow_loopback = true lets that be"
    if any(address in network for network in _PRIVATE):
        return None if allowance.private else "is in a private network: only allow_private = true lets that be"
    is_public = address.is_global and not any(address in network for network in _NEVER)
    return None if is_public else "is reserved and no public address: nothing is ever sent there"


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address would lead to; of an IPv4 address itself."""
    if isinstance(address, IPv4Address):
        return [address]
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _is_inside(address: Address) -> bool:
    """Whether it is this machine or in a network that is not public."""
    return all(one.is_loopback or any(one in net for net in _PRIVATE) for one in _embedded(address) or [address])


def _read_address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _check_host(host: str) -> None:
    if host.startswith("["):
        if _read_address(host[1:-1]) is None:
            raise AddressRefused(f"{host} is no address: correct it")
        return
    if host.endswith("."):
        raise AddressRefused(f"leave out the dot at the end of {host}")
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise AddressRefused(f"{host} is no host name: correct it")
    if _NUMERIC.fullmatch(host.rpartition(".")[2]) and _read_address(host) is None:
        raise AddressRefused(f"{host} is an address in an unusual spelling: write it as four decimal numbers")


def _check_port(port: int) -> None:
    if not 1 <= port <= 65535:
        raise AddressRefused("the port must be from 1 to 65535: correct it")
    if port in _MANAGER_PORTS or (port < _SYSTEM_PORTS and port not in _DEFAULT_PORTS.values()):
        raise AddressRefused(f"port {port} belongs to another service: a webhook is at 80, 443 or from 1024 on")

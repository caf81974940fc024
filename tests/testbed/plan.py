"""What a testbed's switch is set up with: lines, queues, and phones at loopback addresses of their own."""

import random
import socket
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A hotline number and its queue; `members` are phones by name, or whole interfaces (`Local/6001@phones/n`)."""

    extension: str
    name: str
    members: tuple[str, ...]
    strategy: str = "linear"
    ring_seconds: int = 20
    queue_seconds: int = 40
    department: str | None = None
    duty: tuple[str, ...] = ()

    def member_lines(self) -> str:
        """The `member =>` lines of queues.conf."""
        pairs = zip(self.members, self.phones(), strict=True)
        return "\n".join(f"member => {_interface(member)},0,{phone},PJSIP/{phone}" for member, phone in pairs)

    def phones(self) -> tuple[str, ...]:
        """The phones that ring in the end, by name."""
        return tuple(_phone_of(member) for member in self.members)


def _interface(member: str) -> str:
    return member if "/" in member else f"PJSIP/{member}"


def _phone_of(member: str) -> str:
    """`Local/6001@phones/n` rings agent1."""
    return f"agent{member[9]}" if member.startswith("Local/600") else member


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A SIP endpoint of the switch and where it listens."""

    name: str
    extension: str
    address: str
    port: int

    @property
    def contact(self) -> str:
        return f"sip:{self.name}@{self.address}:{self.port}"


STAFF = tuple(f"agent{number}" for number in range(1, 10))
LINES = (
    Line(extension="4001", name="hotline", members=("agent1", "agent2")),
    Line(extension="4002", name="group", members=("agent1", "agent2", "agent3"), strategy="ringall"),
    Line(extension="4003", name="solo", members=("agent1",), ring_seconds=4, queue_seconds=15),
    Line(extension="4004", name="local", members=("Local/6001@phones/n",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A loopback network and ports that nobody else uses: `127.x.0.1` is the switch, the others are phones."""

    prefix: str
    sip_port: int
    phone_port: int
    ami_port: int
    agi_port: int

    @property
    def switch(self) -> str:
        return f"{self.prefix}.0.1"

    @property
    def trunk(self) -> str:
        return f"{self.prefix}.1.1"

    def phone(self, number: int) -> str:
        return f"{self.prefix}.0.{10 + number}"


def free_network() -> Network:
    """A network picked at random whose ports were free a moment ago."""
    for _ in range(50):
        prefix = f"127.{random.randint(2, 250)}"
        sip, phones, ami, agi = random.sample(range(10_000, 19_000), 4)
        probes = [(f"{prefix}.0.1", sip), (f"{prefix}.1.1", phones), (f"{prefix}.0.11", phones)]
        if all(_is_free(socket.SOCK_DGRAM, *probe) for probe in probes) and _is_free(
            socket.SOCK_STREAM, f"{prefix}.0.1", ami
        ):
            return Network(prefix=prefix, sip_port=sip, phone_port=phones, ami_port=ami, agi_port=agi)
    raise RuntimeError("no free loopback port was found in 50 tries")


def _is_free(kind: socket.SocketKind, address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the configuration files are made from.

    `recorded`: callers hear the notice of recording, and staff are recorded. `ivr`: calls are led to Voicedesk's IVR.
    `house`: a folder of `conf/houses` is added; its phones are called as their numbers, `absent` ones never registered,
    and `doubled` ones have a second contact, which is the phone `NUMBERb`.
    """

    network: Network = field(default_factory=free_network)
    lines: tuple[Line, ...] = LINES
    staff: tuple[str, ...] = STAFF
    load_phones: int = 0
    recorded: bool = False
    ivr: bool = False
    house: str | None = None
    absent: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    phones_dial_in: str = "internal"

    def phones(self) -> tuple[Phone, ...]:
        """The staff phones, then those of the load test, which share one address."""
        network = self.network
        staff = [
            Phone(
                name=name,
                extension=name if self.house else str(6000 + n),
                address=network.phone(n),
                port=network.phone_port,
            )
            for n, name in enumerate(self.staff, 1)
        ]
        load = [
            Phone(name=f"load{n}", extension=str(7000 + n), address=f"{network.prefix}.2.1", port=network.phone_port)
            for n in range(1, self.load_phones + 1)
        ]
        return (*staff, *load)

    def second_contacts(self) -> tuple[Phone, ...]:
        """The second contacts of the phones that have two."""
        network = self.network
        return tuple(
            Phone(name=name, extension=name, address=f"{network.prefix}.3.{n}", port=network.phone_port)
            for n, name in enumerate(self.doubled, 1)
        )

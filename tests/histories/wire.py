"""What a simulated Asterisk writes: channels, and events with the PBX's own timestamps."""

from dataclasses import dataclass

from voicedesk.ami.message import AmiEvent

T0 = 1_800_000_000
MICROSECONDS = 1_000_000
_ABOUT = (
    *("DestUniqueid", "Uniqueid", "Device", "StateInterface", "Interface"),
    *("BridgeUniqueid", "LocalOneUniqueid", "Exten"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One side of a call in the switch."""

    name: str
    uniqueid: str
    linkedid: str
    exten: str = ""
    number: str = ""

    def headers(self, prefix: str = "") -> list[tuple[str, str]]:
        return [
            (f"{prefix}Channel", self.name),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        ]


@dataclass(frozen=True, slots=True)
class Said:
    """One event as it leaves the switch at `at` (microseconds since the history began)."""

    at: int
    name: str
    headers: tuple[tuple[str, str], ...]
    shift: int = 0
    arrived: int | None = None

    @property
    def about(self) -> str:
        """The channel (or phone) whose events the switch keeps in order."""
        values = dict(self.headers)
        return next((values[key] for key in _ABOUT if key in values), "")

    def event(self) -> AmiEvent:
        """The same in wire form."""
        stamp = self.at + self.shift
        lines = [f"Event: {self.name}", "Privilege: call,all"]
        lines.append(f"Timestamp: {T0 + stamp // MICROSECONDS}.{stamp % MICROSECONDS:06d}")
        lines += [f"{key}: {value}" for key, value in self.headers]
        arrived = 0 if self.arrived is None else T0 * MICROSECONDS + self.arrived
        return AmiEvent.from_bytes("\r\n".join(lines).encode(), arrived_us=arrived)

"""SIP messages as bytes and back, as far as a test phone needs them (RFC 3261); no socket, no state."""

import re
import secrets
from dataclasses import dataclass

METHODS = "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO"


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or a response: first line, headers in order, body."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> "SipMessage":
        head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(first, tuple((name.strip(), value.strip()) for name, _, value in pairs), body)

    def encode(self) -> bytes:
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        length = len(self.body.encode("utf-8", "surrogateescape"))
        return "\r\n".join([*lines, f"Content-Length: {length}", "", self.body]).encode("utf-8", "surrogateescape")

    def get(self, name: str) -> str:
        """The first value of a header, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def all(self, name: str) -> list[tuple[str, str]]:
        return [(key, value) for key, value in self.headers if key.lower() == name.lower()]

    @property
    def status(self) -> int | None:
        """The status code of a response, None for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else None

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.get("CSeq").rpartition(" ")[2]

    @property
    def cseq(self) -> int:
        return int(self.get("CSeq").split()[0])

    @property
    def transaction(self) -> tuple[str, str, str]:
        """What a retransmission has in common with its first copy."""
        return (self.get("Via"), self.get("CSeq"), self.get("Call-ID"))


def response(request: SipMessage, status: str, *, tag: str, extra: tuple[tuple[str, str], ...] = (), body: str = ""):
    """A response to a request; `status` such as "180 Ringing"."""
    to = request.get("To")
    if "tag=" not in to:
        to += f";tag={tag}"
    copied = (*request.all("Via"), *request.all("Record-Route"), ("From", request.get("From")), ("To", to))
    headers = (*copied, ("Call-ID", request.get("Call-ID")), ("CSeq", request.get("CSeq")), *extra)
    return SipMessage(f"SIP/2.0 {status}", headers, body)


def tag_of(header: str) -> str:
    """The tag of a From or To header, empty if it has none."""
    found = re.search(r";tag=([^;>\s]+)", header)
    return found[1] if found else ""


def uri_of(header: str) -> str:
    """The address within the angle brackets of a header."""
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header


def number_of(header: str) -> str:
    """The user part of a header's address."""
    found = re.search(r"sips?:([^@>;]+)@", header)
    return found[1] if found else ""


def new_tag() -> str:
    return secrets.token_hex(6)


def new_branch() -> str:
    return "z9hG4bK" + secrets.token_hex(8)


def describe_media(address: str, port: int, *, version: int, direction: str) -> str:
    """An SDP body: G.711 A-law and telephone-event at an address."""
    return "\r\n".join(
        [
            "v=0",
            f"o=- 1 {version} IN IP4 {address}",
            "s=-",
            f"c=IN IP4 {address}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            f"a={direction}",
            "",
        ]
    )


def media_of(body: str) -> tuple[str, int] | None:
    """Where the other side wants its media, None if the body does not say."""
    address = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    return (address[1], int(port[1])) if address and port else None

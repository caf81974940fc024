"""One SIP dialog of a test phone: what it can do (ring, answer, reject, transfer …) and where it stands."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.testbed.rtp import RtpStream
from tests.testbed.sip import (
    METHODS,
    SipMessage,
    describe_media,
    media_of,
    new_branch,
    new_tag,
    number_of,
    response,
    tag_of,
    uri_of,
)

if TYPE_CHECKING:
    from tests.testbed.user_agent import UserAgent

SDP = ("Content-Type", "application/sdp")


class Call:
    """`ringing`, `answered` and `ended` are set once each; `final` is the status line of the INVITE's last response."""

    def __init__(self, phone: "UserAgent", call_id: str, local: str, remote: str) -> None:
        self.phone, self.id = phone, call_id
        self.local, self.remote = local, remote
        self.target = uri_of(remote)
        self.media: RtpStream | None = None
        self.final: str | None = None
        self.ringing, self.answered, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.notified: asyncio.Queue[str] = asyncio.Queue()
        self._request: SipMessage | None = None
        self._cseq = 0
        self._invite_cseq = 0
        self._branch = ""
        self._media_version = 0
        self._reinvited = asyncio.Event()

    @classmethod
    def incoming(cls, phone: "UserAgent", invite: SipMessage) -> "Call":
        call = cls(phone, invite.get("Call-ID"), f"{invite.get('To')};tag={new_tag()}", invite.get("From"))
        call.target = uri_of(invite.get("Contact"))
        call._request = invite
        return call

    @classmethod
    def outgoing(cls, phone: "UserAgent", to: str, origin: str) -> "Call":
        return cls(phone, f"{new_tag()}@{phone.address}", f"{origin};tag={new_tag()}", to)

    @property
    def other_number(self) -> str:
        """The number of the other side as it was announced."""
        return number_of(self.remote)

    # --- a call that comes in

    def reply(self, status: str, *, extra: tuple[tuple[str, str], ...] = (), body: str = "") -> None:
        """Answers the INVITE with a status such as "486 Busy Here"."""
        assert self._request is not None
        if int(status[:3]) >= 200:
            self.final = f"SIP/2.0 {status}"
        here = () if dict(extra).get("Contact") else (("Contact", self.phone.contact),)
        headers = (*here, ("Allow", METHODS), *extra)
        self.phone.send(response(self._request, status, tag=tag_of(self.local), extra=headers, body=body))

    def ring(self) -> None:
        self.reply("180 Ringing")
        self.ringing.set()

    def progress(self) -> None:
        """Early media without ringing (183)."""
        self.reply("183 Session Progress", extra=(SDP,), body=self._describe())
        self._hear(self._request)

    def answer(self) -> None:
        self.reply("200 OK", extra=(SDP,), body=self._describe())
        self._hear(self._request)
        self.answered.set()

    def reject(self, status: str) -> None:
        self.reply(status)
        self._over()

    def redirect(self, number: str) -> None:
        """Forwards the caller to another number of the switch (302)."""
        server = f"{self.phone.server[0]}:{self.phone.server[1]}"
        self.reply("302 Moved Temporarily", extra=(("Contact", f"<sip:{number}@{server}>"),))
        self._over()

    # --- a call that goes out

    def invite(self) -> None:
        self._branch, self._cseq = new_branch(), self._cseq + 1
        self._invite_cseq = self._cseq
        self.phone.send(self._build("INVITE", branch=self._branch, extra=(SDP,), body=self._describe()))

    def cancel(self) -> None:
        """Gives up before the answer."""
        self.phone.send(self._build("CANCEL", branch=self._branch, cseq=self._invite_cseq))

    # --- a call that stands

    def bye(self) -> None:
        if not self.ended.is_set():
            self._send("BYE")
            self._over()

    async def hang_up(self) -> None:
        """Ends the call whatever its state, and waits until it is over."""
        if self.answered.is_set():
            self.bye()
        elif not self.ended.is_set():
            self.cancel()
            async with asyncio.timeout(30):
                await self.ended.wait()

    async def hold(self, on: bool = True) -> None:
        self._reinvited.clear()
        self._send("INVITE", extra=(SDP,), body=self._describe("sendonly" if on else "sendrecv"))
        async with asyncio.timeout(30):
            await self._reinvited.wait()

    async def press(self, keys: str) -> None:
        """Presses keys (RFC 4733)."""
        assert self.media is not None
        await self.media.press(keys)

    def say(self, sound: bytes) -> None:
        """Says A-law sound."""
        assert self.media is not None
        self.media.say(sound)

    async def joined(self, *, seconds: float = 30) -> None:
        """Waits until the other side is heard, be it silent: only then has the switch joined the two.

        Between the answer and that moment the switch refuses a transfer, and takes no feature's keys.
        """
        async with asyncio.timeout(seconds):
            while self.media is None or not self.media.frames_received:
                await asyncio.sleep(0.01)

    async def hears_more(self, since: int, *, samples: int = 1, seconds: float = 60) -> int:
        """Waits until more than silence was heard after the first `since` samples; the sample at which that began.

        Then it waits until `samples` were heard from there on.
        """
        assert self.media is not None
        heard = self.media.heard
        async with asyncio.timeout(seconds):
            while (begun := since + _silence_at_begin(heard[since:])) + samples > len(heard):
                await asyncio.sleep(0.02)
        return begun

    async def transfer(self, number: str) -> None:
        """Blind transfer (REFER): returns when the switch reports that it did so. RuntimeError if it refuses."""
        await self._refer(f"<sip:{number}@{self.phone.server[0]}>")

    async def transfer_to(self, other: "Call") -> None:
        """Attended transfer (REFER with Replaces) to the one we talk to in `other`."""
        replaces = f"{other.id};to-tag={tag_of(other.remote)};from-tag={tag_of(other.local)}"
        await self._refer(f"<{uri_of(other.remote)}?Replaces={quote(replaces, safe='')}>")

    async def _refer(self, to: str) -> None:
        self._send("REFER", extra=(("Refer-To", to), ("Referred-By", self.phone.contact)))
        async with asyncio.timeout(30):
            while (status := int((told := await self.notified.get()).split()[1])) < 200:
                pass
        if status >= 300:
            raise RuntimeError(f"{self.phone.name}: the switch did not transfer the call: {told}")

    async def over_within(self, seconds: float) -> bool:
        """True if the call ends within that time."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True

    # --- what comes in

    def receive_request(self, request: SipMessage) -> None:
        if request.method == "ACK":
            return
        if request.method == "CANCEL":
            self._cancelled(request)
        elif request.method == "BYE":
            self._ok(request)
            self._over()
        elif request.method == "INVITE":
            self._ok(request, extra=(SDP,), body=self._describe())
            self._hear(request)
        else:
            self._ok(request)
            if request.method == "NOTIFY" and request.body.startswith("SIP/2.0"):
                self.notified.put_nowait(request.body.strip())

    def _cancelled(self, request: SipMessage) -> None:
        self._ok(request)
        if self.final is None:
            self.reject("487 Request Terminated")

    def _ok(self, request: SipMessage, *, extra: tuple[tuple[str, str], ...] = (), body: str = "") -> None:
        headers = (("Contact", self.phone.contact), *extra)
        self.phone.send(response(request, "200 OK", tag=tag_of(self.local), extra=headers, body=body))

    def receive_response(self, message: SipMessage) -> None:
        status = message.status or 0
        if message.method == "REFER" and status >= 300:
            self.notified.put_nowait(message.first)
        if message.method != "INVITE" or status == 100:
            return
        if message.cseq != self._invite_cseq:  # a re-INVITE (hold)
            if status >= 200:
                self.phone.send(self._build("ACK", cseq=message.cseq))
                self._reinvited.set()
            return
        self.remote = message.get("To")
        if status == 180:
            self.ringing.set()
        if status < 300:
            self._hear(message)
        if status >= 200:
            self._final_response(message, status)

    def _final_response(self, message: SipMessage, status: int) -> None:
        self.final = message.first
        if status < 300:
            self.target = uri_of(message.get("Contact"))
            self.phone.send(self._build("ACK", cseq=message.cseq))
            self.answered.set()
        else:
            self.phone.send(self._build("ACK", branch=self._branch, cseq=message.cseq))
            self._over()

    # --- within

    def _send(self, method: str, *, extra: tuple[tuple[str, str], ...] = (), body: str = "") -> None:
        self._cseq += 1
        self.phone.send(self._build(method, extra=extra, body=body))

    def _build(
        self,
        method: str,
        *,
        branch: str = "",
        cseq: int = 0,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = "",
    ) -> SipMessage:
        via = f"SIP/2.0/UDP {self.phone.address}:{self.phone.port};rport;branch={branch or new_branch()}"
        dialog = (("From", self.local), ("To", self.remote), ("Call-ID", self.id))
        number = ("CSeq", f"{cseq or self._cseq} {method}")
        headers = (("Via", via), ("Max-Forwards", "70"), *dialog, number, ("Contact", self.phone.contact), *extra)
        return SipMessage(f"{method} {self.target} SIP/2.0", headers, body)

    def _describe(self, direction: str = "sendrecv") -> str:
        if self.media is None:
            self.media = RtpStream(self.phone.address)
        self._media_version += 1
        return describe_media(self.phone.address, self.media.port, version=self._media_version, direction=direction)

    def _hear(self, message: SipMessage | None) -> None:
        remote = media_of(message.body) if message else None
        if remote and self.media is not None and not self.ended.is_set():
            self.media.start(remote)

    def _over(self) -> None:
        self.close_media()
        self.ended.set()

    def close_media(self) -> None:
        if self.media is not None:
            self.media.close()


def _silence_at_begin(sound: bytes | bytearray) -> int:
    """How many A-law samples there are before the first that is no silence."""
    return len(sound) - len(sound.lstrip(b"\xd5\x55"))

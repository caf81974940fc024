"""The manager protocol without a socket: bytes in, events and answers out, bytes to send kept until fetched.

    GREETING ──banner──► CHALLENGE ──Success──► LOGIN ──Success──► OPEN ──eof, close──► CLOSED
        └──────────────(plain login)──────────────►┘
    any state ──a refusal, a wrong banner──► CLOSED, and the error is raised

Actions go out only in OPEN. An answer is matched by its ActionID, which nobody outside can guess; the items of a list
are gathered with the answer that announced them and never appear among the live events.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from asterisk.ami.action import Action

from voicedesk.ami import actions
from voicedesk.ami.framing import Framer
from voicedesk.ami.message import AmiEvent, AmiResponse, Origin
from voicedesk.ami.screen import Screen
from voicedesk.errors import AmiAuthenticationError, AmiLinkLost, AmiProtocolError

LIST_LIMIT = 100_000
_BANNER = re.compile(rb"Asterisk Call Manager/(\d+(?:\.\d+)*)", re.IGNORECASE)


class ClosedBeforeLogin(AmiAuthenticationError):
    """The switch closed the connection before it answered the login: an address rule of its manager.conf, perhaps."""


class LinkState(Enum):
    """Where a conversation stands; see the table at the head of this module."""

    GREETING = auto()
    CHALLENGE = auto()
    LOGIN = auto()
    OPEN = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who logs in; `plain` sends the secret in clear text instead of proving it by MD5 challenge."""

    username: str
    secret: str = field(repr=False)
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an action: the response, and for a list its items and whether it came to its end."""

    action_id: str
    response: AmiResponse
    items: tuple[AmiEvent, ...] = ()
    complete: bool = True


@dataclass(slots=True)
class _OpenList:
    response: AmiResponse
    items: list[AmiEvent] = field(default_factory=list)


class AmiProtocol:
    """One conversation with one switch. `seed` makes the ActionIDs of this link unguessable."""

    def __init__(self, credentials: Credentials, *, wanted: Iterable[str] | None = None, seed: str = "") -> None:
        self.state = LinkState.GREETING
        self.version = ""
        self.framer = Framer()
        self.screen = Screen(wanted)
        self._credentials = credentials
        self._seed = seed
        self._sent = 0
        self._out: list[bytes] = []
        self._events: list[AmiEvent] = []
        self._answers: list[Answer] = []
        self._pending: set[str] = set()
        self._lists: dict[str, _OpenList] = {}
        self._handshake_id = ""

    @property
    def origin(self) -> Origin:
        """What new events are marked with."""
        return self.screen.origin

    @origin.setter
    def origin(self, origin: Origin) -> None:
        self.screen.origin = origin

    def receive_data(self, data: bytes, arrived_us: int) -> None:
        """Take in what arrived at `arrived_us`, cut anywhere.

        Raises AmiProtocolError if the peer is no Asterisk manager, AmiAuthenticationError if it refuses the login; the
        conversation is closed then. Data after the end is ignored.
        """
        if self.state is LinkState.CLOSED:
            return
        blocks = self.framer.receive_data(data)
        if self.state is LinkState.GREETING and self.framer.banner is not None:
            self._greet(self.framer.banner)
        if not blocks:
            return
        kept = self.screen.sift(blocks, arrived_us)
        if self.state is LinkState.OPEN and not self._pending and not self._lists and bytes not in map(type, kept):
            self._events += kept  # type: ignore[arg-type]  # no response among them
            return
        for message in kept:
            if isinstance(message, bytes):
                self._receive_response(AmiResponse(message))
            else:
                self._receive_event(message)

    def receive_eof(self) -> None:
        """The peer has ended the conversation.

        Raises ClosedBeforeLogin if the login was not answered yet: so a switch acts whose address rule forbids us.
        """
        state, self.state = self.state, LinkState.CLOSED
        if state in (LinkState.GREETING, LinkState.CHALLENGE, LinkState.LOGIN):
            raise ClosedBeforeLogin(
                "the switch closed the connection before the login was answered: "
                "look at permit/deny, bindaddr and authlimit in its manager.conf"
            )

    def send_action(self, action: Action) -> str:
        """Queue an action; returns the ActionID its answer will carry.

        Raises UnsafeValueError (nothing is queued) and AmiLinkLost where the login is not done.
        """
        if self.state is not LinkState.OPEN:
            raise AmiLinkLost("there is no open link to the switch: the action was not sent")
        return self._queue(action)

    def data_to_send(self) -> bytes:
        """Everything to be written to the socket since the last call."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def take_events(self) -> list[AmiEvent]:
        """The live events since the last call, in order."""
        events, self._events = self._events, []
        return events

    def take_answers(self) -> list[Answer]:
        """The answers completed since the last call, in order."""
        answers, self._answers = self._answers, []
        return answers

    def abandon(self, action_id: str) -> Answer | None:
        """Stop waiting for an action. Returns the items of its list that came, marked incomplete; None if no list had
        begun."""
        self._forget(action_id)
        begun = self._lists.pop(action_id, None)
        if begun is None:
            return None
        return Answer(action_id=action_id, response=begun.response, items=tuple(begun.items), complete=False)

    def _queue(self, action: Action) -> str:
        action_id = f"{self._seed}-{self._sent + 1}"
        data = actions.to_bytes(action, action_id)
        self._sent += 1
        self._out.append(data)
        self._pending.add(action_id)
        self.screen.asked.add(action_id)
        return action_id

    def _forget(self, action_id: str) -> None:
        self._pending.discard(action_id)
        self.screen.asked.discard(action_id)

    def _greet(self, banner: bytes) -> None:
        found = _BANNER.match(banner)
        if found is None:
            self.state = LinkState.CLOSED
            seen = banner[:60].decode("ascii", "backslashreplace")
            raise AmiProtocolError(f"not Asterisk's manager interface: it greets with {seen!r}; check host and port")
        self.version = found[1].decode()
        if self._credentials.plain:
            self._log_in(actions.login_plain(self._credentials.username, self._credentials.secret))
        else:
            self.state = LinkState.CHALLENGE
            self._handshake_id = self._queue(actions.challenge())

    def _log_in(self, action: Action) -> None:
        self.state = LinkState.LOGIN
        self._handshake_id = self._queue(action)

    def _receive_response(self, response: AmiResponse) -> None:
        action_id = response.action_id
        if action_id not in self._pending:
            return  # an answer given up, or one without a name: nobody waits for it
        if self.state is LinkState.OPEN:
            self._receive_answer(action_id, response)
            return
        self._forget(action_id)
        if response.is_error():
            self.state = LinkState.CLOSED
            raise AmiAuthenticationError(f"the switch refused the login: {response.message or 'no reason given'}")
        if self.state is LinkState.CHALLENGE:
            user = self._credentials
            self._log_in(actions.login_md5(user.username, user.secret, response.get("Challenge")))
        else:
            self.state = LinkState.OPEN

    def _receive_answer(self, action_id: str, response: AmiResponse) -> None:
        self._pending.discard(action_id)
        if response.get("EventList").lower() == "start":
            self._lists[action_id] = _OpenList(response)
        else:
            self._forget(action_id)
            self._answers.append(Answer(action_id=action_id, response=response))

    def _receive_event(self, event: AmiEvent) -> None:
        action_id = event.get("ActionID") if self._lists else None
        begun = self._lists.get(action_id) if action_id is not None else None
        if begun is None or action_id is None:
            self._events.append(event)
            return
        ended = event.get("EventList")
        if ended is None:
            if len(begun.items) < LIST_LIMIT:
                begun.items.append(event)
            return
        del self._lists[action_id]
        self._forget(action_id)
        whole = ended.lower() == "complete" and len(begun.items) < LIST_LIMIT
        self._answers.append(
            Answer(action_id=action_id, response=begun.response, items=tuple(begun.items), complete=whole)
        )

"""Asks a switch to place a call, once: as a manager user of its own that may do nothing else (S1, callbacks).

Each call is asked for over a connection of its own, which ends with the switch's answer. What becomes of the call is
not told here: the watcher sees it (`tickets.attempt`).
"""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress, open_link
from voicedesk.ami.protocol import AmiProtocol
from voicedesk.clock import NowUs
from voicedesk.errors import AmiActionError, AmiError, InputError
from voicedesk.tickets.dialplan import STAFF_CONTEXT, citizen_context

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
RING_MS = 45_000
CALLER_NAME = "huibo"
"""回拨 as every phone's display can show it; the number beside it is the citizen's."""
_DIGITS = re.compile(r"[0-9]{7,12}")
_EXTENSION = re.compile(r"[0-9]{2,8}")
_SHOWN = re.compile(r"[0-9]{3,15}")


class Placed(StrEnum):
    """What the switch made of it: `queued`; `refused` (it was surely not carried out); or nobody knows."""

    QUEUED = "queued"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call: first the staff phone's `extension`, then the citizen's `number`, under `channel_id`.

    `shown_number`: what the citizen sees, where the line has a number of its own.
    """

    channel_id: str
    extension: str
    number: str
    shown_number: str | None = None

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.number) or not _EXTENSION.fullmatch(self.extension):
            raise InputError("only digits are dialled: correct the number, or the phone's extension in [[phones]]")
        if self.shown_number is not None and not _SHOWN.fullmatch(self.shown_number):
            raise InputError("only digits can be shown: correct shown_number in [[lines]]")


async def place(order: Order, address: AmiAddress, now: NowUs) -> tuple[Placed, str]:
    """Asks for one call; never twice. What came of asking, and why where it is not queued."""
    action = actions.originate(
        channel=f"Local/{order.extension}@{STAFF_CONTEXT}",
        context=citizen_context(order.shown_number),
        exten=order.number,
        channel_id=order.channel_id,
        caller_number=order.number,
        caller_name=CALLER_NAME,
        timeout_ms=RING_MS,
    )
    protocol = AmiProtocol(address.credentials, wanted=frozenset(), seed=secrets.token_hex(8))
    try:
        link = await open_link(address, protocol, now, lambda _events: None, timeout_seconds=CONNECT_SECONDS)
    except AmiError as error:
        return Placed.REFUSED, str(error)
    try:
        answer = await link.ask(action, ANSWER_SECONDS)
        if answer.response.is_error():
            raise AmiActionError(answer.response.message or "no reason given")
    except AmiActionError as error:
        return Placed.REFUSED, f"the switch refused: {error}"
    except AmiError as error:  # once it is sent, only the switch's "no" says that it was not carried out
        return Placed.UNKNOWN, str(error)
    else:
        return Placed.QUEUED, ""
    finally:
        await link.log_off()

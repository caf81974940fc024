"""Asks a switch to place a call, once, as a manager user of its own that may do nothing else (callbacks, S1).

Each call is asked for over a connection of its own, which ends with the switch's answer. What becomes of the call does
not come from here: the service sees it in the switch's events (`tickets.attempt`).
"""

import re
from dataclasses import dataclass

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.once import ask_once
from voicedesk.clock import NowUs
from voicedesk.errors import (
    AmiActionError,
    AmiAuthenticationError,
    AmiError,
    AmiProtocolError,
    AmiUnreached,
    InputError,
    OutcomeUnknown,
)
from voicedesk.tickets.dialplan import STAFF_CONTEXT, citizen_context

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
"""With `Async: true` the switch answers as soon as it has taken the order, before any phone rings."""
RING_MS = 45_000
"""How long the staff phone rings at most."""
CALLER_NAME = "huibo"
"""回拨 as every phone's display can show it; the number beside it is the citizen's."""
_DIGITS = re.compile(r"[0-9]{7,12}")
_EXTENSION = re.compile(r"[0-9]{2,8}")
_SHOWN = re.compile(r"[0-9]{3,15}")


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


async def place(order: Order, address: AmiAddress, now: NowUs) -> None:
    """Asks the switch for one call, once; returns when the switch has said that it will place it.

    Raises InputError where the switch surely placed nothing, OutcomeUnknown where nobody knows whether it did; both
    say why.
    """
    action = actions.originate(
        channel=f"Local/{order.extension}@{STAFF_CONTEXT}",
        context=citizen_context(order.shown_number),
        exten=order.number,
        channel_id=order.channel_id,
        caller_number=order.number,
        caller_name=CALLER_NAME,
        timeout_ms=RING_MS,
    )
    try:
        await ask_once(address, action, now, connect_seconds=CONNECT_SECONDS, answer_seconds=ANSWER_SECONDS)
    except (AmiActionError, AmiUnreached, AmiAuthenticationError, AmiProtocolError) as error:
        raise InputError(str(error)) from error
    except AmiError as error:  # it was sent: only the switch's "no" says that it was not carried out
        raise OutcomeUnknown(str(error)) from error

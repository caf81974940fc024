"""Asks a switch to pause a phone in its queues, or to ring it again: as a manager user of its own that may do no more.

Each time over a connection of its own, which ends with the switch's answer. Whether it came to pass is not told here:
the watcher sees it (S11).
"""

import secrets
from dataclasses import dataclass

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress, open_link
from voicedesk.ami.protocol import AmiProtocol
from voicedesk.clock import NowUs
from voicedesk.errors import AmiActionError, AmiLinkLost, AmiProtocolError

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """One phone, as its queues call it (`interface`), to be paused with a reason or rung again."""

    interface: str
    is_paused: bool
    reason: str = ""


async def pause(order: Pausing, address: AmiAddress, now: NowUs) -> None:
    """Asks once. Raises AmiError: AmiActionError where the switch refuses, AmiLinkLost where nobody knows."""
    action = actions.queue_pause(interface=order.interface, is_paused=order.is_paused, reason=order.reason)
    protocol = AmiProtocol(address.credentials, wanted=frozenset(), seed=secrets.token_hex(8))
    link = await open_link(address, protocol, now, lambda _events: None, timeout_seconds=CONNECT_SECONDS)
    try:
        answer = await link.ask(action, ANSWER_SECONDS)
    except AmiProtocolError as error:  # it was sent: whatever breaks then, nobody knows
        raise AmiLinkLost(str(error)) from error
    finally:
        await link.log_off()
    if answer.response.is_error():
        raise AmiActionError(f"the switch refused: {answer.response.message or 'no reason given'}")

"""Asks a switch to pause a phone in its queues, or to ring it again: as a manager user of its own that may do no more.

Each time over a connection of its own, which ends with the switch's answer. Whether it came to pass is not told here:
the watcher sees it (S11).
"""

from dataclasses import dataclass

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.once import ask_once
from voicedesk.clock import NowUs

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
    await ask_once(address, action, now, connect_seconds=CONNECT_SECONDS, answer_seconds=ANSWER_SECONDS)

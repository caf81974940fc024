"""One action over a connection of its own: connect, log in, ask once, log off.

It is for actions that change something (a call, a pause), asked by a manager user that may do nothing else. Such an
action is never sent a second time, so each way to fail says whether the switch may have carried it out.
"""

import secrets

from asterisk.ami.action import Action

from voicedesk.ami.link import AmiAddress, open_link
from voicedesk.ami.protocol import AmiProtocol, Answer
from voicedesk.clock import NowUs
from voicedesk.errors import AmiActionError, AmiError, AmiLinkLost, AmiUnreached


async def ask_once(
    address: AmiAddress, action: Action, now: NowUs, *, connect_seconds: float, answer_seconds: float
) -> Answer:
    """Ask a switch one thing; the connection is closed when this returns or raises.

    The action was surely not carried out where this raises AmiActionError (the switch refused it), AmiUnreached,
    AmiAuthenticationError, AmiProtocolError (no login, so nothing was asked) or UnsafeValueError (it was not sent).
    AmiLinkLost itself: it was asked and no answer came, so nobody knows.
    """
    protocol = AmiProtocol(address.credentials, wanted=frozenset(), seed=secrets.token_hex(8))
    try:
        link = await open_link(address, protocol, now, lambda _events: None, timeout_seconds=connect_seconds)
    except AmiLinkLost as error:
        raise AmiUnreached(str(error)) from error
    try:
        answer = await link.ask(action, answer_seconds)
    except AmiError as error:  # only the switch's "no" proves that it did nothing: whatever broke, nobody knows
        raise AmiLinkLost(str(error)) from error
    finally:
        await link.log_off()
    if answer.response.is_error():
        raise AmiActionError(f"the switch refused: {answer.response.message or 'no reason given'}")
    return answer

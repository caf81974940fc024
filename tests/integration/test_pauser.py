"""Asking a switch to pause a phone: one action, by a user of its own, and what it answers."""

import pytest
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.clock import now_us
from voicedesk.errors import AmiActionError, AmiAuthenticationError, AmiLinkLost
from voicedesk.jobs.phones import pauser
from voicedesk.jobs.phones.pauser import Pausing, pause

ORDER = Pausing(interface="PJSIP/agent1", is_paused=True, reason="午餐")


def address(switch, secret: str = "s3cret") -> AmiAddress:
    credentials = Credentials(username="voicedesk", secret=secret)
    return AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)


async def test_one_pause_is_asked_for_in_every_queue_and_the_connection_ends(switch):
    switch.lists["QueuePause"] = []
    await pause(ORDER, address(switch), now_us)
    (action,) = [one for one in switch.actions if one["Action"] == "QueuePause"]
    del action["ActionID"]
    assert action == {"Action": "QueuePause", "Interface": "PJSIP/agent1", "Paused": "true", "Reason": "午餐"}
    assert switch.names()[-1] == "Logoff"


async def test_a_refusal_says_why_and_an_answer_that_never_comes_is_no_refusal(switch, monkeypatch):
    switch.refuse = {"QueuePause"}
    with pytest.raises(AmiActionError, match="Permission denied"):
        await pause(ORDER, address(switch), now_us)
    with pytest.raises(AmiAuthenticationError):
        await pause(ORDER, address(switch, "wrong"), now_us)
    monkeypatch.setattr(pauser, "ANSWER_SECONDS", 0.2)
    switch.refuse, switch.silent = set(), {"QueuePause"}
    with pytest.raises(AmiLinkLost):
        await pause(ORDER, address(switch), now_us)

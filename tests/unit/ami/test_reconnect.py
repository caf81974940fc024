"""How long the client waits before it tries again."""

from voicedesk.ami.protocol import ClosedBeforeLogin
from voicedesk.ami.reconnect import LinkTimes, Reconnect
from voicedesk.errors import AmiAuthenticationError, AmiLinkLost, AmiProtocolError


def most(_, high):
    return high


def waits(policy, *errors):
    return [policy.next_wait_seconds(error) for error in errors]


def test_losses_wait_longer_and_longer_up_to_half_a_minute():
    policy = Reconnect(LinkTimes(), most)
    assert waits(policy, *[AmiLinkLost()] * 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_wait_is_anything_between_the_least_and_the_bound():
    asked = []
    policy = Reconnect(LinkTimes(), lambda low, high: asked.append((low, high)) or low)
    assert waits(policy, AmiLinkLost(), AmiLinkLost()) == [0.5, 0.5]
    assert asked == [(0.5, 1), (0.5, 2)]


def test_only_a_link_that_held_for_a_while_begins_anew():
    policy = Reconnect(LinkTimes(), most)
    waits(policy, *[AmiLinkLost()] * 3)
    policy.held_for(9)
    assert waits(policy, AmiLinkLost()) == [8]
    policy.held_for(10)
    assert waits(policy, AmiLinkLost()) == [1]


def test_fault_5_refusals_wait_a_minute_then_five_until_a_login_works():
    policy = Reconnect(LinkTimes(), most)
    refused = AmiAuthenticationError()
    assert waits(policy, refused, refused, refused) == [60, 300, 300]
    policy.held_for(1)
    assert waits(policy, refused) == [60]


def test_fault_7_one_closing_door_is_a_loss_and_more_are_refusals():
    policy = Reconnect(LinkTimes(), most)
    assert waits(policy, *[ClosedBeforeLogin()] * 3) == [1, 60, 300]


def test_fault_3_a_wrong_peer_is_tried_slowly():
    assert waits(Reconnect(LinkTimes(), most), AmiProtocolError(), AmiProtocolError()) == [60, 60]

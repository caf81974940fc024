"""The conversation as a state machine: greeting, login, answers and lists, without a socket."""

import pytest
from asterisk.ami.action import SimpleAction
from tests.fakes.ami_server import BANNER, WORD, block, channel_headers, newstate
from voicedesk.ami import actions, protocol
from voicedesk.ami.message import Origin
from voicedesk.ami.protocol import AmiProtocol, ClosedBeforeLogin, Credentials, LinkState
from voicedesk.errors import AmiAuthenticationError, AmiLinkLost, AmiProtocolError, UnsafeValueError

NOW = 1795421354_200000
USER = Credentials(username="voicedesk", secret="s3cret")


def answer(action_id, status="Success", *headers):
    return block(("Response", status), ("ActionID", action_id), *headers)


def opened(**more):
    talk = AmiProtocol(USER, seed="x", **more)
    talk.receive_data(BANNER + answer("x-1", "Success", ("Challenge", WORD)) + answer("x-2"), NOW)
    talk.data_to_send()
    assert talk.state is LinkState.OPEN
    return talk


def test_login_by_challenge_is_a_greeting_a_word_and_a_proof():
    talk = AmiProtocol(USER, seed="x")
    assert (talk.state, talk.data_to_send()) == (LinkState.GREETING, b"")
    talk.receive_data(BANNER, NOW)
    assert (talk.state, talk.version) == (LinkState.CHALLENGE, "11.0.0")
    assert talk.data_to_send() == b"Action: Challenge\r\nActionID: x-1\r\nAuthType: MD5\r\n\r\n"
    talk.receive_data(answer("x-1", "Success", ("Challenge", WORD)), NOW)
    assert talk.state is LinkState.LOGIN
    assert talk.data_to_send() == actions.to_bytes(actions.login_md5("voicedesk", "s3cret", WORD), "x-2")
    talk.receive_data(answer("x-2"), NOW)
    assert talk.state is LinkState.OPEN


def test_a_plain_login_needs_no_word():
    talk = AmiProtocol(Credentials(username="voicedesk", secret="s3cret", plain=True), seed="x")
    talk.receive_data(BANNER, NOW)
    assert b"Secret: s3cret" in talk.data_to_send()
    talk.receive_data(answer("x-1"), NOW)
    assert talk.state is LinkState.OPEN


def test_a_secret_is_not_shown():
    assert "s3cret" not in repr(USER)


def test_fault_3_another_greeting_is_named_and_ends_the_conversation():
    talk = AmiProtocol(USER)
    with pytest.raises(AmiProtocolError, match=r"HTTP/1\.1 400 Bad \\x1b"):
        talk.receive_data(b"HTTP/1.1 400 Bad \x1b\r\n\r\n", NOW)
    talk.receive_data(BANNER, NOW)
    assert talk.state is LinkState.CLOSED


REFUSED = answer("x-2", "Error", ("Message", "No"))


@pytest.mark.parametrize("replies", [answer("x-1", "Error"), answer("x-1") + REFUSED], ids=["word", "login"])
def test_fault_5_a_refused_login_raises(replies):
    talk = AmiProtocol(USER, seed="x")
    with pytest.raises(AmiAuthenticationError, match="refused the login"):
        talk.receive_data(BANNER + replies, NOW)
    assert talk.state is LinkState.CLOSED


def test_fault_7_the_end_before_the_login_raises_and_the_end_after_it_does_not():
    for data in (b"", BANNER, BANNER + answer("x-1")):
        talk = AmiProtocol(USER, seed="x")
        talk.receive_data(data, NOW)
        with pytest.raises(ClosedBeforeLogin, match="permit/deny"):
            talk.receive_eof()
    talk = opened()
    talk.receive_eof()
    talk.receive_eof()
    assert talk.state is LinkState.CLOSED


def test_nothing_is_sent_before_the_login_or_after_the_end():
    talk = AmiProtocol(USER)
    with pytest.raises(AmiLinkLost, match="not sent"):
        talk.send_action(actions.ping())
    talk = opened()
    talk.receive_eof()
    with pytest.raises(AmiLinkLost):
        talk.send_action(actions.ping())


def test_fault_44_an_unsafe_action_leaves_no_byte_behind():
    talk = opened()
    with pytest.raises(UnsafeValueError):
        talk.send_action(SimpleAction("Originate", Channel="a\r\nAction: Logoff"))
    assert talk.data_to_send() == b""


def test_answers_are_matched_by_action_id_in_any_order_and_strangers_ignored():
    talk = opened()
    first, second = talk.send_action(actions.ping()), talk.send_action(actions.core_status())
    strangers = answer("y-9") + block(("Response", "Success"))
    talk.receive_data(answer(second) + strangers + answer(first) + answer(first), NOW)
    assert [found.action_id for found in talk.take_answers()] == [second, first]
    assert talk.take_answers() == []


def item(action_id, number):
    return block(("Event", "CoreShowChannel"), ("ActionID", action_id), *channel_headers("PJSIP/a-1", f"1.{number}"))


def ended(action_id, how="Complete"):
    return block(("Event", "CoreShowChannelsComplete"), ("ActionID", action_id), ("EventList", how))


STARTED = ("EventList", "start")


def test_the_items_of_a_list_come_with_its_answer_and_live_events_apart():
    talk = opened(wanted={"Newstate"})
    one, two = talk.send_action(actions.core_show_channels()), talk.send_action(actions.core_show_channels())
    talk.receive_data(
        answer(one, "Success", STARTED)
        + answer(two, "Success", STARTED)
        + item(one, 1)
        + newstate("PJSIP/b-1", "2.1")
        + item(two, 2)
        + ended(two)
        + item(one, 3)
        + ended(one, "cancelled"),
        NOW,
    )
    second, first = talk.take_answers()
    assert [found.get("Uniqueid") for found in first.items] == ["1.1", "1.3"]
    assert [found.get("Uniqueid") for found in second.items] == ["1.2"]
    assert (first.complete, second.complete) == (False, True)
    assert [found.get("Uniqueid") for found in talk.take_events()] == ["2.1"]
    assert talk.screen.asked == set()


def test_a_list_beyond_its_bound_is_marked_incomplete(monkeypatch):
    monkeypatch.setattr(protocol, "LIST_LIMIT", 2)
    talk = opened()
    asked = talk.send_action(actions.core_show_channels())
    talk.receive_data(answer(asked, "Success", STARTED) + item(asked, 1) * 3 + ended(asked), NOW)
    (found,) = talk.take_answers()
    assert (len(found.items), found.complete) == (2, False)


def test_an_abandoned_list_gives_what_came_and_its_late_items_go_nowhere():
    talk = opened()
    asked = talk.send_action(actions.core_show_channels())
    talk.receive_data(answer(asked, "Success", STARTED) + item(asked, 1), NOW)
    found = talk.abandon(asked)
    assert (len(found.items), found.complete) == (1, False)
    talk.receive_data(item(asked, 2) + ended(asked), NOW)
    assert (talk.take_answers(), talk.take_events()) == ([], [])
    assert talk.abandon(talk.send_action(actions.ping())) is None


def test_an_event_knows_where_it_came_from_and_when():
    talk = opened()
    talk.origin = Origin(pbx="hall", boot="b")
    talk.receive_data(newstate("PJSIP/a-1", "1.1"), NOW)
    (found,) = talk.take_events()
    assert (found.pbx, found.boot, found.arrived_us, talk.origin.pbx) == ("hall", "b", NOW, "hall")


def test_fault_20_twenty_thousand_events_are_kept_in_order():
    talk = opened()
    data = b"".join(newstate("PJSIP/a-1", f"1.{number}") for number in range(20_000))
    count = 0
    for at in range(0, len(data), 65536):
        talk.receive_data(data[at : at + 65536], NOW)
        for found in talk.take_events():
            assert found.get("Uniqueid") == f"1.{count}"
            count += 1
    assert count == 20_000

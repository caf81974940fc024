"""One action over a connection of its own: each way to fail says whether the switch may have carried it out."""

import pytest
from tests.fakes.ami_server import FakeAmiServer
from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.once import ask_once
from voicedesk.ami.protocol import Answer, Credentials
from voicedesk.clock import now_us
from voicedesk.errors import (
    AmiActionError,
    AmiAuthenticationError,
    AmiLinkLost,
    AmiProtocolError,
    AmiUnreached,
    UnsafeValueError,
)


@pytest.fixture
async def switch():
    async with FakeAmiServer() as server:
        server.lists["QueuePause"] = []
        yield server


async def ask(
    switch: FakeAmiServer, *, secret: str = "s3cret", reason: str = "lunch", answer_seconds: float = 5
) -> Answer:
    credentials = Credentials(username="voicedesk", secret=secret)
    address = AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)
    action = actions.queue_pause(interface="PJSIP/agent1", is_paused=True, reason=reason)
    return await ask_once(address, action, now_us, connect_seconds=5, answer_seconds=answer_seconds)


def asked(switch: FakeAmiServer) -> int:
    return switch.names().count("QueuePause")


async def test_an_action_is_asked_once_and_its_answer_given_and_the_session_ended(switch):
    answer = await ask(switch)
    assert not answer.response.is_error()
    assert switch.names()[-2:] == ["QueuePause", "Logoff"]


async def test_a_refusal_says_that_the_switch_did_nothing_and_why(switch):
    switch.refuse = {"QueuePause"}
    with pytest.raises(AmiActionError, match=r"^the switch refused: Permission denied$"):
        await ask(switch)
    assert (asked(switch), switch.names()[-1]) == (1, "Logoff")


@pytest.mark.parametrize(("manner", "secret"), [("talk", "wrong"), ("close at once", "s3cret")])
async def test_without_a_login_nothing_is_asked(switch, manner, secret):
    switch.manner = manner
    with pytest.raises(AmiAuthenticationError):
        await ask(switch, secret=secret)
    assert asked(switch) == 0


async def test_what_is_no_asterisk_is_asked_nothing(switch):
    switch.banner = b"220 mail.example ESMTP\r\n"
    with pytest.raises(AmiProtocolError):
        await ask(switch)
    assert asked(switch) == 0


async def test_a_switch_that_is_not_there_was_surely_asked_nothing(switch):
    await switch.__aexit__()
    with pytest.raises(AmiUnreached, match="cannot be reached"):
        await ask(switch)


async def test_an_answer_that_never_comes_leaves_it_unknown_and_nothing_is_asked_again(switch):
    switch.silent = {"QueuePause"}
    with pytest.raises(AmiLinkLost, match="no answer") as raised:
        await ask(switch, answer_seconds=0.05)
    assert not isinstance(raised.value, AmiUnreached)
    assert asked(switch) == 1


async def test_a_link_that_is_cut_before_the_answer_leaves_it_unknown():
    class Cut(FakeAmiServer):
        """A switch that drops the connection instead of answering."""

        def _answer(self, action: dict[str, str]) -> bytes:
            if action["Action"] == "QueuePause":
                self.reset()
                return b""
            return super()._answer(action)

    async with Cut() as switch:
        with pytest.raises(AmiLinkLost, match="whether the action was carried out is unknown") as raised:
            await ask(switch)
    assert not isinstance(raised.value, AmiUnreached)
    assert asked(switch) == 1


async def test_a_value_that_could_begin_another_header_is_never_sent(switch):
    with pytest.raises(UnsafeValueError):
        await ask(switch, reason="x\r\nAction: Originate")
    assert (asked(switch), switch.names()[-1]) == (0, "Logoff")

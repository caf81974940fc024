"""The doctor asks a switch for the contexts that callbacks are led through, and says which are missing."""

import pytest
from tests.fakes.ami_server import FakeAmiServer, block
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.clock import now_us
from voicedesk.doctor.callbacks import check_callbacks, contexts_of
from voicedesk.doctor.finding import Grade
from voicedesk.settings import Settings

CONTEXTS = ("voicedesk-staff", "voicedesk-callback", "voicedesk-callback-037187654321")


class Switch(FakeAmiServer):
    """A switch that tells which contexts its dialplan has."""

    contexts: tuple[str, ...] = CONTEXTS

    def _answer(self, action: dict[str, str]) -> bytes:
        if action["Action"] == "ShowDialPlan" and action["Context"] not in self.contexts:
            message = f"Did not find context {action['Context']}"
            return block(("Response", "Error"), ("ActionID", action["ActionID"]), ("Message", message))
        return super()._answer(action)


def settings(**pbx: object) -> Settings:
    dials = {"dial_username": "d", "dial_secret": "x"}
    table = {"name": "main", "host": "h", "username": "u", "secret": "s", **dials, **pbx}
    line = {"name": "社保", "extensions": ["12333"], "shown_number": "037187654321"}
    return Settings.model_validate({"pbx": [table], "lines": [line, {"name": "医保", "extensions": ["12393"]}]})


async def check(switch: FakeAmiServer, *, port: int | None = None):
    credentials = Credentials(username="voicedesk", secret="s3cret")
    address = AmiAddress(pbx="main", host="127.0.0.1", port=port or switch.port, credentials=credentials)
    return await check_callbacks(settings(), [address], now_us)


@pytest.fixture
async def switch():
    async with Switch() as server:
        yield server


async def test_a_dialplan_that_has_all_is_good(switch):
    assert contexts_of(settings(), "main") == list(CONTEXTS)
    (found,) = await check(switch)
    assert (found.grade, found.check) == (Grade.GOOD, "callbacks")


async def test_a_number_to_show_without_its_context_is_told_with_the_cure(switch):
    switch.contexts = CONTEXTS[:2]
    (found,) = await check(switch)
    assert (found.grade, found.what) == (Grade.BAD, f"the dialplan has no context {CONTEXTS[2]}")
    assert "snippet callback --pbx main --file extensions.conf" in found.cure


async def test_what_is_not_told_is_unseen_and_a_switch_out_of_reach_is_told_elsewhere(switch):
    switch.refuse.add("ShowDialPlan")
    (found,) = await check(switch)
    assert found.grade is Grade.UNSEEN
    assert await check(switch, port=1) == []
    assert contexts_of(settings(dial_username=None, dial_secret=None), "main") == []

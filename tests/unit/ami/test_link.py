"""The thin shell over one connection, driven by hand."""

import asyncio

import pytest
from tests.fakes.ami_server import BANNER, block
from voicedesk.ami import actions
from voicedesk.ami.link import Link
from voicedesk.ami.protocol import AmiProtocol, Credentials
from voicedesk.ami.resync import KnownRun, Run
from voicedesk.errors import AmiLinkLost


class FakeTransport(asyncio.Transport):
    """Keeps what is written; closing and aborting only note it."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.aborted = False

    def get_extra_info(self, name, default=None):
        return self

    def setsockopt(self, *_):
        pass

    def write(self, data):
        self.written += data

    def is_closing(self):
        return self.aborted

    def abort(self):
        self.aborted = True


def make_link():
    user = Credentials(username="voicedesk", secret="s3cret", plain=True)
    delivered = []
    link = Link(AmiProtocol(user, seed="x"), lambda: 7, delivered.extend)
    transport = FakeTransport()
    link.connection_made(transport)
    link.data_received(BANNER)
    link.data_received(block(("Response", "Success"), ("ActionID", "x-1")))
    return link, transport, delivered


async def test_a_broken_connection_says_how_it_broke():
    link, _, _ = make_link()
    link.connection_lost(ConnectionResetError("reset by peer"))
    with pytest.raises(AmiLinkLost, match="reset by peer"):
        link.raise_if_lost()
    with pytest.raises(AmiLinkLost):
        await link.ask(actions.ping(), 1)


async def test_the_loss_leaves_alone_who_waits_no_longer():
    link, _, _ = make_link()
    asked = asyncio.create_task(link.ask(actions.ping(), 1))
    await asyncio.sleep(0)
    asked.cancel()
    link.connection_lost(None)
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_an_answer_that_nobody_waits_for_any_more_is_no_error():
    link, _, _ = make_link()
    asked = asyncio.create_task(link.ask(actions.ping(), 1))
    await asyncio.sleep(0)
    asked.cancel()
    link.data_received(block(("Response", "Success"), ("ActionID", "x-2")))
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_nothing_is_written_to_a_closing_connection_and_a_lost_one_needs_no_farewell():
    link, transport, _ = make_link()
    link.abort()
    before = transport.written
    asked = asyncio.create_task(link.ask(actions.ping(), 1))
    await asyncio.sleep(0)
    assert transport.written == before
    link.connection_lost(None)
    with pytest.raises(AmiLinkLost, match="unknown"):
        await asked
    await link.log_off()
    assert transport.written == before


async def test_a_link_that_was_never_connected_can_be_left():
    link = Link(AmiProtocol(Credentials(username="a", secret="b")), lambda: 7, lambda _: None)
    await link.log_off()


def test_the_uptime_says_when_the_switch_began_if_it_is_a_number():
    link, _, delivered = make_link()
    for uptime in ("soon", ""):
        link.data_received(block(("Event", "FullyBooted"), ("Privilege", "system,all"), ("Uptime", uptime)))
    assert (link.has_booted, link.started_us, len(delivered)) == (True, None, 2)
    link.data_received(block(("Event", "FullyBooted"), ("Privilege", "system,all"), ("Uptime", 97)))
    assert link.started_us == 7 - 97_000_000


@pytest.mark.parametrize(
    ("first", "second", "restarted"),
    [
        (("a", 0), ("a", 99_000_000), False),
        (("a", 0), ("b", 0), True),
        (("", 0), ("", 2_000_000), False),
        (("", 0), ("", 9_000_000), True),
        (("", None), ("", 9_000_000), False),
        (("a", None), ("", None), False),
    ],
)
def test_a_restart_is_told_by_the_start_or_else_by_the_uptime(first, second, restarted):
    known = KnownRun()
    assert not known.is_restarted_as(Run(boot=first[0], version="", started_us=first[1]))
    assert known.is_restarted_as(Run(boot=second[0], version="", started_us=second[1])) is restarted


def test_a_start_once_known_is_not_forgotten_when_the_switch_does_not_say_it_again():
    known = KnownRun()
    seen = [known.is_restarted_as(Run(boot=boot, version="")) for boot in ("a", "", "b", "b")]
    assert seen == [False, False, True, False]

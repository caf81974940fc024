"""The thin shell over one connection, driven by hand."""

import asyncio
import itertools
import math
from contextlib import contextmanager

import pytest
from tests.fakes.ami_server import BANNER, block, newstate
from voicedesk.ami import actions
from voicedesk.ami.link import DAMAGE_SECONDS, Link
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


def make_link(now=lambda: 7):
    user = Credentials(username="voicedesk", secret="s3cret", plain=True)
    delivered = []
    link = Link(AmiProtocol(user, seed="x"), now, delivered.extend)
    transport = FakeTransport()
    link.connection_made(transport)
    link.data_received(BANNER)
    link.data_received(block(("Response", "Success"), ("ActionID", "x-1")))
    return link, transport, delivered


@contextmanager
def quick_time():
    """Where nothing happens the loop's clock goes on at once to when something will; gives the clock."""
    loop = asyncio.get_running_loop()
    real_time, real_select, now = loop.time, loop._selector.select, loop.time()

    def select(timeout=None):
        nonlocal now
        ready = real_select(0)
        now += 0 if ready else timeout or 0
        return ready

    loop.time, loop._selector.select = lambda: now, select
    try:
        yield loop.time
    finally:
        loop.time, loop._selector.select = real_time, real_select


async def talk(link, times, every=1):
    """An event every second, or as told; nothing is answered."""
    for number in range(times):
        await asyncio.sleep(every)
        link.data_received(newstate("PJSIP/agent1-1", f"1.{number}"))


async def test_fault_20_an_answer_behind_a_backlog_is_waited_for_while_anything_comes():
    link, _, delivered = make_link()
    with quick_time() as clock:
        asked = asyncio.create_task(link.ask(actions.ping(), 5, most_seconds=math.inf))
        await talk(link, 100)
        assert not asked.done()
        link.data_received(block(("Response", "Success"), ("ActionID", "x-2")))
        assert (await asked).response.message == ""
        assert len(delivered) == 100
        began = clock()
        asked = asyncio.create_task(link.ask(actions.ping(), 5, most_seconds=math.inf))
        await talk(link, 3)
        with pytest.raises(AmiLinkLost, match="no answer to Ping within 5 s"):
            await asked
        assert clock() - began == pytest.approx(3 + 5)


@pytest.mark.parametrize(("most", "lasts"), [(0, 5), (60, 60)])
async def test_an_answer_is_not_waited_for_without_end_where_it_need_not_be(most, lasts):
    link, _, _ = make_link()
    with quick_time() as clock:
        began = clock()
        talking = asyncio.create_task(talk(link, 70))
        with pytest.raises(AmiLinkLost):
            await link.ask(actions.core_status(), 5, most_seconds=most)
        assert clock() - began == pytest.approx(lasts)
        await talking


@pytest.mark.parametrize(("events", "lasts"), [(2, 2.5), (9, 3)])
async def test_fault_74_what_the_switch_still_says_is_read_but_not_for_ever(events, lasts):
    """One that has gone quiet is left after a second, one that talks on after three."""
    link, transport, delivered = make_link()
    with quick_time() as clock:
        began = clock()
        talking = asyncio.create_task(talk(link, events, every=0.75))
        leaving = asyncio.create_task(link.log_off())
        while not transport.aborted:
            await asyncio.sleep(0.1)
        assert clock() - began == pytest.approx(lasts, abs=0.2)
        link.connection_lost(None)
        await leaving
        talking.cancel()
        await asyncio.wait({talking})
    assert len(delivered) == min(events, 4)


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


async def test_an_answer_that_came_before_the_loss_is_an_answer():
    link, _, _ = make_link()
    asked = asyncio.create_task(link.ask(actions.ping(), 1))
    await asyncio.sleep(0)
    for _ in range(2):
        link.data_received(block(("Response", "Success"), ("ActionID", "x-2")))
    link.connection_lost(None)
    assert (await asked).action_id == "x-2"


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


CUT = newstate("PJSIP/agent1-1", "1.1").partition(b"\r\nCallerIDName")[0] + b"\r\n\r\n"
"""An event whose second half is missing."""


@pytest.mark.parametrize(
    "damage",
    [CUT, b"Uniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n", b"Event: Hangup\r\nX: " + bytes(2_000_000) + b"\r\n\r\n"],
    ids=["cut", "a half", "too large"],
)
async def test_after_damage_the_switch_is_asked_once_what_is_there(damage):
    """A hang-up among what was dropped would leave its call open for hours."""
    seconds = itertools.count()
    link, _, _ = make_link(lambda: next(seconds) * 1_000_000)
    with quick_time() as now:
        begun = now()
        for _ in range(3):
            link.data_received(damage)
            await asyncio.sleep(1)
        assert not link.has_booted
        await link.wait_until_booted()
        assert now() - begun == DAMAGE_SECONDS
        link.has_booted = False
        await asyncio.sleep(2 * DAMAGE_SECONDS)
        assert not link.has_booted, "one list is enough for what came before it"
        link.data_received(damage)
        await link.wait_until_booted()


async def test_what_is_whole_has_no_list_asked_for_and_a_link_that_is_lost_asks_for_none():
    link, _, _ = make_link()
    with quick_time():
        await talk(link, 3)
        await asyncio.sleep(2 * DAMAGE_SECONDS)
        assert not link.has_booted
        link.data_received(CUT)
        link.connection_lost(None)
        await asyncio.sleep(2 * DAMAGE_SECONDS)
        assert not link.has_booted


async def test_the_uptime_says_when_the_switch_began_if_it_is_a_number():
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

"""The asyncio client against a scripted switch on loopback."""

import asyncio
import contextlib
import itertools
import socket
import ssl
import subprocess

import pytest
import structlog
from asterisk.ami.action import SimpleAction
from asterisk.ami.event import EventListener
from tests.fakes.ami_server import FakeAmiServer, event, newstate
from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.ami.reconnect import LinkTimes
from voicedesk.errors import AmiActionError, AmiLinkLost, UnsafeValueError

FAST = LinkTimes(connect_seconds=2, fully_booted_seconds=0.05, list_seconds=0.2, ping_deadline_seconds=0.05)


class Sleeps:
    """A sleep that returns at once for waits between tries, and only when told for the keep-alive."""

    def __init__(self):
        self.waits = []
        self.go_on = asyncio.Event()
        self.ping_now = asyncio.Event()

    async def __call__(self, seconds):
        if seconds == FAST.ping_every_seconds:
            await self.ping_now.wait()
            self.ping_now.clear()
            return
        self.waits.append(seconds)
        await asyncio.sleep(0)
        if len(self.waits) >= 4:
            await self.go_on.wait()


async def eventually(holds):
    async with asyncio.timeout(5):
        while not holds():  # it comes over a socket and sets no event
            await asyncio.sleep(0.002)


def address(server, **more):
    user = Credentials(username="voicedesk", secret=more.pop("secret", "s3cret"), plain=more.pop("plain", False))
    return AmiAddress(pbx="hall", host="127.0.0.1", port=server.port, credentials=user, **more)


def make_client(server, sleeps=None, *, wanted=None, times=FAST, **more):
    own = {key: more.pop(key) for key in list(more) if key in ("max_events", "max_bytes", "now")}
    return AmiClient(
        address(server, **more),
        wanted=wanted,
        times=times,
        sleep=sleeps or Sleeps(),
        uniform=lambda _, most: most,
        **own,
    )


def shown(found):
    return f"{found.name} {found.get('State') or ''}".strip() if found.name.startswith("Voicedesk") else found.name


class Reader:
    """Reads a client's stream event by event."""

    def __init__(self, client):
        self.batches = client.batches()
        self.events = []

    async def until(self, wanted):
        seen = []
        while True:
            while self.events:
                seen.append(self.events.pop(0))
                if shown(seen[-1]) == wanted:
                    return seen
            async with asyncio.timeout(5):
                self.events += await anext(self.batches)

    async def rest(self):
        async with asyncio.timeout(5):
            return self.events + [found async for batch in self.batches for found in batch]


FIRST = [
    "VoicedeskLink up",
    "VoicedeskSnapshot begin",
    "CoreShowChannel",
    "QueueParams",
    "DeviceStateChange",
    "VoicedeskSnapshot end",
    "FullyBooted",
]


async def test_a_connection_begins_with_a_snapshot_and_goes_on_live():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        seen = await reader.until("FullyBooted")
        assert [shown(found) for found in seen] == FIRST
        assert seen[0].get("Boot") == "2026-11-23 08:07:37"
        assert seen[0].get("Restarted") == "0"
        assert seen[0].get("Version") == "22.10.1"
        assert seen[5].get("Complete") == "1"
        assert all((found.pbx, found.boot) == ("hall", "2026-11-23 08:07:37") for found in seen)
        await server.send(newstate("PJSIP/agent1-1", "1.2"))
        assert (await reader.until("Newstate"))[-1].get("Uniqueid") == "1.2"
        status = client.status()
        assert status.state == "up"
        assert status.links == 1
        assert status.lag_us is not None
        await client.close()
        assert [shown(found) for found in await reader.rest()] == ["VoicedeskLink closed"]
    assert server.names()[:3] == ["Challenge", "Login", "CoreStatus"]
    assert server.names()[-1] == "Logoff"
    assert "s3cret" not in str(server.actions)
    assert client.status().state == "closed"


async def test_nothing_is_a_gap_from_the_login_on_however_long_the_first_answers_take():
    seconds = itertools.count(1)
    async with FakeAmiServer() as server, make_client(server, now=lambda: next(seconds) * 1_000_000) as client:
        up = (await Reader(client).until("VoicedeskLink up"))[-1]
        assert up.arrived_us == client.status().connected_since_us


async def waits_of(sleeps, count):
    await eventually(lambda: len(sleeps.waits) >= count)
    return sleeps.waits[:count]


async def tries(server, count, **more):
    """The waits after `count` failed tries, the log lines, and the last error as the status shows it."""
    sleeps = Sleeps()
    with structlog.testing.capture_logs() as logs:
        async with make_client(server, sleeps, **more) as client:
            waits = await waits_of(sleeps, count)
            status = client.status()
    return waits, logs, status


async def test_fault_1_a_refused_connection_is_tried_again_with_growing_waits_and_one_log_line():
    async with FakeAmiServer() as server:
        pass
    waits, logs, status = await tries(server, 4)
    assert waits == [1, 2, 4, 8]
    assert [line["event"] for line in logs] == ["ami_link_lost"]
    assert status.state == "lost"
    assert "cannot be reached" in status.last_error


async def test_fault_2_a_switch_that_says_nothing_is_given_up_in_time():
    async with FakeAmiServer() as server:
        server.manner = "say nothing"
        waits, _, status = await tries(server, 2, times=LinkTimes(connect_seconds=0.05))
    assert waits == [1, 2]
    assert status.last_error == "no login within 0.05 s"


async def test_fault_2_a_connection_that_is_never_made_is_given_up_in_time():
    """The listener's queue is full: the kernel drops what asks for a connection, as a firewall would."""
    async with FakeAmiServer() as server:
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(4):
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    one.connect(full.getsockname())
            server.port = full.getsockname()[1]
            waits, logs, status = await tries(server, 2, times=LinkTimes(connect_seconds=0.05))
    assert waits == [1, 2]
    assert len(logs) == 1
    assert "0.05 s" in status.last_error


@pytest.mark.parametrize("banner", ["SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request"])
async def test_fault_3_another_server_is_named_by_what_it_says_and_tried_slowly(banner):
    async with FakeAmiServer() as server:
        server.banner = f"{banner}\r\n".encode()
        waits, logs, status = await tries(server, 3)
    assert waits == [60, 60, 60]
    assert len(logs) == 1
    assert banner in status.last_error


async def test_fault_4_a_greeting_in_single_bytes_is_understood():
    async with FakeAmiServer() as server:
        server.chunk = 1
        async with make_client(server) as client:
            seen = await Reader(client).until("FullyBooted")
    assert [shown(found) for found in seen] == FIRST


async def test_fault_5_a_refused_login_is_no_storm():
    async with FakeAmiServer() as server:
        waits, logs, status = await tries(server, 3, secret="wrong")
    assert waits == [60, 300, 300]
    assert [line["kind"] for line in logs] == ["AmiAuthenticationError"]
    assert "Authentication failed" in status.last_error


async def test_fault_6_without_fully_booted_the_snapshot_comes_all_the_same():
    async with FakeAmiServer() as server:
        server.fully_booted = False
        async with make_client(server) as client:
            seen = await Reader(client).until("VoicedeskSnapshot end")
    assert [shown(found) for found in seen] == FIRST[:-1]


async def test_a_late_fully_booted_brings_a_new_snapshot():
    async with FakeAmiServer() as server:
        server.fully_booted = False
        async with make_client(server) as client:
            reader = Reader(client)
            await reader.until("VoicedeskSnapshot end")
            server.startup = ("2026-11-23", "09:00:00")
            await server.send(event("FullyBooted", ("Uptime", 1), timestamp=None))
            seen = await reader.until("VoicedeskSnapshot end")
    assert seen[0].name == "FullyBooted"
    assert seen[1].get("Restarted") == "1"


@pytest.mark.parametrize("manner", ["close at once", "close after banner"])
async def test_fault_7_a_closing_door_is_met_like_a_refused_login_and_names_the_address_rules(manner):
    async with FakeAmiServer() as server:
        server.manner = manner
        waits, logs, status = await tries(server, 3)
    assert waits == [1, 60, 300]
    assert len(logs) == 1
    assert "permit/deny" in status.last_error


OPENSSL = [
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
    *("-subj", "/CN=pbx.test", "-addext", "subjectAltName=DNS:pbx.test"),
]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [*OPENSSL, "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


async def test_fault_8_a_certificate_that_has_run_out_is_refused(tmp_path):
    key, request, old = (tmp_path / name for name in ("key.pem", "request.pem", "old.pem"))
    again = [word for word in OPENSSL if word not in ("-x509", "-days", "2")]
    sign = ("openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-copy_extensions", "copy")
    for command in ([*again, "-new", "-keyout", key, "-out", request], [*sign, "-out", old]):
        subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(old, key)
    trusting = ssl.create_default_context(cafile=old)
    async with FakeAmiServer(tls=context) as server:
        waits, _, status = await tries(server, 2, tls=trusting, tls_server_name="pbx.test")
    assert waits == [60, 60]
    assert "expired" in status.last_error
    assert server.actions == []


async def test_tls_is_spoken_to_a_switch_whose_certificate_is_known(certificate):
    cert, context = certificate
    trusting = ssl.create_default_context(cafile=cert)
    async with FakeAmiServer(tls=context) as server:
        named = make_client(server, tls=trusting, tls_server_name="pbx.test")
        async with named as client:
            seen = await Reader(client).until("FullyBooted")
    assert [shown(found) for found in seen] == FIRST


@pytest.mark.parametrize("wrong", ["unknown issuer", "wrong host", "no tls there"])
async def test_fault_8_a_bad_certificate_is_refused_and_nothing_is_said_in_clear_text(certificate, wrong):
    cert, context = certificate
    trusting = ssl.create_default_context(cafile=None if wrong == "unknown issuer" else cert)
    name = "other.test" if wrong == "wrong host" else "pbx.test"
    async with FakeAmiServer(tls=None if wrong == "no tls there" else context) as server:
        waits, _, status = await tries(server, 2, tls=trusting, tls_server_name=name)
    assert waits == [60, 60]
    assert "TLS failed" in status.last_error
    assert server.actions == []


async def test_a_plain_login_is_made_only_when_asked_for():
    async with FakeAmiServer() as server, make_client(server, plain=True) as client:
        await Reader(client).until("VoicedeskLink up")
    assert server.names()[0] == "Login"
    assert server.actions[0]["Secret"] == "s3cret"


async def test_a_loss_and_the_return_are_told_once_each_in_stream_and_log():
    async with FakeAmiServer() as server:
        with structlog.testing.capture_logs() as logs:
            async with make_client(server) as client:
                reader = Reader(client)
                await reader.until("FullyBooted")
                server.drop()
                lost = await reader.until("VoicedeskLink lost")
                seen = await reader.until("FullyBooted")
                assert client.status().links == 2
    assert lost[-1].get("Reason") == "the switch closed the connection"
    assert [shown(found) for found in seen] == FIRST
    assert seen[0].get("Restarted") == "0"
    assert [line["event"] for line in logs] == ["ami_link_up", "ami_link_lost", "ami_link_up"]


async def test_a_restarted_switch_is_told_from_a_lost_link():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        server.startup = ("2026-11-23", "10:00:00")
        server.drop()
        await reader.until("VoicedeskLink lost")
        up = (await reader.until("VoicedeskLink up"))[-1]
    assert (up.get("Boot"), up.get("Restarted")) == ("2026-11-23 10:00:00", "1")


async def test_events_during_the_lists_follow_after_the_snapshot():
    async with FakeAmiServer() as server:
        server.before_list_end = newstate("PJSIP/agent1-1", "1.2")
        async with make_client(server) as client:
            reader = Reader(client)
            seen = await reader.until("VoicedeskSnapshot end")
            live = await reader.until("Newstate")
    assert [shown(found) for found in seen] == FIRST[:-1]
    assert live[-1].boot == "2026-11-23 08:07:37"


async def test_a_list_that_does_not_end_is_given_as_far_as_it_came_and_marked():
    async with FakeAmiServer() as server:
        server.cut_lists = {"QueueStatus"}
        async with make_client(server) as client:
            seen = await Reader(client).until("VoicedeskSnapshot end")
    assert [shown(found) for found in seen] == FIRST[:-1]
    assert seen[-1].get("Complete") == "0"


async def test_a_refused_list_is_done_without_and_logged_once():
    async with FakeAmiServer() as server:
        server.refuse = {"QueueStatus", "CoreStatus", "CoreSettings"}
        with structlog.testing.capture_logs() as logs:
            async with make_client(server) as client:
                reader = Reader(client)
                up = (await reader.until("VoicedeskLink up"))[-1]
                seen = await reader.until("VoicedeskSnapshot end")
                server.drop()
                await reader.until("VoicedeskLink lost")
                await reader.until("VoicedeskSnapshot end")
    assert (up.get("Boot"), up.get("Version")) == ("", "")
    assert (seen[-1].get("Complete"), seen[-1].get("Missing")) == ("1", "QueueStatus")
    assert [line["lists"] for line in logs if line["event"] == "ami_lists_missing"] == ["QueueStatus"]


async def test_without_the_list_of_channels_a_snapshot_is_not_complete():
    async with FakeAmiServer() as server:
        server.silent = {"CoreShowChannels"}
        async with make_client(server) as client:
            seen = await Reader(client).until("VoicedeskSnapshot end")
    assert seen[-1].get("Complete") == "0"


async def test_a_link_lost_during_the_snapshot_ends_it_incomplete():
    async with FakeAmiServer() as server:
        server.silent = {"QueueStatus"}
        async with make_client(server) as client:
            reader = Reader(client)
            await eventually(lambda: "QueueStatus" in server.names())
            server.drop()
            seen = await reader.until("VoicedeskLink lost")
    assert seen[-2].name == "FullyBooted"
    assert shown(seen[-3]) == "VoicedeskSnapshot end"
    assert seen[-3].get("Complete") == "0"


async def test_a_link_lost_before_the_snapshot_leaves_no_trace_in_the_stream():
    async with FakeAmiServer() as server:
        server.silent = {"CoreStatus"}
        async with make_client(server) as client:
            await eventually(lambda: "CoreStatus" in server.names())
            server.silent = set()
            server.drop()
            seen = await Reader(client).until("FullyBooted")
    assert [shown(found) for found in seen] == FIRST


async def test_fault_21_a_slow_consumer_never_stops_the_reader_and_learns_what_it_missed():
    async with FakeAmiServer() as server, make_client(server, max_events=50) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        for number in range(1, 201):
            await server.send(newstate("PJSIP/agent1-1", f"1.{number}"))
        await eventually(lambda: client.status().dropped == 150)
        seen = await reader.until("VoicedeskLink dropped")
        assert [found.get("Uniqueid") for found in seen[:-1]] == [f"1.{number}" for number in range(1, 51)]
        assert seen[-1].get("Dropped") == "150"
        seen = await reader.until("VoicedeskSnapshot end")
        assert "CoreShowChannel" in [shown(found) for found in seen], "what was missed is made good by a list"
        await server.send(newstate("PJSIP/agent1-1", "2.1"))
        assert (await reader.until("Newstate"))[-1].get("Uniqueid") == "2.1"
        assert client.status().state == "up"


async def test_fault_21_a_link_lost_while_the_consumer_sleeps_tells_what_was_dropped_before_the_loss():
    async with FakeAmiServer() as server, make_client(server, max_events=50) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        for number in range(1, 201):
            await server.send(newstate("PJSIP/agent1-1", f"1.{number}"))
        await eventually(lambda: client.status().dropped == 150)
        server.drop()
        await eventually(lambda: client.status().links == 2)
        seen = await reader.until("VoicedeskLink lost")
    assert [shown(found) for found in seen[-2:]] == ["VoicedeskLink dropped", "VoicedeskLink lost"]
    assert seen[-2].get("Dropped") == "150"


async def test_fault_22_a_quiet_switch_that_answers_pings_stays_connected():
    sleeps = Sleeps()
    async with FakeAmiServer() as server, make_client(server, sleeps) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        for count in range(1, 4):
            sleeps.ping_now.set()
            await eventually(lambda pings=count: server.names().count("Ping") == pings)
        await server.send(newstate("PJSIP/agent1-1", "1.2"))
        await reader.until("Newstate")
        assert server.sessions == 1


async def test_fault_23_a_switch_that_answers_no_ping_is_taken_for_lost():
    sleeps = Sleeps()
    async with FakeAmiServer() as server, make_client(server, sleeps) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        server.silent = {"Ping"}
        sleeps.ping_now.set()
        lost = (await reader.until("VoicedeskLink lost"))[-1]
        assert lost.get("Reason") == "no answer to Ping within 0.05 s"
        assert [shown(found) for found in await reader.until("FullyBooted")] == FIRST


async def test_fault_24_a_reset_in_mid_event_discards_the_part_and_tells_the_gap():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        whole = newstate("PJSIP/agent1-1", "1.2")
        await server.send(whole + whole[:100])
        await reader.until("Newstate")
        server.reset()
        seen = await reader.until("VoicedeskLink lost")
        assert [shown(found) for found in seen] == ["VoicedeskLink lost"]
        assert [shown(found) for found in await reader.until("FullyBooted")] == FIRST


async def test_only_wanted_events_come_through():
    async with FakeAmiServer() as server, make_client(server, wanted={"Hangup"}) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        await server.send(newstate("PJSIP/agent1-1", "1.2") + event("Hangup", ("Channel", "x"), ("Uniqueid", "1.2")))
        assert [found.name for found in await reader.until("Hangup")] == ["Hangup"]


async def test_an_action_gives_its_answer_and_a_refusal_raises():
    async with FakeAmiServer() as server, make_client(server) as client:
        await Reader(client).until("FullyBooted")
        answer = await client.action(SimpleAction("CoreShowChannels"))
        assert [found.name for found in answer.items] == ["CoreShowChannel"]
        server.refuse = {"Originate"}
        with pytest.raises(AmiActionError, match="Originate was refused: Permission denied"):
            await client.action(SimpleAction("Originate", Channel="Local/1@x"))


async def test_fault_44_an_unsafe_value_never_reaches_the_socket():
    async with FakeAmiServer() as server, make_client(server) as client:
        await Reader(client).until("FullyBooted")
        before = len(server.actions)
        with pytest.raises(UnsafeValueError):
            await client.action(SimpleAction("Originate", Channel="Local/1@x\r\nAction: Logoff"))
        await client.action(SimpleAction("Ping"))
        assert server.names()[before:] == ["Ping"]


async def test_an_action_under_way_fails_with_the_link_and_is_never_sent_again():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        server.silent = {"Originate"}
        asked = asyncio.create_task(client.action(SimpleAction("Originate", Channel="Local/1@x")))
        await eventually(lambda: "Originate" in server.names())
        server.drop()
        with pytest.raises(AmiLinkLost, match="unknown"):
            await asked
        await reader.until("VoicedeskLink up")
        assert server.names().count("Originate") == 1


async def test_an_action_without_a_link_or_an_answer_says_so():
    async with FakeAmiServer() as server, make_client(server) as client:
        with pytest.raises(AmiLinkLost, match="not sent"):
            await client.action(SimpleAction("Ping"))
        await Reader(client).until("FullyBooted")
        server.silent = {"Ping"}
        with pytest.raises(AmiLinkLost, match="no answer to Ping"):
            await client.action(SimpleAction("Ping"), timeout=0.02)


async def test_asking_waits_for_the_link_and_asks_again_after_a_loss_but_only_what_changes_nothing():
    async with FakeAmiServer() as server, make_client(server) as client:
        with pytest.raises(ValueError, match="never sent again"):
            await client.ask(SimpleAction("Originate"))
        server.silent = {"CoreSettings"}
        asked = asyncio.create_task(client.ask(SimpleAction("DeviceStateList"), timeout=5))
        server.silent = {"DeviceStateList"}
        await eventually(lambda: server.names().count("DeviceStateList") == 2)
        server.silent = set()
        server.drop()
        answer = await asked
        assert [found.name for found in answer.items] == ["DeviceStateChange"]


class Hangups(EventListener):
    """Written for asterisk-ami, and used here as it is."""

    def __init__(self):
        super().__init__(white_list="Hangup", Context=["from-trunk"])
        self.seen = []

    def on_Hangup(self, event, **kwargs):  # noqa: N802  # asterisk-ami's own way of naming
        self.seen.append((event.name, event["Uniqueid"], event.keys["Cause"], type(kwargs["source"]).__name__))


class Broken(EventListener):
    def on_Hangup(self, event, **kwargs):  # noqa: N802  # asterisk-ami's own way of naming
        raise RuntimeError("broken listener")


async def test_a_listener_written_for_asterisk_ami_works_unchanged_and_a_broken_one_harms_nobody():
    hangups, broken = Hangups(), Broken()
    async with FakeAmiServer() as server, make_client(server) as client:
        client.add_event_listener(broken)
        client.add_event_listener(hangups)
        reader = Reader(client)
        await reader.until("FullyBooted")
        with structlog.testing.capture_logs() as logs:
            for context in ("from-trunk", "elsewhere"):
                headers = (("Context", context), ("Uniqueid", "1.2"), ("Cause", 16))
                await server.send(event("Hangup", ("Channel", "PJSIP/agent1-1"), *headers))
                await reader.until("Hangup")
        client.remove_event_listener(broken)
        assert client.status().listener_errors == 2
    assert hangups.seen == [("Hangup", "1.2", "16", "AmiClient")]
    assert {line["event"] for line in logs} == {"ami_listener_failed"}


async def test_a_hostile_number_becomes_a_doubt_and_is_counted_over_all_links():
    async with FakeAmiServer() as server, make_client(server) as client:
        reader = Reader(client)
        await reader.until("FullyBooted")
        forged = event("Hangup", ("Channel", "PJSIP/agent1-1"), ("Uniqueid", "1.2")).decode()
        await server.send(newstate("PJSIP/trunk-9", "9.9", number=f"1\r\n\r\n{forged}X: 1"))
        seen = await reader.until("VoicedeskDoubt") + await reader.until("VoicedeskDoubt")
        assert [found.name for found in seen] == ["VoicedeskDoubt"] * 2
        assert (seen[-1].get("Channel"), seen[-1].get("Uniqueid")) == ("PJSIP/trunk-9", "9.9")
        counted = client.status().distrusted
        server.drop()
        await reader.until("VoicedeskLink lost")
        assert client.status().distrusted == counted == 3


async def fail_inside(client):
    async with client:
        await Reader(client).until("FullyBooted")
        raise RuntimeError("consumer")


async def test_a_client_closed_at_once_or_left_by_an_error_leaves_nothing_behind():
    async with FakeAmiServer() as server:
        async with make_client(server) as client:
            pass
        assert [shown(found) for found in await Reader(client).rest()] == ["VoicedeskLink closed"]
        client = make_client(server)
        with pytest.raises(RuntimeError, match="consumer"):
            await fail_inside(client)
        await client.close()
    assert len(asyncio.all_tasks()) == 1


async def test_a_switch_that_does_not_answer_the_farewell_is_left_all_the_same():
    async with FakeAmiServer() as server, make_client(server) as client:
        await Reader(client).until("FullyBooted")
        server.silent = {"Logoff"}
    assert client.status().state == "closed"


async def test_several_switches_are_followed_at_once_and_each_event_knows_its_own():
    async with FakeAmiServer() as one, FakeAmiServer() as two:
        two.startup = ("2026-11-22", "01:02:03")
        async with make_client(one) as first, make_client(two) as second:
            events = (await Reader(first).until("FullyBooted"))[-1], (await Reader(second).until("FullyBooted"))[-1]
    assert [found.boot for found in events] == ["2026-11-23 08:07:37", "2026-11-22 01:02:03"]

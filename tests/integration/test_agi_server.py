"""The FastAGI server and its verbs, against a scripted switch."""

import asyncio
import errno
import socket

import pytest
from structlog.testing import capture_logs
from tests.fakes.agi import FakeSwitchCall, environment, obliging
from voicedesk.agi.call import Asked, Chosen, Ended, Recorded, Said
from voicedesk.agi.server import AgiLimits, AgiServer
from voicedesk.errors import AgiHungUp, AgiRefused, UnsafeValueError, VoicedeskError


async def served(handler, *calls, limits=None):
    """Runs `calls` (functions of a port) against a server with a handler; returns the server."""
    server = AgiServer(handler, limits)
    async with server.listening("127.0.0.1", 0) as port:
        for call in calls:
            await call(port)
        async with asyncio.timeout(30):
            while server.connections:
                await asyncio.sleep(0.01)
    return server


commands: list[str] = []
"""What the switch got in the last call."""


async def through(work, answers=obliging):
    """What `work(call)` gives or raises, and the commands that the switch got."""
    outcome = asyncio.get_running_loop().create_future()

    async def handler(call):
        try:
            outcome.set_result(await work(call))
        except VoicedeskError as error:
            outcome.set_exception(error)

    async def one(port):
        async with FakeSwitchCall(port, answers) as switch:
            await switch.over()
            seen.extend(switch.commands)

    seen = []
    await served(handler, one)
    commands[:] = seen
    return await outcome, seen


def playing(*results):
    """Answers of STREAM FILE and WAIT FOR DIGIT in turn: a key, "" for none, or a whole reply."""
    left = list(results)

    def answer(command):
        if not command.startswith(("STREAM", "WAIT")) or not left:
            return obliging(command)
        given = left.pop(0)
        if len(given) > 1:
            return given
        return f"200 result={ord(given) if given else 0} endpos=4000"

    return answer


async def test_files_are_played_in_turn_until_a_key():
    said, seen = await through(lambda call: call.say(["a", "b", "c"], keys="12"), playing("", "2"))
    assert said == Said(key="2", finished=1, offset_ms=500)
    assert seen == ['STREAM FILE "a" "12"', 'STREAM FILE "b" "12"']
    said, _ = await through(lambda call: call.say(["a", "b"]))
    assert said == Said(finished=2)


async def test_fault_57_a_file_that_cannot_be_played_is_named_and_the_rest_goes_on():
    async def work(call):
        said = await call.say(["a", "gone", "c"])
        return said, call.missing

    (said, missing), _ = await through(work, playing("", "200 result=0 endpos=0", ""))
    assert said == Said(finished=3, missing=("gone",))
    assert missing == {"gone"}


async def test_digits_are_taken_during_the_prompt_and_after_it():
    async def work(call):
        return await call.ask(["a"], limit=4, timeout_seconds=5, between_seconds=2, keys="0*")

    asked, seen = await through(work, playing("1", "3", "8", "0"))
    assert asked == Asked(digits="1380", ended=Ended.LIMIT)
    assert seen[1:] == ['WAIT FOR DIGIT "2000"'] * 3
    assert (await through(work, playing("", "1", "#")))[0] == Asked(digits="1", ended=Ended.TERMINATOR)
    assert (await through(work, playing("", "1", "")))[0] == Asked(digits="1", ended=Ended.TIME)
    assert (await through(work, playing("", "")))[0] == Asked(digits="", ended=Ended.TIME)
    assert (await through(work, playing("*")))[0] == Asked(digits="", ended=Ended.KEY, key="*")


async def test_a_menu_takes_only_its_own_keys_and_not_for_ever():
    async def work(call):
        return await call.menu(["m"], match="12", tries=3, timeout_seconds=3, invalid=["wrong"], no_input=["silent"])

    chosen, seen = await through(work, playing("9", "", "", "", "2"))
    assert chosen == Chosen(key="2", invalid=1, no_input=1)
    assert [one for one in seen if "wrong" in one or "silent" in one] == [
        'STREAM FILE "wrong" "0123456789*#"',
        'STREAM FILE "silent" "0123456789*#"',
    ]
    assert (await through(work, playing("9", "9", "9")))[0] == Chosen(key=None, invalid=3)
    assert (await through(work))[0] == Chosen(key=None, no_input=3)


async def test_a_recording_says_how_long_it_is_and_what_ended_it():
    async def work(call):
        return await call.record("/tmp/m", keys="#0", max_seconds=60, silence_seconds=3)

    recorded, seen = await through(work)
    assert recorded == Recorded(seconds=2.0, ended=Ended.TIME)
    assert seen == ['RECORD FILE "/tmp/m" "wav" "#0" "60000" "BEEP" "s=3"']
    ended = "200 result=35 (dtmf) endpos=12000"
    recorded, seen = await through(lambda call: call.record("m", max_seconds=5, beep=False), lambda _: ended)
    assert recorded == Recorded(seconds=1.5, ended=Ended.KEY, key="#")
    assert seen == ['RECORD FILE "m" "wav" "#" "5000"']


async def test_variables_are_read_and_set_and_the_guard_is_one():
    async def work(call):
        await call.answer()
        await call.set_variable("VOICEDESK_IVR", "person")
        await call.guard(30)
        value = await call.get_variable("A"), await call.get_variable("B")
        await call.hangup()
        return value

    def answers(command):
        return {'GET VARIABLE "A"': "200 result=1 (yes)"}.get(command) or obliging(command)

    value, seen = await through(work, answers)
    assert value == ("yes", None)
    assert seen[:3] == ["ANSWER", 'SET VARIABLE "VOICEDESK_IVR" "person"', 'SET VARIABLE "TIMEOUT(absolute)" "30"']


@pytest.mark.parametrize("refusal", ["510 Invalid or unknown command", "511 Command Not Permitted", "520 Bad syntax"])
async def test_fault_55_a_refused_command_raises_what_was_refused(refusal):
    with pytest.raises(AgiRefused, match="ANSWER"):
        await through(lambda call: call.answer(), lambda _: refusal)


async def test_a_value_that_would_begin_another_line_never_leaves():
    with pytest.raises(UnsafeValueError):
        await through(lambda call: call.set_variable("A", "x\nHANGUP"))
    assert commands == []


STEPS = {
    "answer": lambda call: call.answer(),
    "say": lambda call: call.say(["a", "b", "c"], keys="1"),
    "ask": lambda call: call.ask(["a"], limit=3, timeout_seconds=1, between_seconds=1),
    "menu": lambda call: call.menu(["a"], match="1", tries=3, timeout_seconds=1),
    "record": lambda call: call.record("m", max_seconds=9),
    "variable": lambda call: call.get_variable("A"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["minus one", "hangup line", "end", "dead channel", "refused after the hangup line"])
async def test_fault_54_a_hang_up_at_any_step_ends_it_and_tells_how_far_it_came(step, way):
    count = 0

    def answers(command):
        nonlocal count
        count += 1
        if count < 2 and step == "say":
            return obliging(command)
        if way == "minus one":
            return "200 result=-1 endpos=400"
        if way == "dead channel":
            return "511 Command Not Permitted on a dead channel or intercept routine"
        if way == "refused after the hangup line":
            return "HANGUP\n511 Command Not Permitted"
        if way == "hangup line":
            return "HANGUP\n200 result=-1 endpos=400"
        switches[0].hang_up()
        return None

    switches = []
    gone = asyncio.get_running_loop().create_future()

    async def handler(call):
        try:
            await STEPS[step](call)
        except AgiHungUp as error:
            gone.set_result(error)
            raise

    async def one(port):
        async with FakeSwitchCall(port, answers) as switch:
            switches.append(switch)
            await switch.over()

    server = await served(handler, one)
    error = await gone
    assert error.finished == (1 if step == "say" else 0)
    assert error.endpos == (400 if way in ("minus one", "hangup line") else 0)
    assert server.counts.served == 1


async def test_fault_54_after_a_hang_up_without_a_last_word_nothing_is_waited_for(monkeypatch):
    monkeypatch.setattr("voicedesk.agi.connection.LAST_REPLY_SECONDS", 0.01)

    async def work(call):
        with pytest.raises(AgiHungUp):
            await call.answer()
        with pytest.raises(AgiHungUp):
            await call.answer()
        return True

    done, seen = await through(work, lambda _: "HANGUP")
    assert done
    assert seen == ["ANSWER"]


async def well(call):
    """Serves a call to its end."""
    await call.answer()


async def a_good_call(port):
    async with FakeSwitchCall(port) as switch:
        await switch.over()
    assert switch.commands == ["ANSWER"]


@pytest.mark.parametrize(
    "data",
    [b"", b"agi_network: yes\nagi_req", b"GET / HTTP/1.0\r\n\r\n", b"\0\xff" * 40_000, b"agi_x: y\n" * 300],
    ids=["scan", "cut", "http", "binary", "endless"],
)
async def test_fault_51_who_is_no_switch_is_closed_and_the_next_call_served(data):
    async def intruder(port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.close()

    server = await served(well, intruder, a_good_call)
    assert (server.counts.served, server.counts.broken) == (1, 1)


async def test_fault_51_an_environment_that_does_not_end_is_closed_in_time():
    async def slow(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"agi_network: yes\n")
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()

    server = await served(well, slow, a_good_call, slow, limits=AgiLimits(environment_seconds=0.05))
    assert (server.counts.served, server.counts.broken) == (1, 2)


async def test_fault_56_five_hundred_calls_at_once_are_served_up_to_the_limit_and_the_rest_led_on():
    release = asyncio.Event()

    async def waits(call):
        await call.answer()
        await release.wait()

    server = AgiServer(waits, AgiLimits(sessions=100))
    async with server.listening("127.0.0.1", 0) as port:
        switches = [FakeSwitchCall(port) for _ in range(500)]
        for switch in switches:
            await switch.__aenter__()
        async with asyncio.timeout(60):
            while sum(switch.ended.is_set() for switch in switches) < 400:
                await asyncio.sleep(0.01)
        assert len(server.connections) == 100
        release.set()
        for switch in switches:
            await switch.over()
        for switch in switches:
            await switch.__aexit__()
    assert (server.counts.served, server.counts.refused) == (100, 400)
    assert sum(switch.commands == ["ANSWER"] for switch in switches) == 100


async def test_a_command_that_the_switch_takes_piece_by_piece_arrives_whole():
    value = "x" * 6_000_000
    got = []

    async def handler(call):
        await call.set_variable("LONG", value)

    async def slow(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 * len(value))
        writer.write(environment())
        await asyncio.sleep(0.1)
        got.append(await reader.readuntil(b"\n"))
        writer.write(b"200 result=1\n")
        assert await reader.read() == b""
        writer.close()

    async def gone(port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(environment())
        await asyncio.sleep(0.05)
        writer.transport.abort()

    server = await served(handler, slow, gone)
    assert got == [f'SET VARIABLE "LONG" "{value}"\n'.encode()]
    assert server.counts.served == 2


async def test_where_the_system_has_no_file_left_calls_are_taken_again_later(monkeypatch):
    monkeypatch.setattr("voicedesk.agi.server.FULL_SECONDS", 0.05)
    calls = []

    async def handler(call):
        calls.append(call.environment.uniqueid)

    class FullSocket(socket.socket):
        is_full = True

        def accept(self):
            if FullSocket.is_full:
                FullSocket.is_full = False
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    monkeypatch.setattr("socket.create_server", lambda address, **_: listening(FullSocket(), address))

    def listening(door, address):
        door.bind(address)
        door.listen()
        return door

    async def one(port):
        async with FakeSwitchCall(port) as switch:
            await switch.over()

    with capture_logs() as logs:
        await served(handler, one)
    assert len(calls) == 1
    assert next(log["event"] for log in logs) == "agi_cannot_accept"


async def test_an_address_that_cannot_be_had_is_an_error_at_the_start():
    server = AgiServer(lambda _call: None)
    with pytest.raises(OSError, match="assign requested address"):
        async with server.listening("192.0.2.1", 0):
            pass


async def test_a_handler_that_fails_costs_its_own_call_only():
    async def fails(call):
        if call.environment.uniqueid == "1.13":
            raise RuntimeError("a mistake of ours")
        await call.answer()

    async def unlucky(port):
        async with FakeSwitchCall(port, data=environment(agi_uniqueid="1.13")) as switch:
            await switch.over()

    server = await served(fails, unlucky, a_good_call)
    assert server.counts.served == 2


async def test_a_refusal_that_nobody_handles_gives_the_call_back():
    async def refused(port):
        async with FakeSwitchCall(port, lambda _: "511 Command Not Permitted") as switch:
            await switch.over()

    server = await served(well, refused, a_good_call)
    assert server.counts.served == 2


async def test_a_reply_to_nothing_changes_nothing():
    async def chatty(port):
        async with FakeSwitchCall(port, lambda _: "200 result=0\n200 result=1\nwhat\n200 result=0") as switch:
            await switch.over()

    assert (await served(well, chatty, a_good_call)).counts.served == 2


async def test_when_the_server_ends_its_calls_are_given_back():
    async def waits(call):
        await call.say(["a"])
        await asyncio.Event().wait()

    server = AgiServer(waits)
    async with server.listening("127.0.0.1", 0) as port:
        switch = FakeSwitchCall(port)
        await switch.__aenter__()
        async with asyncio.timeout(30):
            while not switch.commands:
                await asyncio.sleep(0.01)
    await switch.over()
    await switch.__aexit__()
    assert switch.commands == ['STREAM FILE "a" ""']


async def waited(port, data=b"", count=1):
    """Connections that send `data` and nothing more."""
    found = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in found:
        writer.write(data)
    return found


async def closed(connections):
    async with asyncio.timeout(30):
        for reader, writer in connections:
            while await reader.read(4096):
                pass
            writer.close()


@pytest.mark.parametrize("data", [b"", b"agi_network: yes\n"], ids=["nothing", "half"])
async def test_fault_56_hundreds_who_say_nothing_keep_no_caller_out_and_the_oldest_of_them_goes_first(data):
    async def held(port):
        silent = await waited(port, data, 300)
        await a_good_call(port)
        assert len(server_of[0].connections) <= 20
        await closed(silent[:280])
        await asyncio.sleep(0)
        assert not silent[-1][0].at_eof()
        for _, writer in silent[280:]:
            writer.close()

    server_of = []

    async def handler(call):
        await well(call)

    server = AgiServer(handler, AgiLimits(sessions=2, environment_seconds=60, silent=30, silent_per_peer=20))
    server_of.append(server)
    async with server.listening("127.0.0.1", 0) as port:
        await held(port)
        async with asyncio.timeout(30):
            while server.connections:
                await asyncio.sleep(0.01)
    assert (server.counts.served, server.counts.refused, server.counts.broken) == (1, 0, 300)


async def test_fault_56_those_who_say_what_they_are_and_never_answer_give_their_places_to_callers(monkeypatch):
    monkeypatch.setattr("voicedesk.agi.connection.NEW_OVERDUE_SECONDS", 0.05)

    async def held(port):
        silent = await waited(port, environment(), 20)
        async with asyncio.timeout(30):
            for reader, _ in silent:
                await reader.readline()
        await asyncio.sleep(0.1)
        await a_good_call(port)
        for _, writer in silent:
            writer.close()

    server = await served(well, held, limits=AgiLimits(sessions=20))
    assert (server.counts.served, server.counts.refused) == (21, 0)


async def test_fault_53_a_switch_that_owes_a_reply_for_too_long_counts_as_gone():
    gone = []

    async def handler(call):
        try:
            await call.answer()
        except AgiHungUp as error:
            gone.append(error)
            raise

    async def held(port):
        await closed(await waited(port, environment(), 3))

    server = await served(handler, held, a_good_call, limits=AgiLimits(reply_seconds=0.05))
    assert (server.counts.served, len(gone)) == (4, 3)


async def test_fault_53_what_takes_its_time_to_play_or_record_is_not_overdue():
    async def work(call):
        await call.guard(1)
        said = await call.say(["long"])
        return said, await call.wait_for_key(1), await call.record("m", max_seconds=1)

    outcome = []

    async def handler(call):
        outcome.append(await work(call))

    async def slow(port):
        async with FakeSwitchCall(port, lambda _: None) as switch:
            for number, answer in enumerate(["1", "0 endpos=8000", "49", "35 (dtmf) endpos=8000"], 1):
                async with asyncio.timeout(30):
                    while len(switch.commands) < number:
                        await asyncio.sleep(0.01)
                if number > 1:
                    await asyncio.sleep(0.3)
                switch.send(f"200 result={answer}")
            await switch.over()

    await served(handler, slow, limits=AgiLimits(reply_seconds=0.1))
    assert outcome == [(Said(finished=1), "1", Recorded(seconds=1.0, ended=Ended.KEY, key="#"))]


@pytest.mark.parametrize(
    "answer",
    [
        "200 result=0 endpos=" + "9" * 5000,
        "200 result=" + "9" * 5000,
        "200 result=1114112",
        "200 result=200",
        "200 result=*",
        b"\xff\xfe\0\n" * 3 + b"200 what\n",
    ],
    ids=lambda answer: repr(answer)[:24],
)
async def test_fault_55_a_reply_that_no_switch_can_mean_ends_that_call_and_no_other(answer):
    ended = []

    async def handler(call):
        try:
            await call.say(["a"], keys="1")
        except VoicedeskError as error:
            ended.append(type(error))
            raise

    async def one(port):
        async with FakeSwitchCall(port, lambda _: answer) as switch:
            await switch.over()

    async def good(port):
        async with FakeSwitchCall(port) as switch:
            await switch.over()

    server = await served(handler, one, good)
    assert server.counts.served == 2
    assert len(ended) == 1


async def test_fault_51_thousands_who_are_no_switch_are_few_lines_in_the_log():
    bad = (b"GET / HTTP/1.0\r\n\r\n", environment(agi_request="agi://["), environment(agi_uniqueid="1\0"))

    async def flood(port):
        for n in range(300):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(bad[n % 3])
            writer.close()

    with capture_logs() as logs:
        server = await served(well, flood, a_good_call)
    assert (server.counts.served, server.counts.broken) == (1, 300)
    told = [log for log in logs if log["event"] == "agi_connection_closed"]
    assert len(told) <= 8
    assert sum(log["count"] for log in told) <= 300
    assert {"its address cannot be read: correct agi://… in the dialplan"} <= {log["reason"] for log in told}


async def test_a_mistake_in_reading_costs_that_connection_only(monkeypatch):
    def fails(_protocol, _data):
        monkeypatch.undo()
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("voicedesk.agi.protocol.AgiProtocol.receive_data", fails)

    async def unlucky(port):
        await closed(await waited(port, environment()))

    with capture_logs() as logs:
        server = await served(well, unlucky, a_good_call)
    assert (server.counts.served, server.counts.broken) == (1, 1)
    assert "agi_connection_failed" in [log["event"] for log in logs]

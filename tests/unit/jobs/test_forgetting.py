"""A number is forgotten while its call goes on: nothing of it is written again, at hang-up or in between."""

import pytest
from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Hall
from voicedesk.errors import InputError
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.upkeep.forgetting import LINGER_US, ForgetSteps, Forgetting, from_row
from voicedesk.phone_traces import PhoneTraces

N = "13812341234"


class Sink:
    """Keeps what a call log hands on."""

    def __init__(self):
        self.kept = []

    def sequence(self, _pbx):
        return 1

    def add(self, _pbx, **what):
        self.kept.append(what)

    def texts(self) -> str:
        return repr([([e.raw for e in one["events"]], one["calls"]) for one in self.kept])


def event(name: str, channel: str, uniqueid: str, n: int, number: str = N, **more: str) -> AmiEvent:
    headers = {"Timestamp": f"1800000000.{n:06d}", "Channel": channel, "ChannelState": "4", "ChannelStateDesc": "Ring",
               "CallerIDNum": number, "Exten": "12345", "Uniqueid": uniqueid, "Linkedid": uniqueid, **more}  # fmt: skip
    raw = "\r\n".join([f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())])
    return AmiEvent.from_bytes(raw.encode(), arrived_us=1_800_000_000_000_000 + n)


@pytest.mark.parametrize(
    "channel",
    [f"DAHDI/i1/{N}-5", f"SIP/{N}-0000001a", f"SIP/trunk-{N}-1", f"Local/{N}@in-0001;1", f"mISDN/1-u{N}", "PJSIP/t-1"],
)
async def test_a_call_in_progress_is_forgotten_on_every_kind_of_line(channel):
    sink, clock = Sink(), [1_800_000_000_000_000]
    log = CallLog("main", Hall(), sink)
    forgetting = Forgetting({"main": log}, lambda: clock[0])
    log.take(forgetting.events("main", [event("Newchannel", channel, "1800000000.1", 1)]))
    log.take(forgetting.events("main", [event("Newchannel", "PJSIP/o-1", "1800000000.9", 2, "138123412345")]))
    log.settle()
    assert N in sink.texts()
    sink.kept.clear()

    async def flush():
        sink.kept.append({"events": [], "calls": []})

    asked = {"number": N, "token": "abc", "area_code": "0371"}
    read = []
    steps = ForgetSteps(forgetting, list, flush, lambda: read.append(1))
    outcome = await steps.carry_out(from_row({"do": "forget", **asked}), None)
    assert (bool(outcome), bool(sink.kept), read) == (True, True, [1])
    for n, name in enumerate(("Newstate", "Hangup"), 3):
        more = {"Cause": "16"} if name == "Hangup" else {}
        log.take(forgetting.events("main", [event(name, channel, "1800000000.1", n, **more)]))
        log.take(forgetting.events("main", [event(name, "PJSIP/o-1", "1800000000.9", n, "138123412345", **more)]))
    log.settle()
    assert N not in sink.texts().replace("138123412345", "")
    assert "138123412345" in sink.texts()
    calls = [call for one in sink.kept for call in one["calls"]]
    assert [call.facts.ended_at is not None for call in calls] == [True, True]

    forgetting.let_go()
    clock[0] += LINGER_US + 1
    forgetting.let_go()
    again = event("Newchannel", channel, "1800000100.1", 9)
    assert forgetting.events("main", [again]) == [again]


async def test_a_later_call_of_the_same_number_is_another_matter():
    log = CallLog("main", Hall(), Sink())
    forgetting = Forgetting({"main": log}, lambda: 1)
    log.take([event("Newchannel", f"DAHDI/i1/{N}-5", "1800000000.1", 1)])
    forgetting.forget(PhoneTraces(N), [])
    later = event("Newchannel", f"DAHDI/i1/{N}-6", "1800000000.2", 2)
    assert forgetting.events("main", [later]) == [later]


@pytest.mark.parametrize("asked", [{"number": 5, "token": "x"}, {"number": N}, {"number": [], "token": None}, {}])
def test_what_no_command_of_ours_asks_is_refused(asked):
    with pytest.raises(InputError):
        from_row({"do": "forget", **asked})

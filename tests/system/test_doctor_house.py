"""The doctor and `init --discover` at a real switch: wrong names, own dialplans, FreePBX's members, no recordings."""

import asyncio

import pytest
import pytest_asyncio
from tests.testbed.behaviours import answers_after
from tests.testbed.configuration import AMI_SECRET
from tests.testbed.plan import Line, Plan
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.clock import now_us
from voicedesk.discovery.day import HouseDay
from voicedesk.discovery.lists import ask_house, look_at_house
from voicedesk.discovery.proposal import propose
from voicedesk.doctor.examine import examine
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.hall.switches import address_of, dial_address_of, pause_address_of
from voicedesk.settings import load_settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]

LINES = (
    Line(extension="88012345", name="shebao", members=("agent1",), queue_seconds=20),
    Line(extension="88012346", name="yibao", members=("agent2",), queue_seconds=9),
)
PLAN = Plan(lines=LINES, staff=("agent1", "agent2", "agent3"), recorded=True)
HOUSE = (  # what an own house has beside our files: hints, FreePBX's database, a queue's member as FreePBX makes it
    "dialplan add extension 201,hint,PJSIP/agent3 into ext-local",
    "dialplan add extension 201,1,Dial,PJSIP/agent3 into from-queue",
    "database put DEVICE/201 dial PJSIP/agent3",
    'database put AMPUSER/201 cidname "Li Si"',
    "queue add member Local/201@from-queue/n to shebao penalty 9 as 201 state_interface hint:201@ext-local",
)
NOT_THE_NOTICE = (  # our file as somebody left it who did not fill it in
    "dialplan remove extension s@voicedesk-notice",
    "dialplan add extension s,1,Playback,@NOTICE@ into voicedesk-notice",
    'dialplan add extension s,2,UserEvent,"VoicedeskRecordingNotice,Status: ${PLAYBACKSTATUS}" into voicedesk-notice',
    "dialplan add extension s,3,Return, into voicedesk-notice",
)
RIGHT = """
[[lines]]
name = "shebao"
extensions = ["88012345"]
queues = ["shebao"]
phones = ["PJSIP/agent1", "PJSIP/agent3"]
[[lines]]
name = "yibao"
extensions = ["88012346"]
queues = ["yibao"]
phones = ["PJSIP/agent2"]
"""
WRONG = """
[[lines]]
name = "hotline"
extensions = ["88012399"]
queues = ["shebaoo"]
phones = ["SIP/8003", "PJSIP/agnet1"]
"""
PHONES = "".join(
    f'[[phones]]\nendpoint = "PJSIP/agent{n}"\nextension = "{number}"\n'
    for n, number in ((1, 6001), (2, 6002), (3, 201))
)
BAD_PHONES = "".join(f'[[phones]]\nendpoint = "{name}"\n' for name in ("SIP/8003", "PJSIP/agnet1"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house():
    async with Stage(PLAN) as stage:
        for command in HOUSE:
            await stage.control.action("Command", Command=command)
        stage.set(**dict.fromkeys(("agent1", "agent2", "agent3"), answers_after(0.2)))
        yield stage
        stage.check()


def served(stage, folder, lines: str, phones: str = PHONES) -> RunningService:
    """The service with settings of the test's own for the same switch."""
    plan = Plan(network=stage.switch.plan.network, lines=(), staff=())
    return RunningService(plan, folder, recordings=stage.switch.run / "recordings", more=f"\n{lines}\n{phones}")


async def doctor(service) -> dict[str, list[Finding]]:
    """The findings by their checks; without the command, which each time would cost too much."""
    settings = load_settings(service.config, {})
    (pbx,) = settings.pbx
    found: dict[str, list[Finding]] = {}
    for one in await examine(
        settings,
        [address_of(pbx)],
        now_us,
        pausers=[pause_address_of(pbx)],
        diallers=[dial_address_of(pbx)],
        listen_seconds=0,
    ):
        found.setdefault(one.check, []).append(one)
    return found


def grades(found, check: str) -> set[str]:
    return {one.grade.value for one in found.get(check, [])}


async def call(stage, service, number: str, phone: str) -> None:
    """A call that this phone answers, whole in the store."""
    async with Store.open(f"sqlite:///{service.config.parent / 'voicedesk.db'}", upgrade=False) as store:
        before = len(await ended(store))
        stage.phones[phone].calls.clear()
        placed = await stage.call_in(number)
        staff = await stage.call_at(phone)
        await asyncio.wait_for(staff.answered.wait(), 20)
        await asyncio.sleep(0.3)
        await placed.hang_up()
        await stage.quiet()
        async with asyncio.timeout(20):
            while len(await ended(store)) <= before:
                await asyncio.sleep(0.1)


async def ended(store) -> list[object]:
    return [one async for one in store.calls.each(CallFilter()) if one.call.facts.ended_at is not None]


async def test_a_house_as_the_settings_say_has_nothing_bad_before_and_after_its_first_calls(house, tmp_path):
    async with served(house, tmp_path, RIGHT) as service:
        before = await doctor(service)
        for number, phone in (("88012345", "agent1"), ("88012345", "agent1"), ("88012346", "agent2")):
            await call(house, service, number, phone)
        after = await doctor(service)
    assert [one for of in (before, after) for found in of.values() for one in found if one.grade is Grade.BAD] == []
    assert grades(before, "calls") == {"unseen"}
    assert grades(before, "rights_missing") == {"unseen"}
    assert not {"calls", "rights_missing"} & set(after)  # what calls showed is no doubt any more
    assert grades(after, "pauser") == grades(after, "dialler") == grades(after, "house") == {"good"}
    assert not {"members_untied", "phones_unknown", "calls_elsewhere", "not_recorded", "events_missing"} & set(after)
    (short,) = after["limit_unreachable"]
    assert "Queue(yibao) ends after 9 s" in short.what


async def test_wrong_names_are_bad_and_the_right_ones_are_offered(house, tmp_path):
    async with served(house, tmp_path, WRONG, BAD_PHONES) as service:
        at_once = await doctor(service)
        for _ in range(2):
            await call(house, service, "88012345", "agent1")
        found = await doctor(service)
    assert [one.cure for one in found["queue_unknown"]] == ['in [[lines]] hotline: queues = ["shebao"]']
    phones = {one.cure.partition("   ")[0] for one in found["phone_unknown"]}
    assert phones == {'write endpoint = "PJSIP/agent1"', "take 'SIP/8003' out of [[phones]] and [[lines]] phones"}
    assert grades(at_once, "extension_unknown") == grades(found, "extension_unknown") == {"bad"}
    assert found["extension_unknown"][0].cure == 'in [[lines]] hotline: extensions = ["88012345"]'
    assert grades(found, "calls_elsewhere") == {"bad"}
    assert "88012345 × 2" in found["calls_elsewhere"][0].what


async def test_a_member_by_hint_is_no_finding_where_its_number_is_known_and_a_phone_that_rings_unnamed_is(
    house, tmp_path
):
    without = PHONES.replace("PJSIP/agent3", "PJSIP/deaf").replace('"201"', '"299"')
    async with served(house, tmp_path, RIGHT.replace(', "PJSIP/agent3"', ""), without) as service:
        found = await doctor(service)
    assert grades(found, "queue_members_unknown") == {"note"}
    assert 'endpoint = "PJSIP/agent3" extension = "201"' in found["queue_members_unknown"][0].cure


async def test_what_the_fewest_rights_show_is_a_whole_proposal(house):
    network = house.switch.plan.network
    credentials = Credentials(username="voicedesk", secret=AMI_SECRET)
    address = AmiAddress(pbx="main", host=network.switch, port=network.ami_port, credentials=credentials)
    seen = await look_at_house(address, now_us)
    proposal = propose([seen], {})
    lines = {line.name: line for line in proposal.lines if line.is_likely}
    assert {name: (list(line.extensions), set(line.phones)) for name, line in lines.items()} == {
        "shebao": (["88012345"], {"PJSIP/agent1", "PJSIP/agent3"}),
        "yibao": (["88012346"], {"PJSIP/agent2"}),
    }
    assert [(one.endpoint, one.extension) for one in proposal.phones] == [
        ("PJSIP/agent1", "6001"), ("PJSIP/agent2", "6002"), ("PJSIP/agent3", "201"),
    ]  # fmt: skip
    assert "PJSIP/trunk" in proposal.trunks
    assert [(one.name, one.endpoint) for one in proposal.people] == [("Li Si", "PJSIP/agent3")]
    assert seen.refused["PJSIPShowEndpoints"] == "Permission denied"


async def test_calls_that_are_watched_for_a_while_show_the_number_and_the_trunk(house):
    network = house.switch.plan.network
    credentials = Credentials(username="voicedesk", secret=AMI_SECRET)
    address = AmiAddress(pbx="main", host=network.switch, port=network.ami_port, credentials=credentials)
    day = HouseDay()

    def take(events):
        for event in events:
            day.receive(event)

    asked = asyncio.create_task(ask_house(address, now_us, take, listen_seconds=3))
    await asyncio.sleep(0.5)
    placed = await house.call_in("88012345")
    seen = await asked
    await placed.hang_up()
    await house.quiet()
    proposal = propose([seen], {"main": day})
    line = next(line for line in proposal.lines if line.name == "shebao")
    assert line.extensions["88012345"] == "dialled 1 times"
    assert "PJSIP/trunk" in proposal.trunks


async def test_a_notice_that_was_never_filled_in_is_told_with_the_line_to_write(house, tmp_path):
    """The last one: the switch's dialplan is another from here on."""
    for command in NOT_THE_NOTICE:
        await house.control.action("Command", Command=command)
    async with served(house, tmp_path, RIGHT) as service:
        for _ in range(2):
            await call(house, service, "88012345", "agent1")
        found = await doctor(service)
    assert grades(found, "place_open") == grades(found, "not_recorded") == {"bad"}
    assert "@NOTICE@" in found["place_open"][0].what
    assert "could not be played" in found["not_recorded"][0].what

"""The doctor at a scripted switch: what it is told, what it hears, and what the journal still knows."""

import asyncio

import pytest
from tests.fakes.ami_server import FakeAmiServer, block, newstate
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import Credentials
from voicedesk.clock import now_us
from voicedesk.doctor.examine import check_database, examine, heard_lately
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.pbx import check_pauser, check_pbx
from voicedesk.settings import Settings
from voicedesk.store.store import Store

WATCHER = {
    "CoreSettings": "(Priv: system,reporting,all)",
    "CoreStatus": "(Priv: system,reporting,all)",
    "CoreShowChannels": "(Priv: system,reporting,all)",
    "DeviceStateList": "(Priv: call,reporting,all)",
    "QueueReset": "(Priv: <none>)",
}
RING = newstate("PJSIP/agent1-00000001", "1795421354.1", state="Ringing")


class Switch(FakeAmiServer):
    """A switch that also lists what the user may do, and tells the time. `says`: sent as soon as it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.commands = dict(WATCHER)
        self.clock_ahead_seconds = 0.0
        self.says = b""

    def _answer(self, action: dict[str, str]) -> bytes:
        named = ("ActionID", action["ActionID"])
        if action["Action"] == "ListCommands":
            told = [(name, f"What it does.  {rights}") for name, rights in self.commands.items()]
            return block(("Response", "Success"), named, *told) + self.says
        if action["Action"] == "Ping":
            stamp = f"{now_us() / 1e6 + self.clock_ahead_seconds:.6f}"
            return block(("Response", "Success"), named, ("Ping", "Pong"), ("Timestamp", stamp))
        return super()._answer(action)


@pytest.fixture
async def switch():
    async with Switch() as server:
        yield server


async def findings(switch, *, secret="s3cret", earlier=()):
    credentials = Credentials(username="voicedesk", secret=secret)
    address = AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)
    found = await check_pbx(address, now_us, listen_seconds=0, earlier=earlier)
    assert {one.subject for one in found} == {"main"}
    return found


def grades(found, check):
    return {one.grade for one in found if one.check == check}


async def test_a_watcher_during_a_call_is_good_but_for_what_the_call_did_not_show(switch):
    switch.says = RING
    found = await findings(switch)
    assert not [one for one in found if one.grade in (Grade.BAD, Grade.NOTE)]
    assert grades(found, "timestampevents") == {Grade.GOOD}
    (unseen,) = [one.what for one in found if one.grade is Grade.UNSEEN]
    assert unseen.startswith("whether events of class agent, user come shows only in a call")
    assert "PJSIP/trunk-1 Ring" in unseen


async def test_without_a_call_event_times_and_read_rights_are_unseen_and_the_cure_is_to_listen(switch):
    found = await findings(switch)
    assert grades(found, "timestampevents") == grades(found, "rights_missing") == {Grade.UNSEEN}
    assert all("--listen" in one.cure for one in found if one.grade is Grade.UNSEEN)


async def test_what_the_service_heard_lately_stands_in_for_a_call(switch):
    agent = block(("Event", "AgentCalled"), ("Privilege", "agent,all"), ("Timestamp", "1795421354.134550"))
    user = block(("Event", "UserEvent"), ("Privilege", "user,all"), ("Timestamp", "1795421354.134550"))
    found = await findings(switch, earlier=[AmiEvent.from_bytes(raw.strip()) for raw in (RING, agent, user)])
    assert {one.grade for one in found} == {Grade.GOOD}


async def test_events_without_the_switch_s_time_are_bad_even_if_they_once_carried_it(switch):
    switch.says = RING.replace(b"Timestamp: 1795421354.134550\r\n", b"")
    found = await findings(switch, earlier=[AmiEvent.from_bytes(RING.strip())])
    assert grades(found, "timestampevents") == {Grade.BAD}


async def test_event_times_that_came_back_are_good(switch):
    switch.says = RING
    found = await findings(switch, earlier=[AmiEvent.from_bytes(RING.replace(b"Timestamp", b"Other").strip())])
    assert grades(found, "timestampevents") == {Grade.GOOD}


async def test_a_user_that_may_do_more_than_watch_is_bad_and_its_classes_are_named(switch):
    switch.commands |= {"Originate": "(Priv: originate,all)", "Hangup": "(Priv: system,call,all)"}
    found = await findings(switch)
    (excessive,) = [one for one in found if one.check == "rights_excessive"]
    assert excessive.grade is Grade.BAD
    assert "originate" in excessive.what
    assert "Hangup" in excessive.what


async def test_a_user_that_may_ask_nothing_is_bad(switch):
    switch.commands = {"QueueReset": "(Priv: <none>)"}
    switch.refuse = {"CoreSettings", "CoreStatus", "CoreShowChannels", "DeviceStateList"}
    switch.fully_booted = False
    found = await findings(switch)
    assert Grade.BAD in grades(found, "rights_missing")
    assert any("system" in one.what for one in found if one.grade is Grade.BAD)


@pytest.mark.parametrize(
    ("ahead", "grade"), [(0.0, Grade.GOOD), (2.0, Grade.NOTE), (-90.0, Grade.BAD)], ids=["same", "2 s", "90 s behind"]
)
async def test_the_two_clocks_are_compared(switch, ahead, grade):
    switch.clock_ahead_seconds = ahead
    assert grades(await findings(switch), "clock") == {grade}


async def test_a_wrong_secret_is_one_finding_with_its_cure(switch):
    (found,) = await findings(switch, secret="guess")
    assert found.grade is Grade.BAD
    assert "manager.conf" in found.cure
    assert "guess" not in str(found)


async def test_a_switch_that_is_away_is_one_finding(unused_tcp_port):
    credentials = Credentials(username="voicedesk", secret="s3cret")
    address = AmiAddress(pbx="main", host="127.0.0.1", port=unused_tcp_port, credentials=credentials)
    (found,) = await check_pbx(address, now_us)
    assert found.grade is Grade.BAD
    assert f"127.0.0.1:{unused_tcp_port}" in found.cure


async def test_fault_68_a_damaged_database_is_found_and_the_way_out_is_told(tmp_path):
    file = tmp_path / "voicedesk.db"
    url = f"sqlite:///{file}"
    async with Store.open(url):
        pass
    assert (await check_database(url)).grade is Grade.GOOD
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    found = await check_database(url)
    assert found.grade is Grade.BAD
    assert found.check == "integrity"
    assert "restore" in found.cure


async def test_a_file_that_is_no_database_is_damage_not_a_crash(tmp_path):
    file = tmp_path / "voicedesk.db"
    file.write_bytes(b"this is a letter, not a database, and it is long enough to be taken for one" * 100)
    found = await check_database(f"sqlite:///{file}")
    assert found.check == "integrity"


async def test_the_journal_is_asked_for_what_was_heard(tmp_path):
    settings = Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"},
            "pbx": [{"name": "main", "host": "h", "username": "u", "secret": "s"}],
        }
    )
    async with Store.open(settings.store.url) as store:
        assert await heard_lately(settings) == {}
        store.writer.add("main", resume_from=1, events=[AmiEvent.from_bytes(RING.strip())])
        task = asyncio.create_task(store.writer.run())
        while await store.journal.position("main") is None:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
    heard = await heard_lately(settings)
    assert [event.get("Privilege") for event in heard["main"]] == ["call,all"]


async def test_without_a_pbx_the_doctor_says_how_to_begin(tmp_path):
    settings = Settings.model_validate({"store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"}})
    found = await examine(settings, [], now_us)
    assert [one.cure for one in found if one.grade is Grade.BAD] == [
        "add a [[pbx]] table, or begin with: voicedesk init"
    ]


async def test_a_database_on_a_server_is_examined_too(postgres):
    url = postgres.create("doctor")
    wants_upgrade = await check_database(url)
    assert (wants_upgrade.check, wants_upgrade.cure) == ("version", "voicedesk db upgrade")
    async with Store.open(url):
        pass
    good = await check_database(url)
    assert (good.grade, good.what.partition(" ")[0]) == (Grade.GOOD, url)
    postgres.drop("doctor")
    gone = await check_database(url)
    assert (gone.grade, gone.check) == (Grade.BAD, "reachable")
    assert "pgpass" in gone.cure
    refused = await check_database(f"{url}?sslmode=perhaps")
    assert (refused.grade, "pgpass" in refused.cure) == (Grade.BAD, True)


async def test_the_room_on_a_server_s_disk_is_its_keeper_s_matter(postgres):
    settings = Settings.model_validate({"store": {"url": postgres.create("room")}})
    assert "disk" not in {one.subject for one in await examine(settings, [], now_us)}
    postgres.drop("room")


async def test_the_pausing_user_is_examined_too(switch, tmp_path):
    switch.commands = {"QueuePause": "(Priv: agent,all)"}
    switch.fully_booted = False

    def address(secret: str) -> AmiAddress:
        credentials = Credentials(username="voicedesk", secret=secret)
        return AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)

    settings = Settings.model_validate({"store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"}})
    found = await examine(settings, [], now_us, pausers=[address("s3cret")])
    assert [one.grade for one in found if one.check == "pauser"] == [Grade.GOOD]
    (refused,) = await check_pauser(address("wrong"), now_us)
    assert (refused.check, refused.grade) == ("pauser_login", Grade.BAD)
    assert "pause_secret" in refused.cure
    there = address("s3cret")
    await switch.__aexit__()
    (gone,) = await check_pauser(there, now_us)
    assert gone.check == "pauser_login"
    await switch.__aenter__()

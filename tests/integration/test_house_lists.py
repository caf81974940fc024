"""A switch's lists as they arrive: told, refused, unknown; and `init --discover`, typed at a scripted switch."""

import asyncio
import sys

import pytest
from tests.fakes.ami_server import FakeAmiServer, block
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.cli import main
from voicedesk.clock import now_us
from voicedesk.discovery.lists import look_at_house
from voicedesk.settings import load_settings

DATABASE = {("DEVICE/101", "dial"): "PJSIP/101", ("AMPUSER/101", "cidname"): "张三"}
MEMBER = (
    ("Queue", "600"), ("Name", "张三"), ("Location", "Local/101@from-queue/n"),
    ("StateInterface", "hint:101@ext-local"), ("Paused", 0), ("Status", 1),
)  # fmt: skip


class House(FakeAmiServer):
    """A switch with a queue, hints, a dialplan and FreePBX's database."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse = {"PJSIPShowEndpoints", "SIPpeers", "IAXpeerlist"}
        self.lists |= {
            "CoreShowChannels": [],
            "QueueStatus": [
                [("Event", "QueueParams"), ("Queue", "600"), ("Calls", 0)],
                [("Event", "QueueMember"), *MEMBER],
                [("Event", "QueueParams"), ("Queue", "default"), ("Calls", 0)],
            ],
            "DeviceStateList": [
                [("Event", "DeviceStateChange"), ("Device", device), ("State", "NOT_INUSE")]
                for device in ("PJSIP/101", "PJSIP/carrier", "Queue:600_avail", "Queue:600_pause_PJSIP/101")
            ],
            "ExtensionStateList": [
                [
                    ("Event", "ExtensionStatus"), ("Exten", "101"), ("Context", "ext-local"),
                    ("Hint", "PJSIP/101&Custom:DND101"),
                ]
            ],
            "ShowDialPlan": [
                [
                    ("Event", "ListDialplan"), ("Context", "ext-did"), ("Extension", "88012345"), ("Priority", 1),
                    ("Application", "Queue"), ("AppData", "600,t,,,60"),
                ]
            ],
            "DBGetTree": [
                [("Event", "DBGetTreeResponse"), ("Key", "/registrar/contact/101;@a1"), ("Val", '{"endpoint":"101"}')]
            ],
        }  # fmt: skip

    def _answer(self, action: dict[str, str]) -> bytes:
        named = ("ActionID", action["ActionID"])
        if action["Action"] == "DBGet":
            value = DATABASE.get((action["Family"], action["Key"]))
            if value is None:
                return block(("Response", "Error"), named, ("Message", "Database entry not found"))
            self.lists["DBGet"] = [[("Event", "DBGetResponse"), ("Val", value)]]
        return super()._answer(action)


@pytest.fixture
async def switch():
    async with House() as server:
        yield server


async def look(switch, *, secret="s3cret"):
    credentials = Credentials(username="voicedesk", secret=secret)
    address = AmiAddress(pbx="main", host="127.0.0.1", port=switch.port, credentials=credentials)
    return await look_at_house(address, now_us)


async def test_everything_that_is_told_is_taken_in(switch):
    seen = await look(switch)
    assert list(seen.queues) == ["600"]
    (member,) = seen.members
    assert (member.person, seen.likely_phone(member, seen.ties())) == ("张三", "PJSIP/101")
    assert set(seen.devices) == {"PJSIP/101", "PJSIP/carrier"}
    assert seen.hints == {"101": "PJSIP/101&Custom:DND101"}
    assert (seen.dials, seen.people) == ({"101": "PJSIP/101"}, {"101": "张三"})
    assert seen.registered == {"PJSIP/101"}
    assert seen.dialplan.places_of("88012345") == [("ext-did", "88012345")]
    assert (seen.endpoints, seen.refused["PJSIPShowEndpoints"]) == (None, "Permission denied")
    assert (seen.knows("PJSIP/101"), seen.knows("PJSIP/102"), seen.knows("DAHDI/1")) == (True, False, None)


async def test_what_is_refused_is_unknown_and_never_taken_for_empty(switch):
    switch.refuse |= {
        "QueueStatus",
        "DeviceStateList",
        "ExtensionStateList",
        "ShowDialPlan",
        "CoreShowChannels",
        "DBGetTree",
    }
    seen = await look(switch)
    assert (seen.queues, seen.devices, seen.hints, seen.dialplan, seen.channels) == (None, None, None, None, None)
    assert seen.knows("PJSIP/none") is None


async def test_a_longer_list_of_endpoints_shows_trunks_where_the_rights_allow(switch):
    switch.refuse -= {"PJSIPShowEndpoints", "SIPpeers"}
    switch.lists["PJSIPShowEndpoints"] = [
        [
            ("Event", "EndpointList"),
            ("ObjectName", "101"),
            ("OutboundAuths", ""),
            ("Contacts", "101/sip:101@10.0.0.5,"),
        ],
        [("Event", "EndpointList"), ("ObjectName", "carrier"), ("OutboundAuths", "carrier"), ("Contacts", "")],
    ]
    switch.lists["SIPpeers"] = [[("Event", "PeerEntry"), ("ObjectName", "201"), ("Dynamic", "yes")]]
    seen = await look(switch)
    told = {name: (one.has_contact, one.is_trunk) for name, one in seen.endpoints.items()}
    assert told == {"PJSIP/101": (True, False), "PJSIP/carrier": (False, True), "SIP/201": (True, False)}
    assert seen.knows("SIP/202") is False


async def test_a_switch_that_refuses_the_login_or_is_away_shows_nothing(switch):
    assert await look(switch, secret="guess") is None
    await switch.__aexit__()
    assert await look(switch) is None
    await switch.__aenter__()


@pytest.fixture
def typed(monkeypatch, capsys):
    """A command as a person types it, in a thread of its own: the switch goes on beside it."""

    async def run(*words: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["voicedesk", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main)
        told = capsys.readouterr()
        assert int(ended.value.code or 0) == code, told
        return told.out + told.err

    return run


@pytest.fixture
def discover(switch, typed):
    async def run(folder, *more: object, code: int = 0) -> str:
        secret = folder.parent / "secret"
        secret.write_text("s3cret\n")
        secret.chmod(0o600)
        there = ("--host", "127.0.0.1", "--port", switch.port, "--secret-file", secret)
        return await typed("init", folder, "--discover", *there, *more, code=code)

    return run


async def test_discover_writes_settings_that_load_and_says_what_it_found(discover, tmp_path):
    said = await discover(tmp_path / "hall")
    found = load_settings(tmp_path / "hall" / "voicedesk.toml", {})
    assert [(line.name, line.extensions, line.phones) for line in found.lines] == [
        ("600", ("88012345",), ("PJSIP/101",))
    ]
    assert "1 line, 1 phone, 1 person" in said
    assert "PJSIPShowEndpoints is refused" in said
    assert (tmp_path / "hall" / "voicedesk.toml").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "hall").iterdir()) == ["voicedesk.toml"]


async def test_discover_never_writes_over_what_is_there_unless_it_is_asked_to(discover, typed, tmp_path):
    file, proposed = tmp_path / "hall" / "voicedesk.toml", tmp_path / "hall" / "voicedesk.discovered.toml"
    await discover(tmp_path / "hall")
    with file.open("a", encoding="utf-8") as stream:
        stream.write('[[lines]]\nname = "own"\nextensions = ["1"]\nqueues = ["gone"]\n')
    mine = file.read_bytes()
    said = await typed("init", file.parent, "--discover")
    assert f"mv {proposed} {file}" in said
    assert file.read_bytes() == mine
    assert "# taken out, the switch has no queue gone" in proposed.read_text(encoding="utf-8")
    assert [line.name for line in load_settings(proposed, {}).lines] == ["600"]
    assert "stays as it is" in await typed("init", file.parent, "--discover", code=1)
    await typed("init", file.parent, "--discover", "--force")
    assert [line.name for line in load_settings(file, {}).lines] == ["600"]


async def test_discover_says_what_is_missing_where_it_cannot_ask(switch, discover, typed, tmp_path):
    said = await typed("init", tmp_path / "hall", "--discover", code=1)
    assert "--secret-file" in said
    switch.secret = "another"
    said = await discover(tmp_path / "hall", code=1)
    assert "cannot be asked" in said
    assert "s3cret" not in said
    assert list((tmp_path / "hall").iterdir()) == []


async def test_discover_reads_a_day_of_calls_from_the_switch_s_own_log(discover, tmp_path):
    at = now_us() // 1_000_000 - 3600
    log = tmp_path / "queue_log"
    rows = [f"{at}|{at}.1|601|NONE|ENTERQUEUE||13800138000|1", f"{at + 9}|{at}.1|601|NONE|ABANDON|1|1|9"]
    log.write_text("".join(f"{row}\n" for row in rows))
    assert "no calls were seen" not in await discover(tmp_path / "hall", "--queue-log", log)
    assert "no calls were seen" in await discover(tmp_path / "other", "--queue-log", tmp_path / "none")

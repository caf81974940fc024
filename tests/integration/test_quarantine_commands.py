"""`voicedesk quarantine …` as it is typed, alone and beside a running service."""

import asyncio
import json

import pytest
from tests.integration.test_service import Clock, running
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from voicedesk.doctor.quarantine import check_quarantine
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.upkeep.quarantine import WHY_NOT, QuarantineSteps
from voicedesk.settings import load_settings
from voicedesk.store.quarantine import Part, SetAsideState
from voicedesk.store.store import Store

CONTENT = b"Event: Newchannel\r\nCallerIDNum: 13812341234\r\nX: \x1b[31m\xff\xe2\x80\xae"


@pytest.fixture
def hall(tmp_path, monkeypatch):
    """A hall in which an event and a recording were set aside; gives its settings."""
    file = tmp_path / "voicedesk.toml"
    file.write_text('[store]\nurl = "sqlite:///v.db"\n[hall]\ntimezone = "Asia/Shanghai"\n')
    monkeypatch.setenv("VOICEDESK_CONFIG", str(file))
    settings = load_settings(file)

    async def fill() -> None:
        guard = Guard(lambda: 1_795_421_280_000_000)
        for _ in range(3):
            guard.set_aside(Part.EVENT, ValueError("13812341234?"), about="Newchannel 1.7", content=CONTENT, pbx="main")
        guard.set_aside(Part.RECORDING, ValueError("odd"), about="1795421280.5.sln48", content=b"RIFF", pbx="main")
        async with Store.open(settings.store.url) as store:
            await guard.save(store)

    asyncio.run(fill())
    return settings


def ids(typed) -> dict[str, str]:  # noqa: F811
    return {one["part"]: one["id"] for one in json.loads(typed("quarantine", "list", "--json").out)}


def test_the_list_says_what_how_often_and_why_and_masks_numbers(hall, typed):  # noqa: F811
    done = typed("quarantine", "list")
    assert done.code == 0
    assert "事件 event  main  Newchannel 1.7  (3 次 3 times)  ValueError: 138****1234?" in done.out
    assert "录音 recording" in done.out
    only = typed("quarantine", "list", "--part", "event").out
    assert "recording" not in only


def test_show_gives_the_bytes_and_nothing_that_moves_a_terminal(hall, typed):  # noqa: F811
    event = ids(typed)["event"]
    shown = typed("quarantine", "show", event[:6]).out
    assert "CallerIDNum: 138****1234" in shown
    assert "X: \\x1b[31m\\xff\\x202e" in shown
    assert "次数 times: 3" in shown
    assert WHY_NOT[Part.EVENT] in shown
    assert "CallerIDNum: 13812341234" in typed("quarantine", "show", event, "--unmask").out
    plain = json.loads(typed("quarantine", "show", event, "--json").out)
    assert (plain["part"], plain["seen"], plain["bytes"]) == ("event", 3, len(CONTENT))


def test_what_cannot_be_tried_again_says_so_and_what_to_do(hall, typed):  # noqa: F811
    done = typed("quarantine", "retry", ids(typed)["event"])
    assert done.code == 1
    assert "cannot be tried again" in done.err
    done = typed("quarantine", "retry", ids(typed)["recording"])
    assert "is `voicedesk run` running" in done.err


def test_drop_removes_it_for_good(hall, typed):  # noqa: F811
    event = ids(typed)["event"]
    assert typed("quarantine", "drop", event).out == "已删除 removed: 1\n"
    assert list(ids(typed)) == ["recording"]
    assert "nothing set aside has the id" in typed("quarantine", "show", event).err
    assert typed("quarantine", "drop").code == 2


def test_doctor_counts_what_waits(hall):
    (found,) = asyncio.run(check_quarantine(hall))
    assert (found.grade.value, found.what) == ("note", "2 things were set aside: 1 event, 1 recording")


def test_every_part_can_be_tried_again_or_says_why_not():
    assert set(Part) - set(WHY_NOT) == {Part.RECORDING, Part.ROW, Part.DELIVERY}


async def test_the_running_service_hears_a_recording_again(switch, tmp_path):
    from voicedesk.settings import Settings

    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "1795421280.5.sln48").write_bytes(bytes(9600))
    pbx = {"name": "main", "host": "127.0.0.1", "port": switch.port, "username": "voicedesk", "secret": "s3cret"}
    tables = {
        "store": {"url": f"sqlite:///{tmp_path}/v.db"},
        "prompts": {"folder": f"{tmp_path}/sounds"},
        "pbx": [{**pbx, "recordings": str(tmp_path / "rec")}],
    }
    settings = Settings.model_validate(tables)
    guard = Guard()
    guard.set_aside(Part.RECORDING, ValueError("odd"), about="1795421280.5.sln48", pbx="main")
    guard.set_aside(Part.RECORDING, ValueError("odd"), about="1795421280.6.sln48", pbx="main")
    here, gone = (item.id for item in guard.waiting)
    async with Store.open(settings.store.url) as store:
        await guard.save(store)
        async with running(settings, switch, Clock()):
            told = []
            for item_id in (here, gone, "ffff"):
                request_id = await store.requests.ask("quarantine", {"id": item_id}, asked_by="test")
                told.append(await store.requests.wait_for(request_id, 15))
        assert [one.state for one in told] == ["done", "failed", "failed"]
        assert "is heard again" in told[0].outcome
        assert "lies in no folder" in told[1].outcome
        assert (await store.quarantine.get(here)).state is SetAsideState.RETRIED
        assert (await store.quarantine.get(gone)).state is SetAsideState.WAITING
        with pytest.raises(Exception, match="already"):
            await QuarantineSteps(store, {}).retry(here)

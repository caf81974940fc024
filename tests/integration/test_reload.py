"""What a reload reaches: the list in the documents, the service's own list, and the parts that run, say the same."""

import gc
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.ami_server import FakeAmiServer
from tests.integration.test_service import Clock, running, until
from voicedesk.jobs.telling.host import IvrHost
from voicedesk.run import reloading
from voicedesk.run import service as app
from voicedesk.run.reloading import NEEDS_RESTART
from voicedesk.settings import Settings
from voicedesk.settings.environment import keys_of
from voicedesk.store.store import Store

DOCUMENT = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


def hall(switch: FakeAmiServer, folder: Path, **more: object) -> Settings:
    """A hall whose sounds lie in a folder of its own: what the service speaks goes there."""
    pbx = {"name": "main", "host": "127.0.0.1", "port": switch.port, "username": "voicedesk", "secret": "s3cret"}
    tables = {
        "store": {"url": f"sqlite:///{folder}/voicedesk.db"},
        "pbx": [{**pbx, "recordings": f"{folder}/rec"}],
        "ivr": {"listen": "127.0.0.1:0"},
        "prompts": {"folder": f"{folder}/prompts"},
        "lines": [{"name": "hotline", "extensions": ["4001"]}],
    }
    return Settings.model_validate({**tables, **more})


def test_the_document_says_of_every_table_whether_a_reload_suffices():
    rows = re.findall(r"^\| `\[+(\w+)\]+` \| (\w+)", DOCUMENT, flags=re.MULTILINE)
    assert [table for table, _ in rows] == list(keys_of(Settings))
    assert {table for table, needs in rows if needs == "restart"} == set(NEEDS_RESTART)
    assert {needs for _, needs in rows} <= {"restart", "reload", "nothing"}


def holders_of(settings: Settings) -> set[str]:
    """The parts of the product that hold on to some settings; what nobody can reach any more is no part."""
    gc.collect()
    found = set()
    for one in gc.get_objects():
        kind = type(one)
        if str(kind.__module__).startswith("voicedesk.") and not isinstance(one, type):
            values = list(getattr(one, "__dict__", {}).values())
            values += [getattr(one, name, None) for name in getattr(kind, "__slots__", ())]
            if any(value is settings for value in values):
                found.add(kind.__name__)
    return found


@pytest.mark.parametrize("fails", [False, True])
async def test_after_a_reload_no_part_works_by_the_old_settings(switch, tmp_path, monkeypatch, fails):
    """`fails`: one of them failed before and was begun again, as may happen at any time."""
    serve, failed = IvrHost.run, []

    async def fail_once(host: IvrHost) -> None:
        if fails and not failed:
            failed.append(True)
            raise RuntimeError("odd")
        await serve(host)

    monkeypatch.setattr(IvrHost, "run", fail_once)
    (tmp_path / "rec").mkdir()
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, hall={"name": "another"})
    async with running(old, switch, Clock(), lambda: new), Store.open(old.store.url) as store:
        parts = {"TicketClerk", "PhoneDesk", "Messenger", "IvrHost", "Outages", "GreetingWatch"}

        async def are_at_work():
            return bool(failed) == fails and parts <= holders_of(old)

        await until(are_at_work)
        at_work = holders_of(old)
        answer = await store.requests.wait_for(await store.requests.ask("reload", {}, asked_by="test"), 60)
        assert answer.outcome == "lines, phones and people are read again"
        assert holders_of(old) == set()

        async def are_at_work_by_the_new_ones():
            return holders_of(new) >= at_work

        await until(are_at_work_by_the_new_ones)  # one that failed a moment ago begins again after a pause


@pytest.mark.parametrize("table", NEEDS_RESTART)
async def test_a_reload_names_each_table_that_waits_for_a_restart(switch, tmp_path, monkeypatch, table):
    changes = {
        "pbx": [{"name": "main", "host": "127.0.0.2", "port": switch.port, "username": "v", "secret": "s"}],
        "store": {"url": f"sqlite:///{tmp_path}/other.db"},
        "speech": {"workers": 2},
        "ivr": {"listen": "127.0.0.1:1"},
    }
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, **{table: changes[table]})
    written = [old, new, new]
    service = app.Service(old, written.pop)
    named = "[[pbx]]" if table == "pbx" else f"[{table}]"
    waits = f"lines, phones and people are read again; what changed in {named} needs a restart"
    assert service.reload() == (waits, False)
    assert service.reload() == (waits, False), "it waits on, whatever was read since"
    assert service.reload() == ("lines, phones and people are read again", False), "it was put back"


async def test_another_level_of_the_log_holds_after_a_reload(switch, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(reloading, "configure_logging", lambda **how: told.append(how))
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, log={"level": "error", "format": "json"})
    settings = [new, new]
    service = app.Service(old, settings.pop)
    service.reload()
    service.reload()
    assert told == [{"level": "error", "format": "json", "zone": new.hall.zone, "language": None}]


async def test_a_log_for_people_keeps_the_hall_s_own_time_after_a_reload(switch, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(reloading, "configure_logging", lambda **how: told.append(how["zone"]))
    old, new = hall(switch, tmp_path), hall(switch, tmp_path, hall={"timezone": "Asia/Urumqi"})
    app.Service(old, lambda: new).reload()
    assert told == [ZoneInfo("Asia/Urumqi")]

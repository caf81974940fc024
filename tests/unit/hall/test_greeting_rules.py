"""Which greeting is asked of whom: templates of a line, staff numbers, and a hall's own rules as they live."""

import asyncio
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from voicedesk.clock import now_us
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.speech import check_speech
from voicedesk.errors import InputError
from voicedesk.greeting.rules import shipped_rules
from voicedesk.hall.greetings import greeting_task, number_of, rules_of
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.hearing import rules_in_force
from voicedesk.jobs.hearing.job import Hearing
from voicedesk.jobs.news.news import log_news
from voicedesk.settings import Settings, load_settings

SHIPPED = (files("voicedesk.greeting") / "rules.toml").read_text(encoding="utf-8")
RULES = shipped_rules()


def hall(rules: Path | None = None, **line) -> Settings:
    lines = [{"name": "hotline", "extensions": ["1"], "department": "社保大厅", **line}]
    agents = [
        {"id": "zhang", "name": "张三", "number": "008"},
        {"id": "1009", "name": "李四"},
        {"id": "wang", "name": "王"},
    ]
    return Settings.model_validate({"lines": lines, "agents": agents, "greeting": {"rules": rules}})


def own(folder: Path, *, version="hall/1", text=SHIPPED) -> Path:
    file = folder / "rules.toml"
    file.write_text(text.replace('version = "greeting/3"', f'version = "{version}"'), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "written",
    [
        ["hello", "department", "number", "matter"],
        "hello, department,number matter",
        "hello、department → number，matter",
    ],
)
def test_a_line_s_greeting_is_parts_in_their_order(written):
    settings = hall(greeting=written)
    rules_of(settings)
    assert greeting_task("hotline", settings, RULES).template == ("hello", "department", "number", "matter")


def test_a_template_may_be_named_and_a_part_may_stand_alone():
    assert greeting_task("hotline", hall(greeting="numbered"), RULES).template == "numbered"
    assert greeting_task("hotline", hall(greeting=["hello"]), RULES).template == ("hello",)
    assert greeting_task("hotline", hall(), RULES).template == "inbound"
    assert greeting_task("hotline", hall(), RULES, callback=True).template == "callback"
    asked = greeting_task("hotline", hall(callback_greeting=["hello", "number"]), RULES, callback=True)
    assert asked.template == ("hello", "number")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"greeting": "numberd"}, "'hotline': greeting = .*no template 'numberd'"),
        ({"greeting": ["hello", "window"]}, r"add \[parts\.window\]"),
        ({"greeting": ["hello", "hello"]}, "names a part twice"),
        ({"greeting": []}, "is empty"),
        ({"callback_greeting": "back"}, "callback_greeting = .*no template 'back'"),
    ],
)
def test_a_greeting_that_does_not_go_with_the_rules_is_refused_with_its_line(line, why):
    with pytest.raises(InputError, match=why):
        rules_of(hall(**line))


def test_a_line_without_a_department_is_judged_where_its_template_needs_none():
    assert greeting_task("hotline", hall(department=None), RULES).names is None
    assert greeting_task("hotline", hall(department=None, greeting="numbered"), RULES).names is not None
    assert greeting_task("elsewhere", hall(greeting="numbered"), RULES).names is None


def test_the_number_is_that_of_whoever_an_assignment_names():
    settings = hall()
    assert [number_of(one, settings) for one in ("zhang", "1009", "wang", "gone", None)] == [
        "008", "1009", None, None, None,
    ]  # fmt: skip
    assert greeting_task("hotline", settings, RULES, agent="zhang").number == "008"


@pytest.mark.parametrize("number", ["", "8号", "八", "-1", "123456789", "８"])
def test_a_staff_number_is_digits(number):
    with pytest.raises(ValueError, match="no staff number"):
        Settings.model_validate({"agents": [{"id": "a", "name": "n", "number": number}]})


def test_a_hall_s_own_rules_are_found_beside_the_settings_and_may_lack_callbacks(tmp_path):
    own(tmp_path, text=SHIPPED.replace('callback = ["hello", "department", "returning"]\n', ""))
    (tmp_path / "voicedesk.toml").write_text(
        '[greeting]\nrules = "rules.toml"\n[[lines]]\nname = "l"\nextensions = ["1"]\n'
    )
    settings = load_settings(tmp_path / "voicedesk.toml")
    rules = rules_of(settings)
    assert rules.version == "hall/1"
    assert greeting_task("l", settings, rules, callback=True).names is None


@pytest.mark.parametrize("text", ["version = ", "", "\xff", 'version = "x"'])
async def test_a_broken_file_is_refused_and_the_doctor_says_so(tmp_path, text):
    file = tmp_path / "rules.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"rules\.toml"):
        rules_of(hall(file))
    with pytest.raises(InputError, match=r"missing\.toml"):
        rules_of(hall(tmp_path / "missing.toml"))
    pbx = [{"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": tmp_path}]
    found = {
        one.check: one
        for one in await check_speech(hall(file).model_copy(update={"pbx": Settings.model_validate({"pbx": pbx}).pbx}))
    }
    assert found["rules"].grade is Grade.BAD


class Watch:
    """Stands for what hears recordings: notes what it is told."""

    def __init__(self):
        self.told, self.is_at_work = [], asyncio.Event()

    async def run(self):
        self.is_at_work.set()
        await asyncio.Event().wait()

    def change_settings(self, settings, rules):
        self.told.append((settings, rules.version))


@asynccontextmanager
async def hearing(settings: Settings):
    """The job that hears greetings, at work; with its watch."""
    watch = Watch()
    job = Hearing(None, settings, {}, now_us, tell=log_news, guard=Guard(), watch=lambda *_, **__: watch)
    task = asyncio.create_task(job.run())
    try:
        await watch.is_at_work.wait()
        yield job, watch
    finally:
        task.cancel()
        await asyncio.wait({task})


def recorded(settings: Settings, folder: Path) -> Settings:
    pbx = [{"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": folder}]
    return settings.model_copy(update={"pbx": Settings.model_validate({"pbx": pbx}).pbx})


async def test_a_reload_takes_the_rules_as_they_are_written_now(tmp_path):
    settings = recorded(hall(own(tmp_path)), tmp_path)
    async with hearing(settings) as (job, watch):
        own(tmp_path, version="hall/2")
        assert job.change_settings(settings) == "greetings are judged by hall/2 now"
    assert watch.told == [(settings, "hall/2")]


async def test_a_reload_of_a_broken_file_keeps_the_rules_and_says_so(tmp_path):
    settings = recorded(hall(own(tmp_path)), tmp_path)
    async with hearing(settings) as (job, watch):
        own(tmp_path, text="version = ")
        with capture_logs() as logs:
            text = job.change_settings(settings)
        assert watch.told == []
        assert "as before" in text
        assert "rules.toml" in text
        assert [log["event"] for log in logs if log["log_level"] == "error"] == ["greeting_rules_refused"]
        own(tmp_path)
        assert job.change_settings(settings) == "", "hall/1 was in force all the time"
        own(tmp_path, version="hall/2")
        assert "hall/2" in job.change_settings(settings)


async def test_a_changed_file_with_the_old_version_is_told_of(tmp_path):
    settings = recorded(hall(own(tmp_path)), tmp_path)
    async with hearing(settings) as (job, _):
        own(tmp_path, text=SHIPPED.replace('"不知道", ', ""))
        assert "give them a new version" in job.change_settings(settings)
        assert "version" not in job.change_settings(settings)


async def test_settings_that_change_while_nothing_is_heard_are_those_it_begins_with(tmp_path):
    nothing_recorded, settings = hall(own(tmp_path)), recorded(hall(own(tmp_path)), tmp_path)
    begun = []

    def watch(_store, _workers, settings, *_, **__):
        begun.append(settings)
        return Watch()

    job = Hearing(None, nothing_recorded, {}, now_us, tell=log_news, guard=Guard(), watch=watch)
    await job.run()
    assert begun == [], "there is nothing to hear"
    assert job.change_settings(settings) is None
    task = asyncio.create_task(job.run())
    async with asyncio.timeout(20):
        while not begun:
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert begun == [settings]


async def test_a_service_that_starts_with_a_broken_file_waits_until_it_is_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(rules_in_force, "RULES_SECONDS", 0)
    settings = hall(own(tmp_path, text="version = "))
    reads = 0
    read = rules_of

    def mended_later(current):
        nonlocal reads
        reads += 1
        if reads == 3:
            own(tmp_path)
        return read(current)

    monkeypatch.setattr(rules_in_force, "rules_of", mended_later)
    with capture_logs() as logs:
        assert (await rules_in_force.RulesInForce().wait(lambda: settings)).version == "hall/1"
    assert [log["event"] for log in logs] == ["greeting_rules_unread", "greeting_rules"]

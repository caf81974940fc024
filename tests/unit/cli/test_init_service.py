"""`voicedesk init --service`: from the installed package to a unit that may do what it must and nothing else."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from voicedesk import ownership
from voicedesk.clock import now_us
from voicedesk.errors import InputError
from voicedesk.hall import service_unit
from voicedesk.hall.service_unit import Owner, check_python, unit_text, users_text, web_unit_text
from voicedesk.settings import load_settings, with_key
from voicedesk.store.spill import Spill
from voicedesk.store.store import Store

SOMEBODY = 64_123
OPT = Path("/opt/voicedesk/bin/python")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of its own below a folder, where the service's user is somebody (who runs the tests, if not root)."""
    is_root = os.geteuid() == 0
    owner = Owner(uid=SOMEBODY, gid=SOMEBODY) if is_root else Owner(uid=os.geteuid(), gid=os.getegid())
    for name in ("SETTINGS_FOLDER", "DATA_FOLDER", "UNIT", "WEB_UNIT", "USERS"):
        monkeypatch.setattr(service_unit, name, tmp_path / getattr(service_unit, name).relative_to("/"))
    monkeypatch.setattr(service_unit, "make_user", lambda: owner)
    monkeypatch.setattr(service_unit, "check_python", lambda _: None)
    monkeypatch.setattr(service_unit, "tell_systemd", lambda: None)
    for path in (tmp_path, *tmp_path.parents[:-2]):
        path.chmod(0o755)  # pytest's folders are private
    return tmp_path, owner


def as_user(owner: Owner, work) -> str:
    """What a process of this user says of some work; "" if all went well."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(owner.gid)
                os.setuid(owner.uid)
            work()
        except BaseException as error:  # noqa: BLE001 -- it is told
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with open(reading, "rb") as told:
        return told.read().decode()


def use_as_the_service_does(file: Path) -> None:
    """Reads the settings with their secret, makes the database, and writes into it."""
    settings = load_settings(file, {})
    assert settings.pbx[0].secret_value()

    async def write() -> None:
        async with Store.open(settings.store.url, upgrade=True, now=now_us) as store:
            await store.requests.ask("reload", {}, asked_by="somebody")

    asyncio.run(write())


def test_one_command_makes_what_the_service_s_user_can_read_and_write(typed, machine):
    root, owner = machine
    done = typed("init", "--service", "--host", "10.0.0.5")
    assert (done.code, done.err) == (0, "")
    folder, data = root / "etc/voicedesk", root / "var/lib/voicedesk"
    for path, mode in (
        (folder, 0o750),
        (folder / "voicedesk.toml", 0o600),
        (folder / "ami-secret", 0o600),
    ):
        found = path.stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner.uid, owner.gid, mode)
    assert data.stat().st_uid == owner.uid
    settings = load_settings(folder / "voicedesk.toml", {})
    assert settings.store.url == f"sqlite:///{data}/voicedesk.db"
    grows = (settings.recording.folder, settings.speech.models_folder, settings.prompts.folder)
    assert grows == (data / "recordings", data / "models", data / "prompts")
    assert as_user(owner, lambda: use_as_the_service_does(folder / "voicedesk.toml")) == ""
    assert (data / "voicedesk.db").stat().st_uid == owner.uid
    unit = (root / "etc/systemd/system/voicedesk.service").read_text()
    assert f"run --config {folder}/voicedesk.toml" in unit
    assert f"web --config {folder}/voicedesk.toml" in (root / "etc/systemd/system/voicedesk-web.service").read_text()
    assert "Start it, now and with the machine:  systemctl enable --now voicedesk" in done.out.splitlines()


def test_once_more_it_renews_the_unit_and_leaves_the_settings_as_they_are(typed, machine):
    root, owner = machine
    typed("init", "--service")
    file, secret = root / "etc/voicedesk/voicedesk.toml", root / "etc/voicedesk/ami-secret"
    file.write_text(file.read_text().replace("Service hall", "示范大厅"), encoding="utf-8")
    before = file.read_bytes(), secret.read_bytes()
    service_unit.UNIT.write_text("old")
    (root / "etc/voicedesk/dialler.secret").touch(mode=0o600)  # as root made it
    assert typed("init", "--service").code == 0
    assert (file.read_bytes(), secret.read_bytes()) == before
    assert "Type=notify" in service_unit.UNIT.read_text()
    assert (root / "etc/voicedesk/dialler.secret").stat().st_uid == owner.uid


def test_settings_that_were_there_and_lie_where_the_service_cannot_write_are_told_of(typed, machine):
    root, _ = machine
    typed("init", str(root / "etc/voicedesk"))
    done = typed("init", "--service")
    assert done.code == 0
    assert f"the service cannot write {root}/etc/voicedesk/voicedesk.db" in done.err
    assert f"the service cannot write {root}/etc/voicedesk/recordings" in done.err


def test_discovering_comes_afterwards(typed, machine):
    refused = typed("init", "--service", "--discover")
    assert refused.code == 2
    assert "first --service" in refused.err


@pytest.mark.parametrize("text", [unit_text, web_unit_text])
def test_a_unit_holds_before_systemd_and_may_do_little(tmp_path, text):
    unit = tmp_path / "some.service"
    unit.write_text(text(Path(sys.executable), Path("/etc/voicedesk/voicedesk.toml")))
    for command in (("verify",), ("security", "--offline=true", "--threshold=25")):
        done = subprocess.run(("systemd-analyze", *command, unit), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        if command == ("verify",):
            assert done.stderr == ""


@pytest.mark.parametrize("name", ["two words", "100%", "$HOME", "大厅"])
def test_a_unit_starts_a_program_wherever_it_lies(name, tmp_path):
    python, unit = tmp_path / name / "python", tmp_path / "voicedesk.service"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    for program, fits in ((python, True), (python.with_name("none"), False)):
        unit.write_text(unit_text(program, tmp_path / name / "voicedesk.toml"), encoding="utf-8")
        done = subprocess.run(("systemd-analyze", "verify", unit), capture_output=True, text=True, check=False)
        assert (done.stderr == "") == fits, done.stderr


def test_the_user_is_made_by_systemd_and_in_the_switch_s_group_where_there_is_one(tmp_path):
    for with_switch in (False, True):
        file = tmp_path / "voicedesk.conf"
        file.write_text(users_text(with_switch=with_switch))
        command = ("systemd-sysusers", "--dry-run", f"--root={tmp_path}", file)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "user 'voicedesk'" in done.stderr
        assert ("'asterisk'" in done.stderr) == with_switch


def test_a_program_that_the_unit_does_not_see_is_refused_with_the_cure():
    for python in ("/root/venv/bin/python", "/home/wang/.venv/bin/python"):
        with pytest.raises(InputError, match="/opt/voicedesk"):
            check_python(Path(python))
    for python in ('/opt/"quoted"/python', "/opt/back\\slash/python", "/opt/it's/python", "/opt/two\nlines/python"):
        with pytest.raises(InputError, match="elsewhere"):
            check_python(Path(python))
    check_python(OPT)


def test_who_is_not_root_or_has_no_systemd_is_told(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InputError, match="sudo"):
        service_unit.make_user()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="no systemd"):
        service_unit.make_user()


def test_what_root_makes_for_the_service_belongs_to_the_service(typed, tmp_path, monkeypatch):
    """`init`, a changed key, the database and the spill file: each goes to the owner of its folder."""
    given = []
    monkeypatch.setattr(ownership.os, "geteuid", lambda: 0)
    monkeypatch.setattr(ownership.os, "chown", lambda path, uid, gid: given.append((Path(path).name, uid, gid)))
    typed("init", str(tmp_path))
    with_key(tmp_path / "voicedesk.toml", "hall", "name", "大厅")

    async def open_store() -> None:
        async with Store.open(f"sqlite:///{tmp_path}/new.db", upgrade=True, now=now_us):
            pass

    asyncio.run(open_store())
    spill = Spill(tmp_path / "new.spill")
    spill.open()
    spill.close()
    names = {name for name, *_ in given}
    assert names >= {".ami-secret.new", ".voicedesk.toml.new", ".voicedesk.toml.changed", "new.db", "new.spill"}
    assert {(uid, gid) for _, uid, gid in given} == {(tmp_path.stat().st_uid, tmp_path.stat().st_gid)}


def test_the_guide_shows_the_unit_as_it_is_made():
    guide = Path("docs/operations.md").read_text(encoding="utf-8")
    shown = "\n".join(line[4:] if line.startswith("    ") else line for line in guide.splitlines())
    assert unit_text(OPT, Path("/etc/voicedesk/voicedesk.toml")).strip() in shown


@pytest.mark.parametrize("page", ["docs/operations.md", "README.md", "README.zh.md"])
def test_the_guides_give_the_three_commands(page):
    text = Path(page).read_text(encoding="utf-8")
    commands = [
        "/opt/voicedesk/bin/pip install",
        "/opt/voicedesk/bin/voicedesk init --service",
        "systemctl enable --now voicedesk",
    ]
    places = [text.find(command) for command in commands]
    assert -1 not in places
    assert places == sorted(places)

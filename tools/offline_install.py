"""Proves that a hall without the internet gets its voice and its ear: `python -m tools.offline_install [WHEELS]`.

Wheels of Voicedesk with the extras `people` and `voice` are collected into the folder WHEELS (kept, and used again for
whatever is in it). In a network namespace with nothing but a loopback they are then installed into a new environment,
whisper-base is taken into use, the service is started, and a caller of its IVR says the name of an item and hears that
item to its end. It needs root (`unshare`) and takes several minutes: so it stands beside the tests, not among them.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WANTED = "voicedesk[people,voice]"
PORT = 4573
MOST_SECONDS = 1800.0
SETTINGS = f"""
[hall]
name = "江州市社保中心"
[notices]
samples = true
[ivr]
listen = "127.0.0.1:{PORT}"
folder = "callers"
[[pbx]]
name = "main"
host = "127.0.0.1"
port = 1
username = "voicedesk"
secret = "nobody answers"
[[lines]]
name = "hotline"
extensions = ["4001"]
"""
CALL = "\n".join(
    (
        f"agi_request: agi://127.0.0.1:{PORT}/notices?pbx=main&line=hotline",
        *("agi_channel: PJSIP/trunk-00000001", "agi_uniqueid: 1795421286.6", "agi_callerid: 13800138000"),
        *("agi_calleridname: unknown", "agi_language: zh_CN", "agi_extension: 4001", "agi_priority: 1", "\n"),
    )
)


def collect(wheels: Path) -> None:
    """Builds or fetches every wheel that is needed, with the index that pip is set up for."""
    wheels.mkdir(parents=True, exist_ok=True)
    for old in wheels.glob("voicedesk-*.whl"):
        old.unlink()
    extras = WANTED.removeprefix("voicedesk")
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--find-links", wheels, "--wheel-dir", wheels)
    subprocess.run([*command, f"{ROOT}{extras}"], check=True)


class Hall:
    """A new environment with Voicedesk in it, and a hall's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "hall"
        (self.folder / "callers").mkdir(parents=True)
        self._bin = folder / "environment/bin"
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}

    def install(self, wheels: Path) -> None:
        """Installs it from a folder of wheels alone."""
        venv.create(self._bin.parent, with_pip=True)
        command = (self._bin / "pip", "install", "--quiet", "--no-index", "--find-links", wheels, WANTED)
        subprocess.run(command, check=True, env=self._environment)
        (self.folder / "voicedesk.toml").write_text(SETTINGS, encoding="utf-8")

    def voicedesk(self, *words: str) -> str:
        """What a command prints; CalledProcessError if it fails."""
        command = [str(self._bin / "voicedesk"), *words]
        return subprocess.run(
            command, check=True, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, text=True
        ).stdout

    @contextlib.contextmanager
    def service(self) -> Iterator[subprocess.Popen[bytes]]:
        """The service at work; its log stands in service.log."""
        with (self.folder / "service.log").open("wb") as log:
            process = subprocess.Popen(
                (self._bin / "voicedesk", "run"), cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    def texts(self) -> dict[str, str]:
        """The text of each sound that was spoken, by the name of its file."""
        notes = [json.loads(file.read_bytes()) for file in (self.folder / "prompts").glob("*/*/*.json")]
        return {note["id"]: note["text"] for note in notes}


def call(hall: Hall, request: Path) -> list[str]:
    """The texts that a caller hears who says `request` after the tone and confirms it; nothing if no call is taken."""
    heard: list[str] = []
    has_said, has_confirmed = False, False
    try:
        with socket.create_connection(("127.0.0.1", PORT), 10) as line, line.makefile("rw", encoding="utf-8") as agi:
            agi.write(CALL)
            agi.flush()
            for command in agi:
                answer = "200 result=0"
                if command.startswith("STREAM FILE"):
                    file = Path(command.split('"')[1])
                    heard.append(hall.texts().get(file.name, "") if file.with_suffix(".alaw").exists() else "")
                    answer += " endpos=8000"
                    if has_said and not has_confirmed:
                        has_confirmed, answer = True, f"200 result={ord('1')} endpos=8000"
                elif command.startswith("RECORD FILE"):
                    shutil.copy(request, Path(command.split('"')[1]).with_suffix(".wav"))
                    has_said, answer = True, "200 result=0 (timeout) endpos=16000"
                elif command.startswith(("SET", "HANGUP")):
                    answer = "200 result=1"
                agi.write(answer + "\n")
                agi.flush()
    except OSError:
        pass
    return heard


def inside(wheels: Path) -> None:
    """All that happens without a network."""
    subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    if (found := [name for _, name in socket.if_nameindex()]) != ["lo"]:
        sys.exit(f"this is no place without a network: {found}")
    request = min((ROOT / "audio_fixtures/natural").glob("*request*a_law.json"))
    name = json.loads(request.read_bytes())["text"].removeprefix("我想办").removeprefix("我要问")
    with tempfile.TemporaryDirectory() as folder:
        hall, begun = Hall(Path(folder)), time.monotonic()

        def tell(what: str) -> None:
            print(f"{time.monotonic() - begun:5.0f} s  {what}", flush=True)

        hall.install(wheels)
        tell("installed without a network")
        tell(hall.voicedesk("model", "use", "whisper-base").strip())
        tell(hall.voicedesk("model", "test").strip().splitlines()[-1])
        with hall.service() as service:
            heard: list[str] = []
            while not (any(name in text for text in heard) and "以上是全部告知内容。" in heard):
                log = (hall.folder / "service.log").read_text(encoding="utf-8")
                if service.poll() is not None or time.monotonic() - begun > MOST_SECONDS:
                    sys.exit(f"the caller did not hear {name}, but {heard}\n{log}")
                time.sleep(2)
                before, heard = heard, call(hall, request.with_suffix(".wav"))
                if heard and not before:
                    tell(f"a caller hears: {heard[0]}")
            tell(f"a caller said its name, and heard {len(heard)} texts: all of {name}")


def main() -> None:
    """Collects the wheels, and proves the rest in a namespace of its own."""
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[2]))
        return
    with contextlib.ExitStack() as stack:
        own = sys.argv[1] if len(sys.argv) > 1 else stack.enter_context(tempfile.TemporaryDirectory())
        wheels = Path(own).absolute()
        collect(wheels)
        command = ("unshare", "--net", sys.executable, "-m", "tools.offline_install", "--inside", str(wheels))
        sys.exit(subprocess.run(command, check=False, cwd=ROOT, env=os.environ).returncode)


if __name__ == "__main__":
    main()

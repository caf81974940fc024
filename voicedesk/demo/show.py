"""Runs the demonstration: a scratch folder, the service and the desk as processes of their own, and live calls."""

import asyncio
import contextlib
import random
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from voicedesk.access.totp import STEP_SECONDS, code_of, step_at
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.clock import MICROSECONDS, format_epoch, now_us
from voicedesk.demo.day import PlannedCall, Planner, zone_of_a_full_day
from voicedesk.demo.filling import STAFF, SUPERVISOR, add_accounts, fill, lay_recording
from voicedesk.demo.hall import write_settings
from voicedesk.demo.processes import running
from voicedesk.demo.retelling import Told
from voicedesk.demo.switch import TellingSwitch
from voicedesk.settings import load_settings
from voicedesk.store.store import Store
from voicedesk.words import Language

PAUSE_SECONDS = (8.0, 30.0)
"""Between the beginnings of two live calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What whoever watches needs: the desk's address, the sign-in, and where logs and settings lie."""

    address: str
    password: str
    secret: str
    folder: Path
    calls: int

    def how_to_come_in(self) -> list[tuple[str, str, str]]:
        """What is to be told, in Chinese and in English, each with its value."""
        return [
            ("用浏览器打开", "open in your browser", self.address),
            ("负责人", "supervisor", f"{SUPERVISOR}   {self.password}"),
            ("工作人员", "staff", f"{STAFF}   {self.password}"),
            ("设置与日志", "settings and logs", str(self.folder)),
            ("按中断键结束，不留下任何东西", "ended by, with nothing left behind", "Ctrl-C"),
        ]

    def digits(self) -> tuple[str, int]:
        """The supervisor's six digits now, and for how many seconds they hold."""
        now = now_us()
        step = step_at(now)
        return code_of(self.secret, step), (step + 1) * STEP_SECONDS - now // MICROSECONDS


@contextlib.asynccontextmanager
async def demonstration(*, port: int, seed: int, language: Language, more: str = "") -> AsyncIterator[Shown]:
    """Everything at work, with calls going on until it is left; then all is stopped and the folder is gone.

    `more` is added to the settings: further switches with their lines and phones.

    Raises NotBegun where a process does not start.
    """
    secret, web_port = secrets.token_urlsafe(16), port or _free_port()
    with tempfile.TemporaryDirectory(prefix="voicedesk-demo-") as name:
        folder = Path(name)
        async with TellingSwitch(secret) as switch:
            file = write_settings(
                folder,
                ami_port=switch.port,
                secret=secret,
                web_port=web_port,
                language=language.value,
                zone=zone_of_a_full_day(now_us()),
                more=more,
            )
            settings = load_settings(file)
            planner = Planner(seed)
            calls = planner.past(now_us(), settings.hall.zone)
            async with Store.open(settings.store.url) as store:
                await fill(store, settings, calls, folder / "recordings", now_us())
                password, totp = await add_accounts(store, now_us())
            shown = Shown(
                address=f"http://127.0.0.1:{web_port}/", password=password, secret=totp, folder=folder, calls=len(calls)
            )
            async with (
                running("run", file, until="ami_link_up", times=len(settings.pbx)),
                running("web", file, until="web_listens"),
                asyncio.TaskGroup() as tasks,
            ):
                live = tasks.create_task(_live_calls(switch, planner, folder / "recordings"))
                try:
                    yield shown
                finally:
                    live.cancel()


async def _live_calls(switch: TellingSwitch, planner: Planner, folder: Path) -> None:
    """Calls that begin now, one after another, until cancelled."""
    chance = random.Random()  # noqa: S311  # nothing secret
    async with asyncio.TaskGroup() as tasks:
        while True:
            call = planner.call(now_us(), is_recorded=True)
            tasks.create_task(_tell(switch, call, folder))
            await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))


async def _tell(switch: TellingSwitch, call: PlannedCall, folder: Path) -> None:
    """Tells one call as it goes on; a phone that is recorded says so when it answers."""
    told = call.told()
    for event in told.events:
        await asyncio.sleep(max(0.0, (event.arrived_us - now_us()) / MICROSECONDS))
        switch.tell(event)
        if event.name == "AgentConnect" and call.greeting is not None:
            await asyncio.to_thread(lay_recording, folder, call.greeting, told)
            switch.tell(_recorded(told, event.arrived_us))


def _recorded(told: Told, at: int) -> AmiEvent:
    """What the recording of `dialplans/voicedesk-recording.conf` says when it has begun."""
    headers: dict[str, object] = {
        "Privilege": "user,all",
        "Timestamp": format_epoch(at),
        "Uniqueid": told.answered_by,
        "Linkedid": told.answered_by,
        "UserEvent": "VoicedeskRecording",
        "File": f"{told.answered_by}.sln48",
    }
    return make_event("UserEvent", headers, arrived_us=at)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

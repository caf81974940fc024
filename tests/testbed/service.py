"""`voicedesk run` beside a testbed's switch, by its own command line; what it logs can be waited for."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.testbed.configuration import AMI_SECRET, AMI_USER, DIAL_SECRET, DIAL_USER, PAUSE_SECRET, PAUSE_USER, PBX_NAME
from tests.testbed.plan import Plan

START_SECONDS, STOP_SECONDS = 90, 45
"""The machine may be busy: its start and its end are waited for, not measured."""


HALL = "示范服务大厅 demo hall"


def settings_text(
    plan: Plan,
    folder: Path,
    *,
    hall: str = HALL,
    recordings: Path | None = None,
    departments: list[str] | None = None,
    ivr: dict[str, dict[str, object]] | None = None,
    ami: tuple[str, int] | None = None,
) -> str:
    """A voicedesk.toml for a plan; the database lies in `folder`, the switch records into `recordings`.

    `ivr` has tables of settings by their names; `ami` is where the manager interface is found, if elsewhere.
    """
    tables = [
        ("[hall]", {"name": hall, "timezone": "Asia/Shanghai", "departments": departments or []}),
        ("[store]", {"url": f"sqlite:///{folder / 'voicedesk.db'}"}),
        ("[log]", {"format": "json"}),
        *((f"[{name}]", values) for name, values in (ivr or {}).items()),
    ]
    return text_of([*tables, *switch_tables(plan, recordings=recordings, ami=ami)])


Tables = list[tuple[str, dict[str, object]]]


def switch_tables(
    plan: Plan, *, recordings: Path | None = None, ami: tuple[str, int] | None = None, is_only: bool = True
) -> Tables:
    """The tables of a plan's switch, its lines and its phones; they name their switch where it is not the only one."""
    network, of_pbx = plan.network, {} if is_only else {"pbx": PBX_NAME}
    tables: Tables = [
        (
            "[[pbx]]",
            {
                "name": PBX_NAME,
                "host": ami[0] if ami else network.switch,
                "port": ami[1] if ami else network.ami_port,
                "username": AMI_USER,
                "secret": AMI_SECRET,
                "dial_username": DIAL_USER,
                "dial_secret": DIAL_SECRET,
                "pause_username": PAUSE_USER,
                "pause_secret": PAUSE_SECRET,
                **({"recordings": str(recordings)} if recordings else {}),
            },
        ),
    ]
    for line in plan.lines:
        values: dict[str, object] = {"name": line.name, "extensions": [line.extension], "queues": [line.name], **of_pbx}
        if line.department:
            values["department"] = line.department
        if line.duty:
            values["duty"] = list(line.duty)
        tables.append(("[[lines]]", {**values, "phones": [f"PJSIP/{name}" for name in line.phones()]}))
    for phone in () if plan.house else plan.phones():  # a house lists its own
        tables.append(("[[phones]]", {"endpoint": f"PJSIP/{phone.name}", "extension": phone.extension, **of_pbx}))
    return tables


def text_of(tables: Tables) -> str:
    """Tables as a settings file has them."""
    # strings and lists of strings look the same in JSON and TOML
    return "\n".join(
        title + "\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        for title, values in tables
    )


class RunningService:
    """Use as `async with`: starts the service and returns when its link to the switch stands."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        hall: str = HALL,
        recordings: Path | None = None,
        departments: list[str] | None = None,
        ivr: dict[str, dict[str, object]] | None = None,
        ami: tuple[str, int] | None = None,
        more: str = "",
    ) -> None:
        self.config = folder / "voicedesk.toml"
        self.log: list[dict[str, Any]] = []
        tables = {"hall": hall, "recordings": recordings, "departments": departments, "ivr": ivr, "ami": ami}
        self._text = settings_text(plan, folder, **tables)  # type: ignore[arg-type]
        self._text += more
        self._process: asyncio.subprocess.Process | None = None
        self._changed = asyncio.Condition()
        self._ended = False

    async def __aenter__(self) -> "RunningService":
        self.config.touch(mode=0o600)
        self.config.write_text(self._text, encoding="utf-8")
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts it, for the first time or again, and waits for its link."""
        self._ended = False
        seen = len(self.log)
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM"),
            *(sys.executable, "-m", "voicedesk", "run", "--config", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        await self.wait_for("ami_link_up", since=seen, seconds=START_SECONDS)

    async def restart(self) -> None:
        """Starts it anew as a service manager would: again and again until the dead one's lease is over."""
        async with asyncio.timeout(2 * START_SECONDS):
            while True:
                try:
                    return await self.start()
                except RuntimeError:
                    await self.stop()
                    await asyncio.sleep(1)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": "not_a_log_line", "text": line.decode(errors="replace").rstrip()}
            async with self._changed:
                self.log.append(entry)
                self._changed.notify_all()
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def stop(self, *, kill: bool = False) -> None:
        """Stops it in order, or as a power cut would."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        await self._reader

    async def wait_for(
        self, event: str, *, count: int = 1, since: int = 0, seconds: float = 90
    ) -> list[dict[str, Any]]:
        """The log entries of one kind, when there are at least `count`."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                while len(found := [entry for entry in self.log[since:] if entry.get("event") == event]) < count:
                    if self._ended:
                        raise RuntimeError(f"the service ended:\n{self.tail()}")
                    await self._changed.wait()
        except TimeoutError:
            raise RuntimeError(f"no {event} within {seconds} s; the service said:\n{self.tail()}") from None
        return found

    def tail(self) -> str:
        """The last things it said."""
        return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in self.log[-15:])

    async def command(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """Runs another command on the same settings; its standard output."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicedesk", *arguments, "--config", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode not in allowed:
            raise RuntimeError(
                f"voicedesk {arguments[0]} ended with {process.returncode}: {err.decode()}{out.decode()}"
            )
        return out.decode()

    async def calls(self) -> list[dict[str, Any]]:
        """All calls in the database, oldest first, as `calls list --json` gives them."""
        listed: list[dict[str, Any]] = json.loads(
            await self.command("calls", "list", "--json", "--unmask", "--limit", "1000")
        )
        return sorted(listed, key=lambda call: call["started_at"])

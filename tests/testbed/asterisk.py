"""A real Asterisk of our own on loopback: private directories, addresses and ports, stopped by its process id only."""

import asyncio
import contextlib
import csv
import os
import shutil
import tempfile
from pathlib import Path

from tests.testbed.configuration import AMI_SECRET, AMI_USER, write_configuration
from tests.testbed.install_asterisk import ensure_installed
from tests.testbed.manager import ManagerConversation
from tests.testbed.plan import Plan

BOOT_SECONDS = 90
STOP_SECONDS = 30
"""The machine may be busy: both are waited for, not measured."""
NOBODY = 65534
_FOLDERS = ("lib/keys", "log/cdr-custom", "log/cel-custom", "recordings", "run", "spool", "callers", "prompts")


class Asterisk:
    """Use as `async with Asterisk(plan) as switch`; everything it made is gone afterwards."""

    def __init__(self, plan: Plan | None = None, *, prefix: Path | None = None) -> None:
        self.plan = plan or Plan()
        self._prefix = prefix
        self._process: asyncio.subprocess.Process | None = None
        self._directory: Path | None = None

    @property
    def run(self) -> Path:
        """Its directories: `etc`, `log`, `lib`, `recordings`, `run`, `spool`."""
        if self._directory is None:
            raise RuntimeError("this Asterisk was not started")
        return self._directory / "switch"

    async def __aenter__(self) -> "Asterisk":
        prefix = self._prefix or await asyncio.to_thread(ensure_installed)
        self._directory = Path(tempfile.mkdtemp(prefix="voicedesk-testbed-", dir=_reachable_folder()))
        try:
            self._lay_out(prefix)
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _lay_out(self, prefix: Path) -> None:
        """Directories that the one who runs it can read: root's cache is closed to `nobody`, so it gets links."""
        assert self._directory is not None
        self._directory.chmod(0o755)
        if os.getuid() == 0:
            prefix = _linked(prefix, self._directory / "asterisk")
        write_configuration(self.plan, prefix, self.run)
        for name in (
            "lib/keys",
            "log/cdr-custom",
            "log/cel-custom",
            "recordings",
            "run",
            "spool",
            "callers",
            "prompts",
        ):
            (self.run / name).mkdir(parents=True)
        if os.getuid() == 0:
            for path in (self.run, *self.run.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        self._program = prefix / "asterisk"

    async def start(self) -> None:
        """Starts it and returns when it is fully booted; again after `stop` or after it was told to stop."""
        with (self.run / "log" / "console.log").open("ab") as console:
            # dies with whoever started it, however that one ends
            keeper = ["setpriv", "--pdeathsig", "TERM"]
            if os.getuid() == 0:
                keeper += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            self._process = await asyncio.create_subprocess_exec(
                *keeper,
                *(str(self._program), "-f", "-C", str(self.run / "etc" / "asterisk.conf")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={"HOME": str(self.run), "PATH": os.environ.get("PATH", "")},
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(BOOT_SECONDS):
                await self._booted()
        except TimeoutError:
            raise RuntimeError(f"Asterisk did not boot in {BOOT_SECONDS} s:\n{self.console()}") from None

    async def _booted(self) -> None:
        while True:
            assert self._process is not None
            if self._process.returncode is not None:
                raise RuntimeError(f"Asterisk ended at start:\n{self.console()}")
            with contextlib.suppress(OSError, EOFError):
                async with self.manager() as conversation:
                    await conversation.wait_for(b"Event: FullyBooted")
                    return
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Ends it as `core stop now` would, or by force after a while."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> None:
        """Returns when the process is gone."""
        assert self._process is not None
        await self._process.wait()

    def manager(self, user: str = "testbed") -> ManagerConversation:
        """A new manager conversation, as `testbed` (may do everything) or as the watcher of `dialplans/`."""
        network = self.plan.network
        return ManagerConversation(network.switch, network.ami_port, user, AMI_SECRET)

    def watcher(self) -> ManagerConversation:
        """A new manager conversation of the user with the fewest rights."""
        return self.manager(AMI_USER)

    def call_records(self) -> list[list[str]]:
        """The rows of its own call records (dialplans/voicedesk-cdr_custom.conf)."""
        return self._rows("cdr-custom")

    def channel_records(self) -> list[list[str]]:
        """The rows of its own channel events (dialplans/voicedesk-cel_custom.conf)."""
        return self._rows("cel-custom")

    def logs(self) -> dict[str, bytes]:
        """What it wrote of its calls: channel events, call records and queue_log, where it did."""
        log = self.run / "log"
        files = {
            "cel.csv": log / "cel-custom" / "voicedesk.csv",
            "cdr.csv": log / "cdr-custom" / "voicedesk.csv",
            "queue_log": log / "queue_log",
        }
        return {kind: path.read_bytes() for kind, path in files.items() if path.exists()}

    def _rows(self, kind: str) -> list[list[str]]:
        path = self.run / "log" / kind / "voicedesk.csv"
        return list(csv.reader(path.read_text(errors="replace").splitlines())) if path.exists() else []

    def console(self) -> str:
        """The last lines it wrote, for a message when something went wrong."""
        logs = [self.run / "log" / name for name in ("console.log", "messages.log")]
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in logs if path.exists())


def _reachable_folder() -> str:
    """Where temporary directories go; for root a place that `nobody` can reach too."""
    chosen = Path(tempfile.gettempdir()).resolve()
    closed = [path for path in (chosen, *chosen.parents) if not path.stat().st_mode & 0o001]
    return "/tmp" if os.getuid() == 0 and closed else str(chosen)


def _linked(source: Path, target: Path) -> Path:
    """A copy of a tree by hard links where the file system allows it."""

    def link(path: str, copy: str) -> None:
        try:
            os.link(path, copy)
        except OSError:
            shutil.copy(path, copy)

    shutil.copytree(source, target, copy_function=link)
    return target

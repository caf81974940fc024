"""A PostgreSQL of our own on loopback: private folder, port and processes; never as root, who may not run one."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 30
NOBODY = 65534
USER = "voicedesk"
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 40
shared_buffers = 16MB
fsync = {fsync}
full_page_writes = {fsync}
logging_collector = off
log_min_messages = fatal
"""


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs; `make test` installs it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run make test, or install Debian's postgresql")
    return found[-1].parent


class Postgres:
    """One server; `with` starts and stops it. Its databases come and go by `create` and `drop`."""

    def __init__(self, *, fsync: bool = False) -> None:
        self._data = Path(tempfile.mkdtemp(prefix="voicedesk-postgres-"))
        self._fsync = "on" if fsync else "off"
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Postgres":
        if os.getuid() == 0:
            os.chown(self._data, NOBODY, NOBODY)
        initdb = [programs() / "initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(_unprivileged(*initdb, "--no-sync"), check=True, stdout=subprocess.DEVNULL, cwd="/")
        (self._data / "postgresql.conf").write_text(_SETTINGS.format(port=self.port, fsync=self._fsync))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._data)

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        self._process = subprocess.Popen(
            _unprivileged(programs() / "postgres", "-D", self._data), stderr=subprocess.DEVNULL, cwd="/"
        )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False) -> None:
        """Ends the server, connections and all; `at_once` as a crash would (it recovers at the next start)."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(READY_SECONDS)
        self._process = None

    def create(self, name: str) -> str:
        """A new empty database; returns its URL."""
        self.ask(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        self.ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    def cut(self, name: str) -> None:
        """Ends every connection to a database in whatever it was doing."""
        self.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def url(self, name: str, *, port: int | None = None) -> str:
        """The URL of a database, `port` being another way to the server."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{name}"

    def ask(self, statement: str) -> str:
        """Runs a statement as the server's keeper; returns what it says."""
        psql = [programs() / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres"]
        done = subprocess.run([*psql, "-qAtc", statement], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _answers(self) -> bool:
        ready = [programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


def _unprivileged(*command: object) -> list[str]:
    words = [str(word) for word in command]
    if os.getuid() != 0:
        return words
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=INT", *words]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])

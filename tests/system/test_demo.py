"""`make demo` as a person runs it: every verdict right, and nothing left behind, also after Ctrl-C."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400, func_only=True),
]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that `nobody` can reach, as Asterisk must."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def start(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.testbed.demo"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
    )


async def test_the_demo_shows_six_calls_with_their_verdicts(public_folder):
    process = await start(public_folder)
    async with asyncio.timeout(300):
        out, _ = await process.communicate()
    told = out.decode()
    assert process.returncode == 0, told
    for word in ("按时", "超时", "未接", "早挂"):
        assert word in told
    assert re.search(r"open in your browser: http://127\.0\.0\.1:\d+/", told)
    assert list(public_folder.iterdir()) == []


async def test_ctrl_c_leaves_no_process_and_no_file(public_folder):
    process = await start(public_folder)
    told = b""
    async with asyncio.timeout(300):
        while b"4003" not in told:
            told += await process.stdout.readline()
            assert process.returncode is None, told.decode()
        process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
    assert process.returncode == 130, (told + rest).decode()
    assert list(public_folder.iterdir()) == []
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not [command for command in commands if str(public_folder).encode() in command]

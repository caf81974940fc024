"""Where the answer of a command goes: a pipe that is closed, a disk that is full, Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = Path(__file__).parents[1] / "captures" / "a_answer_2rings.raw"
VOICEDESK = [sys.executable, "-m", "voicedesk"]
SHAPES = [["replay", str(CAPTURE)], ["replay", str(CAPTURE), "--json"]]


@pytest.mark.parametrize("words", SHAPES, ids=["table", "json"])
def test_a_full_disk_is_told_in_one_line(words):
    with open("/dev/full", "wb", buffering=0) as full:
        ended = subprocess.run([*VOICEDESK, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "voicedesk: the answer cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", SHAPES, ids=["table", "json"])
def test_a_reader_that_has_gone_is_no_news(words):
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run([*VOICEDESK, *words], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert ended.returncode == 1
    assert ended.stderr == ""


@pytest.fixture
def interrupts():
    """Ctrl-C reaches what is started here; who runs the tests in the background passes on that it does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_is_quiet(tmp_path):
    slow = tmp_path / "slow.raw"
    os.mkfifo(slow)
    words = [*VOICEDESK, "replay", str(slow)]
    # the fifo opens as soon as the command reads it
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as started, slow.open("wb"):
        # an interpreter may lose an interrupt that comes within a callback: a person presses again
        for _ in range(40):
            started.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(timeout=1)
                break
        told = started.stderr.read()
    assert (started.returncode, told) == (130, "")

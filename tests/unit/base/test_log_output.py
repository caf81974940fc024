"""The log's lines are written by a thread: whoever reads them slowly, or never, holds nobody up."""

import contextlib
import errno
import logging
import os
import select
import subprocess
import sys
import textwrap

import pytest
from voicedesk.log_output import LogOutput


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def logger_on(output: LogOutput) -> logging.Logger:
    logger = logging.Logger("voicedesk-test")
    logger.addHandler(output)
    return logger


def read_all(reader: int, output: LogOutput) -> list[str]:
    """What comes until the output has nothing more to write."""
    got = b""
    while True:
        was_waiting = output.is_waiting
        ready, _, _ = select.select([reader], [], [], 0.05 if was_waiting else 0)
        if ready:
            got += os.read(reader, 65536)
        elif not was_waiting:
            return got.decode().splitlines()


def test_lines_are_written_in_their_order(pipe) -> None:
    output = LogOutput(pipe[1])
    for number in range(100):
        logger_on(output).warning("line %d", number)
    output.flush()
    assert read_all(pipe[0], output) == [f"line {number}" for number in range(100)]


def test_a_line_never_goes_into_a_file_that_got_the_number_of_a_closed_descriptor(tmp_path) -> None:
    """So a database was damaged: its log of changes had the number that the log had been given."""
    told, other = tmp_path / "told", tmp_path / "other"
    given = os.open(told, os.O_WRONLY | os.O_CREAT, 0o600)
    output = LogOutput(given)
    os.close(given)
    taken = os.open(other, os.O_WRONLY | os.O_CREAT, 0o600)
    assert taken == given
    logger_on(output).warning("one")
    output.flush()
    os.close(taken)
    assert (told.read_text(), other.read_text()) == ("one\n", "")
    output.close()
    output.close()
    logger_on(output).warning("after the end")
    output.flush()
    assert (told.read_text(), other.read_text()) == ("one\n", "")


def fill(writer: int) -> int:
    """Fills a pipe to its last byte, so that who writes next waits for a reader; how many bytes are in it."""
    filled = 0
    os.set_blocking(writer, False)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(writer, b"." * size)
    os.set_blocking(writer, True)
    return filled


def test_who_logs_goes_on_while_nobody_reads_and_what_was_lost_is_told_when_somebody_does(pipe) -> None:
    """The pipe is full from the start: how far the thread came beside who logs would decide what is lost when."""
    filled = fill(pipe[1])
    output = LogOutput(pipe[1], most_bytes=200_000)
    logger = logger_on(output)
    for number in range(20_000):  # more than the queue holds: a plain stream would wait for ever
        logger.warning("line %06d %s", number, "." * 20)
    told = read_all(pipe[0], output)
    logger.warning("the last")
    output.flush()
    told += read_all(pipe[0], output)
    told[0] = told[0].removeprefix("." * filled)
    kept = [f"line {number:06d} {'.' * 20}" for number in range(len(told) - 2)]
    assert 4000 < len(kept) < 20_000
    assert told == [*kept, f"log_lines_lost count={20_000 - len(kept)}", "the last"]


def test_a_line_that_cannot_be_written_is_counted_and_the_next_one_says_so(tmp_path, monkeypatch) -> None:
    path = tmp_path / "log"
    given = os.open(path, os.O_WRONLY | os.O_CREAT)
    output = LogOutput(given)
    os.close(given)

    def full(_descriptor: int, _line: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        logger_on(output).warning("refused")
        output.flush()
    logger_on(output).warning("written")
    output.close()
    assert path.read_text().splitlines() == ["log_lines_lost count=1", "written"]


def test_a_descriptor_that_somebody_made_non_blocking_loses_no_line(pipe) -> None:
    os.set_blocking(pipe[1], False)
    output = LogOutput(pipe[1])
    logger = logger_on(output)
    for number in range(3000):
        logger.warning("line %04d %s", number, "." * 60)
    assert read_all(pipe[0], output) == [f"line {number:04d} {'.' * 60}" for number in range(3000)]


def test_a_record_that_cannot_be_formatted_costs_itself(pipe) -> None:
    output = LogOutput(pipe[1])
    logger_on(output).warning("%d", "no number")
    logger_on(output).warning("half a character: \ud800")
    output.flush()
    assert read_all(pipe[0], output) == ["log_lines_lost count=1", "half a character: \\ud800"]


def test_a_process_ends_though_nobody_reads_its_log() -> None:
    program = """
        import structlog
        from voicedesk.log import configure_logging
        configure_logging()
        for number in range(5000):
            structlog.get_logger().info("call_started", number=number)
        print("followed")
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.wait(timeout=60) == 0
    assert process.stdout is not None
    assert process.stdout.read() == b"followed\n"
    process.communicate()


def test_the_last_lines_are_written_before_the_process_ends() -> None:
    program = """
        import structlog
        from voicedesk.log import configure_logging
        configure_logging("info", "json")
        configure_logging("warning", "json")  # as a reload does
        for number in range(500):
            structlog.get_logger().info("call_started", count=number)
            structlog.get_logger().warning("call_ended", count=number)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=60, check=True)
    assert len(done.stderr.splitlines()) == 500

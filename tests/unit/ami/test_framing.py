"""Bytes to messages: any cut, any size, bounded memory."""

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.ami.framing import HEADER_LIMIT, LINE_LIMIT, MESSAGE_LIMIT, Framer

GOOD = b"Event: Hangup\r\nUniqueid: 1.1"


def frame(*chunks, expect_banner=False):
    framer = Framer(expect_banner=expect_banner)
    return [block for chunk in chunks for block in framer.receive_data(chunk)], framer


def pieces(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_the_first_line_is_the_greeting():
    blocks, framer = frame(b"Asterisk Call Manager/11.0.0\r\n" + GOOD + b"\r\n\r\n", expect_banner=True)
    assert framer.banner == b"Asterisk Call Manager/11.0.0"
    assert blocks == [GOOD]


def test_fault_4_a_greeting_split_into_bytes_is_one_greeting():
    blocks, framer = frame(*pieces(b"Asterisk Call Manager/11.0.0\r\n" + GOOD + b"\r\n\r\n", 1), expect_banner=True)
    assert framer.banner == b"Asterisk Call Manager/11.0.0"
    assert blocks == [GOOD]


def test_a_greeting_without_end_is_cut():
    _, framer = frame(*[b"x" * 500] * 3, expect_banner=True)
    assert framer.banner == b"x" * 1024


def test_extra_empty_lines_between_messages_are_skipped():
    blocks, framer = frame(b"\r\n" + GOOD + b"\r\n\r\n\r\n" + GOOD + b"\r\n\r\n\r\n\r\n\r\n" + GOOD + b"\r\n\r\n\r\n")
    assert blocks == [GOOD] * 3
    assert not framer.has_partial


PIECES = st.sampled_from([b"\r\n", b"\r", b"\n", b"a: b", b"\x85", b"\xe2\x80\xa8", b": "])
VALUES = st.binary(min_size=1, max_size=30).filter(lambda text: b"\r" not in text and b"\n" not in text)


@given(st.lists(PIECES, max_size=40), st.data())
def test_any_bytes_cut_anywhere_give_the_same_messages(parts, data):
    stream = b"".join(parts)
    whole, _ = frame(stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    edges = [0, *cuts, len(stream)]
    split, _ = frame(*[stream[start:end] for start, end in itertools.pairwise(edges)])
    assert split == whole
    assert frame(*pieces(stream, 1))[0] == whole
    assert all(block and not block.startswith(b"\r\n") and b"\r\n\r\n" not in block for block in whole)


@given(st.lists(VALUES, max_size=20))
def test_what_was_put_in_comes_out(lines):
    blocks = [b"Event: X\r\nKey: " + line for line in lines]
    assert frame(b"".join(block + b"\r\n\r\n" for block in blocks))[0] == blocks


LONG_LINE = b"Event: X\r\nKey: " + b"v" * (LINE_LIMIT - 4)
JUST_RIGHT = b"Event: X\r\nKey: " + b"v" * (LINE_LIMIT - 5)
LONG_MESSAGE = b"\r\n".join([b"Event: X"] + [b"Key: " + b"v" * 60_000] * 20)
MANY_HEADERS = b"\r\n".join([b"Event: X"] + [b"Key: v"] * HEADER_LIMIT)
TOO_LARGE = {
    "oversized_lines": LONG_LINE,
    "oversized_messages": LONG_MESSAGE,
    "too_many_headers": MANY_HEADERS,
}


@pytest.mark.parametrize("counter", TOO_LARGE)
@pytest.mark.parametrize("size", [1000, 65536, 10_000_000])
def test_fault_18_what_is_too_large_is_dropped_and_counted_and_the_next_event_read(counter, size):
    stream = TOO_LARGE[counter] + b"\r\n\r\n" + GOOD + b"\r\n\r\n"
    blocks, framer = frame(*pieces(stream, size))
    assert blocks == [GOOD]
    assert getattr(framer.counters, counter) == 1
    assert framer.counters.dropped == 1


@pytest.mark.parametrize("size", [1, 2, 3, 65536])
def test_fault_18_a_dropped_line_ends_wherever_it_is_cut(size):
    blocks, framer = frame(LONG_LINE, *pieces(b"more\r\n\r\n" + GOOD + b"\r\n\r\n", size))
    assert blocks == [GOOD]
    assert framer.counters.oversized_lines == 1


@pytest.mark.parametrize("size", [997, 65536])
def test_a_line_and_a_message_just_within_their_limits_are_kept(size):
    message = b"\r\n".join([b"Event: X"] + [b"Key: " + b"v" * 60_000] * 17)
    assert len(message) <= MESSAGE_LIMIT
    for block in (JUST_RIGHT, message, b"\r\n".join([b"Event: X"] + [b"Key: v"] * (HEADER_LIMIT - 1))):
        assert frame(*pieces(block + b"\r\n\r\n", size))[0] == [block]


def test_fault_18_an_endless_event_costs_little_memory():
    framer = Framer(expect_banner=False)
    chunk = b"Key: " + b"v" * 60_000 + b"\r\n"
    tracemalloc.start()
    for _ in range(300):
        assert framer.receive_data(chunk) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert framer.has_partial
    assert framer.receive_data(b"\r\n" + GOOD + b"\r\n\r\n") == [GOOD]

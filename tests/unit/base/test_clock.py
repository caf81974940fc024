"""Instants are exact: microseconds in, microseconds out."""

from datetime import UTC, datetime

import pytest
from voicedesk import clock


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1795421258.035513", 1_795_421_258_035_513),
        ("1795421258", 1_795_421_258_000_000),
        ("1795421258.5", 1_795_421_258_500_000),
        ("1795421258.0355139", 1_795_421_258_035_513),
        ("", None),
        ("soon", None),
        ("1795421258.abc", None),
        ("-5.0", None),
        ("17954212580000.1", None),
        ("1795421258.03551x", None),
    ],
)
def test_a_timestamp_is_read_to_the_microsecond_or_not_at_all(text, us):
    assert clock.parse_epoch(text) == us


def test_instants_and_datetimes_are_the_same_moment():
    us = 1_795_421_258_035_513
    assert clock.to_datetime(us) == datetime(2026, 11, 23, 8, 7, 38, 35513, tzinfo=UTC)
    assert clock.from_datetime(clock.to_datetime(us)) == us


def test_programs_read_seconds_and_milliseconds_and_unknown_stays_unknown():
    assert (clock.to_seconds(1_500_000), clock.to_ms(1_500)) == (1.5, 1.5)
    assert (clock.to_seconds(None), clock.to_ms(None)) == (None, None)


def test_our_clock_tells_microseconds():
    assert 1_700_000_000_000_000 < clock.now_us() < 4_000_000_000_000_000

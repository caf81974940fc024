"""What is dialled is digits: whatever stands in settings or a row, no order leaves its context or names a function."""

import pytest
from voicedesk.errors import InputError
from voicedesk.jobs.ringing_back.dialler import Order

NUMBER = "13812341234"
ODD = (
    "6001@other",
    "6001@60",
    "@@",
    "60 01",
    "6001&6002",
    "",
    "6",
    "600100000",
    "${EXTEN}",
    "6001\n",
    "６００１",
    "*6001",
    "_X.",
)


@pytest.mark.parametrize("extension", ODD)
def test_a_call_can_ring_nothing_but_an_extension_of_digits(extension: str) -> None:
    with pytest.raises(InputError, match="only digits are dialled"):
        Order(channel_id="x", extension=extension, number=NUMBER)


@pytest.mark.parametrize("number", ["1381234@out", "", "110", "13812341234\n", "+8613812341234", "1381234123４"])
def test_a_call_can_ring_nothing_but_a_number_of_digits(number: str) -> None:
    with pytest.raises(InputError, match="only digits are dialled"):
        Order(channel_id="x", extension="6001", number=number)


def test_an_order_of_digits_is_made() -> None:
    assert Order(channel_id="x", extension="6001", number=NUMBER).number == NUMBER

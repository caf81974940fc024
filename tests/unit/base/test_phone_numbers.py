"""Numbers as trunks deliver them, in one form; and as people see them, masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.phone_numbers import mask, national_digits, normalise


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13812341234", "13812341234"),
        ("138 1234-1234", "13812341234"),
        ("+86 138 1234 1234", "13812341234"),
        ("008613812341234", "13812341234"),
        ("8613812341234", "13812341234"),
        ("013812341234", "13812341234"),
        ("913812341234", "13812341234"),
        ("9013812341234", "13812341234"),
        ("\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff11\uff12\uff13\uff14", "13812341234"),
        ("(0371) 6789 1234", "037167891234"),
        ("+8637167891234", "037167891234"),
        ("+86 0371 67891234", "037167891234"),
        ("67891234", "037167891234"),
        ("967891234", "037167891234"),
        ("01067891234", "01067891234"),
        ("901067891234", "01067891234"),
        ("4001234567", "4001234567"),
        ("+864001234567", "4001234567"),
        ("12333", "12333"),
        ("6001", "6001"),
        ("+852 2345 6789", "+85223456789"),
        ("0085223456789", "+85223456789"),
        ("+16502530000", "+16502530000"),
        ("1234567", "1234567"),
    ],
)
def test_one_number_has_one_form_however_it_arrives(raw: str, number: str) -> None:
    assert normalise(raw, "0371") == number
    assert normalise(number, "0371") == number


@pytest.mark.parametrize(
    "raw",
    [None, "", "<unknown>", "anonymous", "Unavailable", "1" * 40, "abc;DROP TABLE calls", "12", "+", "138\r\n1234",
     "+999123", "+1", "13812341234x", "1" * 20, "99999999999999"],
)  # fmt: skip
def test_what_is_no_number_is_nobody_s(raw: str | None) -> None:
    assert normalise(raw, "0371") is None
    assert national_digits(raw, "0371") is None


def test_a_local_number_stays_as_it_is_where_no_area_code_is_known() -> None:
    assert normalise("67891234") == "67891234"


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("+8613812341234", "13812341234"),
        ("013812341234", "13812341234"),
        ("0371-67891234", "37167891234"),
        ("67891234", "37167891234"),
        ("+852 2345 6789", "23456789"),
        ("6001", "6001"),
    ],
)
def test_the_national_digits_are_in_every_way_of_dialling(raw: str, digits: str) -> None:
    assert national_digits(raw, "0371") == digits


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812341234", "138****1234"),
        ("037167891234", "0371****1234"),
        ("+85223456789", "+852****6789"),
        ("67891234", "67****34"),
        ("12333", "12***"),
        ("6001", "60**"),
        ("110", "1**"),
        ("anonymous", "anonymous"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_masked_number_shows_what_kind_it_is_and_no_more(number: str | None, shown: str) -> None:
    assert mask(number) == shown


@given(st.text(max_size=30) | st.text(alphabet="+0123456789 -()", max_size=24))
def test_whatever_arrives_gives_a_number_or_none_and_a_second_time_the_same(raw: str) -> None:
    number = normalise(raw, "0371")
    if number is not None:
        assert number.lstrip("+").isdecimal()
        assert normalise(number, "0371") == number
        assert not number.isdecimal() or mask(number) != number

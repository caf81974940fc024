"""Numbers that are just as long, or just as short, as numbers are, and whose number one can be."""

import pytest
from voicedesk.phone_numbers import can_be, is_ambiguous, is_landline, is_mobile, mask, national_digits, normalise


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *(("13812341234", "13812341234"), ("+86 138 1234 1234", "13812341234"), ("67891234", "037167891234")),
        *(("0015012345678", "15012345678"), ("037195588", "037137195588"), ("6001", "6001"), ("110", "110")),
    ],
)
def test_a_number_can_be_whoever_it_can_be_read_as(raw, number):
    assert can_be(raw, number, "0371")
    assert not can_be(raw, "13912341234", "0371")


@pytest.mark.parametrize(
    ("raw", "number"), [("138123", "13812341234"), ("abc", "13812341234"), ("", "13812341234"), ("6789", "03716789")]
)
def test_a_short_number_or_a_word_can_be_nobody_else(raw, number):
    assert not can_be(raw, number, "0371")


@pytest.mark.parametrize(
    "number", ["03716789123", "0371678912345", "0101678912", "020678912", "03101234567", "003712345678"]
)
def test_a_landline_is_as_long_as_its_area_has_them(number):
    assert not is_landline(number)


@pytest.mark.parametrize("number", ["1381234123", "138123412345", "12812341234", "x13812341234", None, ""])
def test_a_mobile_has_eleven_digits_and_begins_as_mobiles_do(number):
    assert not is_mobile(number)
    assert not is_landline(number)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *(("123", "123"), ("12", None), ("123456", "123456"), ("1234567890123", "1234567890123")),
        *(("+86123", "123"), ("+8612", None), ("0086110", "110"), ("+086 138 1234 1234", "13812341234")),
        *(("037167891234转8001", "037167891234"), ("037167891234,8001", "037167891234")),
        *(
            ("037167891234-8001", "037167891234"),
            ("037167891234 ext. 12", "037167891234"),
        ),
        *(("sip:13812341234;user=phone@10.0.0.1", "13812341234"), ("tel:6001;phone-context=+86371", "6001")),
        *(
            ("+85223456789;phone-context=+86", "+85223456789"),
            ("+85223456789;phone-context=+1", "+85223456789"),
            ("67891234;phone-context=+86371", "037167891234"),
        ),
        *(("+12025550123", "+12025550123"), ("+1202555", None), ("a b c", None)),
    ],
)
def test_what_stands_around_a_number_is_taken_off_and_nothing_of_it(raw, number):
    assert normalise(raw, "0371") == number


@pytest.mark.parametrize("raw", ["+8637112333", "0015012345678", "037195588"])
def test_who_may_be_two_is_told_as_such_and_one_who_is_one_is_not(raw):
    assert is_ambiguous(raw, "0371")
    assert not is_ambiguous("+85223456789", "0371")
    assert not is_ambiguous("6001", "0371")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        *(("12345678901", "123****8901"), ("1234567890", "12******90"), ("1234567", "12***67"), ("123456", "12****")),
        *(
            ("1234", "12**"),
            ("123", "1**"),
            ("12", "1*"),
            ("1", "1"),
            ("0101234567", "01******67"),
            ("+8612345", "+8****45"),
        ),
    ],
)
def test_a_mask_hides_the_middle_whatever_the_length(number, shown):
    assert mask(number) == shown


@pytest.mark.parametrize(
    ("raw", "digits"), [("+44 20 7946 0000", "2079460000"), ("0371", "0371"), ("", None), (None, None)]
)
def test_the_national_digits_of_numbers_of_every_kind(raw, digits):
    assert national_digits(raw, "0371") == digits

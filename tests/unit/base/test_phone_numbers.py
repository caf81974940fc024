"""Numbers as trunks deliver them, in one form; and as people see them, masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.phone_numbers import is_ambiguous, is_landline, is_mobile, mask, national_digits, normalise


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
    [None, "", "<unknown>", "anonymous", "Unavailable", "1" * 40, "abc;DROP TABLE calls", "13812341234;DROP",
     "13812341234@x y", "12", "+", "138\r\n1234",
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


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("2088888888", "02088888888"),
        ("37165551234", "037165551234"),
        ("75523981234", "075523981234"),
        ("1065551234", "01065551234"),
        ("4512345678", "4512345678"),  # 0451 has eight digits: a number with seven is nobody's
        ("5923981234", "05923981234"),
        ("9316551234", "09316551234"),
        ("862088888888", "02088888888"),
        ("862088888888;user=phone", "02088888888"),
        ("sip:02088888888@10.0.0.1;user=phone", "02088888888"),
        ("sip:+862088888888@10.0.0.1:5060;transport=udp;lr", "02088888888"),
    ],
)
def test_a_landline_told_as_a_national_number_has_its_0_again(raw: str, number: str) -> None:
    assert normalise(raw, "0371") == normalise(raw) == number
    assert national_digits(raw, "0371") == national_digits(number, "0371")


SUBSCRIBERS = st.one_of(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"0(?:10|2[0-57-9]|371|377|755|571|731|898)[2-8][0-9]{7}", fullmatch=True),
    st.from_regex(r"0(?:372|592|756|931|991|351|312|396)[2-8][0-9]{6}", fullmatch=True),
)


def ways(number: str) -> list[str]:
    """Every way in which a trunk may tell a number of this country."""
    bare = number.removeprefix("0")
    forms = [number, bare, f"+86{bare}", f"0086{bare}", f"86{bare}", f"+86{number}", f"+86 (0) {bare}", f"17909{bare}",
             f"17951{number}", f"12593{number}", f"0{bare}", f"90{bare}", f"9{bare}", f"9{number}", f"90086{bare}",
             f"986{bare}", f"086{bare}", f"tel:+86-{bare}", f"sip:{number}@10.0.0.1", f"{number};ext=101",
             f"{number};phone-context=+86", f"{bare};cpc=ordinary", f"{number}转8",
             f"{bare[:3]} {bare[3:6]}-{bare[6:]}",
             "".join(chr(ord(digit) + 0xFEE0) for digit in number), f"\u202d{number}\u202c"]  # fmt: skip
    return [*forms, bare, number]


@given(SUBSCRIBERS)
def test_one_subscriber_has_one_form_in_every_way_of_telling_it(number: str) -> None:
    for told in ways(number):
        assert normalise(told, "0371") == number, told
        assert not is_ambiguous(told, "0371"), told


@given(SUBSCRIBERS)
def test_a_second_outside_prefix_gives_the_one_form_or_is_too_doubtful_to_dial(number: str) -> None:
    told = f"0{number}" if number.startswith("0") else f"00{number}"
    assert normalise(told, "0371") == number or is_ambiguous(told, "0371")
    if number.startswith("0371"):
        assert normalise(told, "0371") == number


@given(
    st.from_regex(r"[48]00[0-9]{7}", fullmatch=True), st.sampled_from(["", "0", "9", "90", "+86", "0086", "860", "86"])
)
def test_service_numbers_are_never_landlines(number: str, before: str) -> None:
    assert normalise(before + number, "0371") == number
    assert not is_landline(normalise(before + number, "0371"))


@given(st.from_regex(r"(?:95[0-9]{3}|12333|12345|110|119|120|96[0-9]{3}|100[0-9]{2})", fullmatch=True), st.booleans())
def test_short_numbers_get_no_area_code(number: str, is_international: bool) -> None:
    assert normalise(f"+86{number}" if is_international else number, "0371") == number
    assert not is_landline(normalise(f"0371{number}", "0371"))
    assert normalise(f"0371{number}", "0371") == f"0371{number}"


@pytest.mark.parametrize(
    ("raw", "area_code", "number"),
    [
        ("6555123", "0371", "6555123"),  # eight digits there
        ("65551234", "0931", "65551234"),  # seven there
        ("6555123", "0931", "09316555123"),
        ("96555123", "0931", "09316555123"),
        ("03716555123", "0371", "03716555123"),
        ("1655512", "0931", "1655512"),
        ("1064812345678", "0371", "1064812345678"),
        ("+86 14400 12345678", "0371", "1440012345678"),
        ("085265551234", "0371", "085265551234"),  # an area that was merged into another
        ("+02088888888", "0371", "02088888888"),
        ("020-8888-8888-8001", "0371", "02088888888"),
        ("+8665551234", "0371", "037165551234"),
        ("65551234;phone-context=+8620", "0371", "02065551234"),
        ("23456789;phone-context=+852", "0371", "+85223456789"),
        ("0037165551234", "0371", "037165551234"),
        ("+37165551234", "0371", "+37165551234"),
    ],
)
def test_what_no_plan_knows_stays_as_it_came(raw: str, area_code: str, number: str) -> None:
    assert normalise(raw, area_code) == number
    assert normalise(number, area_code) == number


@pytest.mark.parametrize(
    ("raw", "area_code"),
    [
        ("0015012345678", "0371"),  # Arkansas, or a mobile behind two prefixes
        ("0037165551234", "020"),  # Latvia, or 0371 behind a prefix
        ("037195588", "0371"),  # 95588 of 0371, or 37195588 behind a prefix
        ("+8637112333", "0371"),
    ],
)
def test_what_may_be_two_subscribers_stays_as_it_came_and_is_marked(raw: str, area_code: str) -> None:
    number = normalise(raw, area_code)
    assert number in (raw, "037112333")
    assert is_ambiguous(raw, area_code)
    assert is_ambiguous(number, area_code)
    assert not is_mobile(number)
    assert not is_landline(number)

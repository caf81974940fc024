"""What the country's plan of numbers says, written out by itself: areas, their lengths, carriers, ways of writing."""

import pytest
from voicedesk.phone_numbers import (
    _lengths,
    can_be_rung,
    is_ambiguous,
    is_landline,
    is_mobile,
    normalise,
    written_forms,
)

EIGHT = ("10", "20", "21", "22", "23", "24", "25", "27", "28", "29", "371", "377", "411", "431", "451", "512", "531",
         "532", "571", "574", "591", "595", "731", "755", "757", "769", "871", "898")  # fmt: skip
SEVEN = ("310", "312", "351", "372", "396", "471", "592", "668", "756", "771", "891", "930", "931", "951", "971", "991")
NOBODY = ("26", "300", "852")
CARRIERS = ("11808", "12593", "17900", "17909", "17951", "17999", "10193", "190", "193")
NO_CARRIERS = ("191", "192", "194", "13000", "10194", "10093", "17809", "18909", "27951")


@pytest.mark.parametrize(
    ("areas", "lengths"), [(EIGHT, {8}), (SEVEN, {7}), (NOBODY, set())], ids=["eight", "seven", "nobody"]
)
def test_an_area_has_numbers_of_its_own_length_and_of_no_other(areas, lengths):
    for area in areas:
        for length in range(4, 12):
            assert is_landline(f"0{area}6{'5' * (length - 1)}") is (length in lengths), (area, length)
            assert not is_landline(f"{area}6{'5' * (length - 1)}")
        assert set(_lengths.__wrapped__(area)) == lengths, area


@pytest.mark.parametrize("first", "0123456789")
def test_a_landline_begins_as_landlines_do(first):
    assert is_landline(f"0371{first}5551234") is (first in "2345678")
    assert is_landline(f"0931{first}551234") is (first in "2345678")


@pytest.mark.parametrize("second", "0123456789")
def test_a_mobile_begins_as_mobiles_do(second):
    assert is_mobile(f"1{second}812341234") is (second in "3456789")
    assert is_mobile(f"2{second}812341234") is False


@pytest.mark.parametrize(
    ("told", "number"),
    [("13812341234", "13812341234"), ("013812341234", "13812341234"), ("37167891234", "037167891234"),
     ("037167891234", "037167891234"), ("01067891234", "01067891234"), ("09316555123", "09316555123")],
)  # fmt: skip
def test_a_carrier_s_prefix_is_taken_off_and_what_is_none_is_not(told, number):
    assert [carrier for carrier in CARRIERS if normalise(carrier + told, "0371") != number] == []
    assert [carrier for carrier in CARRIERS if is_ambiguous(carrier + told, "0371")] == []
    assert [other for other in NO_CARRIERS if normalise(other + told, "0371") == number] == []


@pytest.mark.parametrize(
    ("number", "area_code", "forms"),
    [
        ("13812341234", "0371", {"13812341234", "013812341234", "8613812341234", "+8613812341234", "008613812341234"}),
        ("+86 138 1234 1234", "", {"+86 138 1234 1234", "13812341234", "013812341234", "8613812341234",
                                   "+8613812341234", "008613812341234"}),
        ("037165982743", "0371", {"037165982743", "37165982743", "65982743", "8637165982743", "+8637165982743",
                                  "008637165982743"}),
        ("037165982743", "", {"037165982743", "37165982743", "8637165982743", "+8637165982743", "008637165982743"}),
        ("037165982743", "010", {"037165982743", "37165982743", "8637165982743", "+8637165982743", "008637165982743"}),
        ("6001", "0371", {"6001", "06001", "866001", "+866001", "00866001"}),
        ("x", "", {"x", "0x", "86x", "+86x", "0086x"}),
    ],
)  # fmt: skip
def test_every_usual_way_of_writing_a_number_is_looked_for(number, area_code, forms):
    found = written_forms(number, area_code)
    assert set(found) == forms
    assert list(found) == sorted(forms)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *(("0012025550123", "+12025550123"), ("0044207946", "+44207946"), ("00852234567890", "+852234567890")),
        *(("+0085223456789", "+85223456789"), ("00120255501", "00120255501")),
        *(("85223456789", "85223456789"), ("123412341234", "123412341234"), ("12341234123412", None)),
    ],
)
def test_a_number_abroad_has_its_plus_where_it_is_long_enough_for_its_country(raw, number):
    assert normalise(raw, "0371") == number
    assert not is_ambiguous(raw, "0371")


@pytest.mark.parametrize(
    ("number", "may"),
    [("13812341234", True), ("037165982743", True), ("+85223456789", True), ("12345", False), ("96096", False),
     ("037112345", False), ("4001234567", False), ("65982743", False), ("", False), (None, False)],
)  # fmt: skip
def test_a_subscriber_can_be_rung_and_a_service_cannot(number, may):
    assert can_be_rung(number) is may


@pytest.mark.parametrize(
    ("written", "number"),
    [
        *(
            (f"037165982743{joint}801", "037165982743")
            for joint in ("转", "分机", "ext", "ext.", "Ext. ", ",", "x", "#")
        ),
        *((f"037165982743{joint}801", "037165982743") for joint in ("-", "‐", "–", "—", " - ", "转 ", "分机 ")),
        *((f"037165982743-{inside}", "037165982743") for inside in ("1", "12", "12345", "123456")),
        *((f"13812341234{joint}8", "13812341234") for joint in ("转", ",", "#", "x")),
        *((f"{before}13812341234", "13812341234") for before in ("tel:", "sip:", "sips:", "TEL:", "Sip:")),
        *(("sip:13812341234@10.0.0.1:5060", "13812341234"), ("tel:+86-371-65982743;ext=801", "037165982743")),
        *(("13812341234;a=b;c=d@hall.example", "13812341234"), ("sip:13812341234@[fe80::1]", "13812341234")),
        *((f"138{mark}1234{mark}1234", "13812341234") for mark in " \t().-‐‑‒–—―−/·"),
        *((f"138{sign}12341234", "13812341234") for sign in "\u200b\u200f\u202a\u202e\u2060\u2069\ufeff\u00ad"),
        *(("037165982743转1234567", None), ("13812341234@", None), ("mailto:13812341234", None)),
    ],
)
def test_what_people_and_machines_put_around_a_number_is_taken_off(written, number):
    assert normalise(written, "0371") == number

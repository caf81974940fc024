"""Where a number stands and where not, to the sign: what is forgotten of a text, of a name and of an id."""

import pytest
from voicedesk.phone_traces import PhoneTraces, new_token

N = "13812341234"
LANDLINE = "037165982743"
UNSEEN = "\u200b"


def of_mobile() -> PhoneTraces:
    return PhoneTraces(N, "0371", "tok")


def of_landline() -> PhoneTraces:
    return PhoneTraces(LANDLINE, "0371", "tok")


@pytest.mark.parametrize(
    ("text", "left", "name"),
    [
        (N, "anonymous", "anonymoustok"),
        (f"+86 {N}", "anonymous", "+86 anonymoustok"),
        (f"0 {N}", "anonymous", "0 anonymoustok"),
        (f"x {N} y", "x ＊＊＊ y", "x anonymoustok y"),
        (f"a{N}", "aanonymoustok", "aanonymoustok"),
        (f"周一{N}一直", "周一＊＊＊一直", "周一anonymoustok一直"),
        (f"DAHDI/i1/{N}-5", "DAHDI/i1/anonymous-5", "DAHDI/i1/anonymoustok-5"),
        (f"SIP-{N}", "SIP-anonymoustok", "SIP-anonymoustok"),
        (f"12345 {N}", "12345 ＊＊＊", "12345 anonymoustok"),
        (f"20 {N}", "20 ＊＊＊", "20 anonymoustok"),
        (f"①{N}", "①＊＊＊", "①anonymoustok"),
        ("13812341 234", "anonymous", "anonymoustok"),
        ("一三八幺二三四一二三四一", "＊＊＊一", "anonymoustok一"),
        (f"{N}一二", "＊＊＊一二", "anonymoustok一二"),
        ("138.1234.1234", "anonymous", "138.1234.1234"),
        (f"x%20{N}", "x%20anonymous", "x%20anonymoustok"),
        (f"{N}/{N}", "anonymous/anonymous", "anonymoustok/anonymoustok"),
        *(
            (f"{before}{N}", "anonymous", "anonymoustok")
            for before in ("+86", "0086", "86", "0", "9", "90", "0371", "371", "+0371", "0571", "010", "+860371",
                           "00860371", "12593", "17951", "+0")
        ),
    ],
)  # fmt: skip
def test_a_mobile_is_taken_out_to_the_sign(text, left, name):
    traces = of_mobile()
    assert traces.is_in(text)
    assert traces.text(text) == left
    assert traces.name(text) == name
    assert traces.found == sum(one.count("anonymous") + one.count("＊＊＊") for one in (left, name))


@pytest.mark.parametrize(
    "text",
    [
        *(f"{before}{N}" for before in ("8", "571", "+87", "+", "++", "1", "2", "00000", "19")),
        *(f"{N}{behind}" for behind in ("5", "00", "１")),
        *("1 3812341234", "138123412 34", "1 381234123 4", "1381234123.4", "一三八幺二三四一二三四一二", "138", ""),
    ],
)
def test_digits_that_only_contain_a_mobile_stay(text):
    traces = of_mobile()
    assert (traces.text(text), traces.name(text), traces.found, traces.is_in(text)) == (text, text, 0, False)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        *(("65982743", "anonymous"), ("6598-2743", "anonymous"), ("965982743", "anonymous")),
        *(("x65982743", "xanonymoustok"), ("ab-65982743", "ab-anonymoustok"), ("分机65982743", "分机＊＊＊")),
        *(("1 65982743", "1 ＊＊＊"), ("65982743一二", "＊＊＊一二")),
        *(("0371-65982743", "anonymous"), ("371 65982743", "anonymous"), ("+86 371 65982743", "anonymous")),
        *((f"12593{LANDLINE}", "anonymous"), (f"17951{LANDLINE}", "anonymous"), (f"+{LANDLINE}", "anonymous")),
        *((f"{LANDLINE}-801", "anonymoustok-801"), ("37165982743", "anonymous"), (f"a {LANDLINE} b", "a ＊＊＊ b")),
    ],
)  # fmt: skip
def test_a_landline_is_taken_out_with_and_without_its_area(text, left):
    assert of_landline().text(text) == left
    assert of_landline().is_in(text)


@pytest.mark.parametrize(
    "text",
    ["021-65982743", "021 65982743", "(021)65982743", "+852 65982743", "21 65982743", "010/65982743", "0931.65982743",
     "165982743", "+65982743", "659827431", "65982744"],
)  # fmt: skip
def test_another_town_s_landline_stays(text):
    assert of_landline().text(text) == text
    assert not of_landline().is_in(text)


def test_an_id_loses_only_what_is_surely_the_number():
    assert of_landline().name("65982743") == "65982743"
    assert of_landline().name(f"call-{LANDLINE}-1") == "call-anonymoustok-1"
    assert of_mobile().name("138.1234.1234") == "138.1234.1234"


@pytest.mark.parametrize("at", range(1, 11))
def test_a_sign_that_nobody_sees_parts_no_number(at):
    for text in (f"{N[:at]}{UNSEEN}{N[at:]}", f"{N[:at]}{UNSEEN * 3}{N[at:]}"):
        assert of_mobile().text(text) == "anonymous"
        assert of_mobile().name(text) == "anonymoustok"


def test_a_prefix_is_looked_for_as_far_as_twenty_four_signs_back():
    assert of_mobile().text(f"+86{UNSEEN * 21}{N}") == "anonymous"
    assert of_mobile().text(f"+86{UNSEEN * 22}{N}") == "+＊＊＊"


def test_the_moment_of_a_call_is_no_number():
    traces = PhoneTraces("17954212581")
    assert traces.text("1795421258.1") == "1795421258.1"
    assert PhoneTraces("1795421258").text("1795421258.1") == "1795421258.1"
    assert PhoneTraces("1795421258").text("179542125.1 x") == "179542125.1 x"


@pytest.mark.parametrize(
    ("number", "area", "form", "is_short"),
    [
        *((N, "0371", N, False), (f"+86 {N}", "", N, False), (LANDLINE, "", LANDLINE, False)),
        *(("65982743", "0371", LANDLINE, False), ("37165982743", "", LANDLINE, False)),
        *(("+85223456789", "", "+85223456789", False), ("6001", "", "6001", True), ("123456", "", "123456", True)),
        *(("1234567", "", "1234567", False), ("x", "", "", True)),
    ],
)
def test_a_number_is_read_into_its_one_form(number, area, form, is_short):
    traces = PhoneTraces(number, area)
    assert (traces.number, traces.is_short) == (form, is_short)


def test_the_usual_spellings_are_named():
    assert set(of_mobile().spelled()) == {N, f"0{N}", f"86{N}", f"+86{N}", f"0086{N}"}
    bare = LANDLINE[1:]
    assert set(of_landline().spelled()) == {LANDLINE, bare, f"86{bare}", f"+86{bare}", f"0086{bare}"}


@pytest.mark.parametrize(
    ("text", "is_it"),
    [(N, True), (f"+86{N}", True), (f"0{N}", True), (f"90{N}", True), (f"{N}5", False), ("", False), (None, False)],
)
def test_a_text_is_the_number_or_it_is_not(text, is_it):
    assert of_mobile().is_it(text) is is_it


def test_a_short_number_goes_from_a_header_where_it_stands_alone_and_is_found_in_no_text():
    traces = PhoneTraces("6001", "", "tok")
    assert traces.short("6001") == "anonymous"
    assert traces.short("PJSIP/6001@trunk, 6001") == "PJSIP/anonymous@trunk, anonymous"
    assert traces.found == 3
    for other in ("16001", "60011", "+8616001", "600 1", "x"):
        assert traces.short(other) == other
    assert (traces.text("6001"), traces.name("6001"), traces.is_in("6001"), traces.found) == ("6001", "6001", False, 3)


def test_bytes_that_are_no_text_stay_as_they_are_around_it():
    assert of_mobile().bytes(b"\xff\xfe " + N.encode() + b" \x80") == b"\xff\xfe " + "＊＊＊".encode() + b" \x80"
    other = b"\xff\x00 nobody"
    assert of_mobile().bytes(other) is other


def test_each_forgetting_has_letters_of_its_own():
    tokens = {new_token() for _ in range(50)} | {PhoneTraces(N).token for _ in range(50)}
    assert len(tokens) == 100
    assert all(len(token) == 8 and token.isascii() and token.islower() and token.isalpha() for token in tokens)

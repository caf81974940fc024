"""Digits of an authenticator and one-time codes: each opens once."""

import base64

import pytest
from voicedesk.access.codes import RECOVERY_CODES, code_hash, found_hash, new_code
from voicedesk.access.totp import address_of, code_of, in_groups, matching_step, new_secret, step_at

RFC = base64.b32encode(b"12345678901234567890").decode()
AT = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_digits_are_those_of_rfc_6238(seconds, digits):
    assert code_of(RFC, step_at(seconds * 1_000_000)) == digits


def test_one_step_of_delay_is_borne_and_no_more():
    step = step_at(AT)
    found = [matching_step(RFC, code_of(RFC, step + off), AT, used_step=0) for off in (-2, -1, 0, 1, 2)]
    assert found == [None, step - 1, step, step + 1, None]


def test_digits_are_used_once_and_earlier_ones_never_again():
    step = step_at(AT)
    assert matching_step(RFC, code_of(RFC, step), AT, used_step=step) is None
    assert matching_step(RFC, code_of(RFC, step - 1), AT, used_step=step) is None
    assert matching_step(RFC, code_of(RFC, step + 1), AT, used_step=step) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５", "²²²²²²", "-12345", "12 34 5"])
def test_what_is_not_six_digits_is_wrong(typed):
    assert matching_step(RFC, typed, AT, used_step=0) is None


def test_digits_may_be_typed_in_two_groups_and_in_full_width():
    digits = code_of(RFC, step_at(AT))
    wide = "".join(chr(ord(one) - ord("0") + ord("０")) for one in digits)
    for typed in (f"{digits[:3]} {digits[3:]}", f" {digits} ", wide):
        assert matching_step(RFC, typed, AT, used_step=0) == step_at(AT)


def test_a_secret_is_random_and_can_be_typed():
    assert new_secret() != new_secret()
    assert len(base64.b32decode(new_secret())) == 20
    assert in_groups("ABCDEFGH") == "ABCD EFGH"


def test_an_authenticator_reads_secret_name_and_hall():
    address = address_of("ABCD", "0101", "某市大厅: A&B")
    assert address.startswith("otpauth://totp/%E6%9F%90")
    assert address.endswith("%3A0101?secret=ABCD&issuer=%E6%9F%90%E5%B8%82%E5%A4%A7%E5%8E%85%3A%20A%26B")


def test_a_one_time_code_is_found_however_it_is_typed():
    code = new_code()
    hashes = [code_hash("0101", one) for one in (new_code(), code, new_code())]
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert found_hash("0101", typed, hashes) == hashes[1]
    assert found_hash("0102", code, hashes) is None, "another's account"
    assert found_hash("0101", new_code(), hashes) is None
    assert found_hash("0101", "", hashes) is None


def test_a_code_has_no_sign_that_is_read_for_another():
    signs = set("".join(new_code() for _ in range(200)))
    assert not signs & set("01IO")
    assert len({new_code() for _ in range(RECOVERY_CODES)}) == RECOVERY_CODES
    assert len(new_code()) == 19

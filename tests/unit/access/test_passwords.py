"""Passwords: which are refused with a cure, and how they are stored."""

import pytest
from argon2 import PasswordHasher
from voicedesk.access.passwords import check_password, hash_password, is_outdated, is_password
from voicedesk.errors import InputError

GOOD = "三个苹果和一只蓝色的猫"
LONG = "correct horse battery staple"


@pytest.mark.parametrize("password", [LONG, "蓝天下面三只小猫在看大河流水", "vK9#pt-wq.Lm2", "a b c d e f g z q m"])
def test_a_long_password_of_whatever_signs_is_taken(password):
    check_password(password, "0101", "张三")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("十一个字的密码它不够长", "too short"),
        ("x" * 129, "too long"),
        ("123456789012", "row or a repetition"),
        ("abcdefghijkl", "row or a repetition"),
        ("abababababab", "row or a repetition"),
        ("xxxxxxxxxxxxxyz1", "row or a repetition"),
        ("Password2026", "tried first"),
        ("ＰＡＳＳＷＯＲＤ２０２６", "tried first"),
        ("1qaz2wsx3edc", "tried first"),
        ("woaini1314520", "tried first"),
        ("zhangsan1997", "from a name"),
        ("0101zhengzhou-hall!!", "from a name"),
    ],
)
def test_a_password_that_others_guess_is_refused_with_the_cure(password, why):
    with pytest.raises(InputError, match=why):
        check_password(password, "zhangsan", "zhengzhou-hall")


def test_a_password_is_known_again_and_no_other_is():
    stored = hash_password(LONG)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(stored, LONG)
    assert not is_password(stored, LONG + " ")
    assert not is_password(stored, "x" * 5000)
    assert hash_password(LONG) != stored, "each has a salt of its own"


def test_full_width_letters_are_the_letters_that_were_meant():
    assert is_password(hash_password(LONG), "ｃｏｒｒｅｃｔ　horse battery staple")


def test_without_a_stored_password_none_is_right():
    assert not is_password(None, "the password of nobody")
    assert not is_password("", LONG)
    assert not is_password("damaged", LONG)


def test_what_was_stored_in_a_weaker_way_is_to_be_stored_anew():
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(LONG)
    assert is_password(weak, LONG)
    assert is_outdated(weak)
    assert not is_outdated(hash_password(LONG))

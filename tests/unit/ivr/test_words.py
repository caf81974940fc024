"""Texts, codes and names of the walk."""

import random
import re

import pytest
from tests.unit.ivr.walking import MENU, frame
from voicedesk.ivr import names, wording
from voicedesk.ivr.tracking_code import is_code, new_code


def test_both_frames_have_the_same_keys_and_take_the_same_values():
    chinese, english = frame("zh_CN"), frame("en")
    del chinese[wording.WELCOME_NAMED]  # names are Chinese, and so is the welcome that holds one
    assert chinese.keys() == english.keys()
    assert {key: wording.places_of(text) for key, text in chinese.items()} == {
        key: wording.places_of(text) for key, text in english.items()
    }


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_text_that_can_be_said_is_among_those_to_be_built(language):
    own = frame(language)
    texts = wording.frame_texts(own, language)
    assert len(texts) == len(set(texts))
    assert not [text for text in texts if "{" in text or not text.strip()]
    words = wording.Wording({language: own})
    value = (wording.Spoken(text="X"),)
    for key, template in own.items():
        if key == wording.WELCOME_NAMED:  # spoken in one piece, with the name: `with_welcome`
            continue
        said = words.say(key, language, **dict.fromkeys(wording.places_of(template), value))
        assert {one.text for one in said} - {"X"} <= set(texts)
    dates = {one.text for month in range(1, 13) for day in range(1, 32) for one in wording.date(month, day, language)}
    digits = {one.text for one in wording.digits("0123456789", language)}
    keys = {one.text for digit in "0123456789" for one in wording.key_name(digit, language)}
    assert dates | digits | keys <= set(texts)


def test_dates_and_digits_are_read_as_people_do():
    read = {day: wording.date(12, day, "zh_CN")[1].text for day in (1, 10, 11, 20, 21, 30, 31)}
    assert read == {1: "一日", 10: "十日", 11: "十一日", 20: "二十日", 21: "二十一日", 30: "三十日", 31: "三十一日"}
    assert "".join(one.text for one in wording.digits("0-512", "zh_CN")) == "零五幺二"
    assert wording.key_name("1", "zh_CN")[0].text == "一"
    assert [one.text for one in wording.date(2, 3, "en")] == ["February", "3"]


def test_a_code_shows_every_wrong_digit_and_every_two_that_changed_places():
    chance = random.Random(5)
    for _ in range(50):
        code = new_code(chance.randrange)
        assert re.fullmatch(r"\d{8}", code)
        assert is_code(code)
        for place in range(8):
            wrong = [code[:place] + digit + code[place + 1 :] for digit in "0123456789" if digit != code[place]]
            assert not any(map(is_code, wrong))
        swaps = [code[:n] + code[n + 1] + code[n] + code[n + 2 :] for n in range(7) if code[n] != code[n + 1]]
        assert not any(map(is_code, swaps))
    assert not is_code("1234567")
    assert not is_code("１２３４５６７４")


@pytest.mark.parametrize(
    ("heard", "item"),
    [
        ("社保卡", "11"),
        ("我要办社保卡", "11"),
        ("我想问一下失业金怎么领", "22"),
        ("社保卡挂失", "12"),
        ("职工退休申请", "21"),
        ("推休", "21"),
        ("直工退修申请", "21"),
        ("你好", None),
        ("", None),
        ("卡", None),
    ],
)
def test_an_item_is_known_by_any_of_its_names_also_as_a_telephone_blurs_them(heard, item):
    found = names.item_named(MENU, heard)
    assert (found.id if found else None) == item


def test_where_two_items_fit_as_well_none_is_taken():
    assert names.item_named(MENU, "退休失业金社保卡") is None
    assert names.item_named(MENU, "社会保障卡") is None


def test_all_names_of_the_menu_are_told_once():
    told = names.names_of(MENU)
    assert "社保卡" in told
    assert "失业保险金申领" in told
    assert len(told) == len(set(told))

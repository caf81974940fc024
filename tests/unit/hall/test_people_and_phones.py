"""Whom a name means, and which phone: where two are called so, nobody is chosen by chance."""

from datetime import UTC, datetime

import pytest
from voicedesk.errors import InputError
from voicedesk.hall.acting import acting
from voicedesk.hall.seats import Seat, phones_called, seats_of, the_one_meant
from voicedesk.settings import Settings

MAIN, BRANCH = Seat(("main",), "PJSIP/6001", "6001"), Seat(("branch",), "PJSIP/6001", "6001")
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
SETTINGS = Settings.model_validate(
    {
        "pbx": [{"name": name, "host": "127.0.0.1", "username": "u", "secret": "s"} for name in ("main", "branch")],
        "phones": [{"endpoint": "PJSIP/6001", "extension": "6001", "pbx": [name]} for name in ("main", "branch")],
        "agents": [{"id": "zhang", "name": "张三"}, {"id": "li", "name": "李四"}, {"id": "li2", "name": "李四"}],
        "assignments": [
            {"agent": "zhang", "endpoint": "PJSIP/6001", "pbx": ["branch"]},
            {"agent": "li", "endpoint": "PJSIP/6001", "pbx": ["main", "branch"]},
        ],
        "tickets": {"supervisor": "boss", "complaints_to": "head"},
    }
)


def test_of_two_phones_of_one_name_that_is_meant_at_which_the_person_sits():
    assert the_one_meant("6001", [MAIN, BRANCH], [BRANCH]) is BRANCH
    found = phones_called("6001", SETTINGS)
    assert the_one_meant("6001", found, seats_of("zhang", SETTINGS, NOW)) == BRANCH


@pytest.mark.parametrize("own", [[], [MAIN, BRANCH], [Seat(("main", "branch"), "PJSIP/6001")], [Seat(("main",), "x")]])
def test_who_sits_at_neither_phone_or_at_both_must_say_which(own):
    with pytest.raises(InputError, match="main and branch: say which with --pbx"):
        the_one_meant("6001", [MAIN, BRANCH], own)
    with pytest.raises(InputError, match="--pbx"):
        the_one_meant("6001", phones_called("6001", SETTINGS), seats_of("li", SETTINGS, NOW))


def test_the_only_phone_of_a_name_is_meant_wherever_the_person_sits_and_none_is_none():
    assert the_one_meant("6001", [MAIN], []) is MAIN
    assert the_one_meant("6001", [MAIN], [BRANCH]) is MAIN
    assert the_one_meant("6001", [], [BRANCH]) is None
    assert phones_called("6001", SETTINGS, "main") == [MAIN]


@pytest.mark.parametrize("by", ["zhang", "张三", " 张三 "])
def test_a_person_is_named_by_id_or_by_a_name_that_is_theirs_alone(by):
    assert acting(by, "root", SETTINGS) == "zhang"


def test_a_name_that_two_people_have_names_neither_unless_it_is_the_login_that_asks():
    with pytest.raises(InputError, match=r"'李四' is the name of 2 people: give an id, li or li2"):
        acting("李四", "root", SETTINGS)
    assert acting("李四", "李四", SETTINGS) == "李四"
    assert acting("li2", "root", SETTINGS) == "li2"


def test_besides_the_listed_people_only_whom_the_settings_name_and_who_is_known_act():
    assert [acting(by, "root", SETTINGS, known={"old"}) for by in ("root", "boss", "head", "old")] == [
        *("root", "boss", "head", "old")
    ]
    for by in ("old", "zhangg", "", "wang"):
        with pytest.raises(InputError, match="nobody is called"):
            acting(by, "root", SETTINGS)
    assert acting("anybody", "root", Settings()) == "anybody"

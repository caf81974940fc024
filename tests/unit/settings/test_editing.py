"""A settings file is changed as a person would: what is not meant stays as it was, comments and all."""

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.errors import SettingsError
from voicedesk.hall.first_settings import first_settings
from voicedesk.settings.editing import AddTable, DropTable, SetKeys, edited

FIRST = first_settings("10.0.0.5", 5038, "voicedesk")


def test_a_key_is_set_in_its_place_and_its_remark_stays():
    text = edited(FIRST, [SetKeys(table="lines", index=0, keys={"limit_seconds": 12, "department": "社保中心"})])
    assert "limit_seconds = 12                # three rings: before this an answer is on time" in text
    assert tomllib.loads(text)["lines"][0]["department"] == "社保中心"
    gone = set(FIRST.splitlines()) - set(text.splitlines())
    assert len(gone) == 1
    assert gone.pop().startswith("limit_seconds = 15")


def test_a_table_stands_behind_those_of_its_name():
    text = edited(FIRST, [AddTable(table="lines", keys={"name": "二号线", "extensions": ["12333"]})])
    assert [one["name"] for one in tomllib.loads(text)["lines"]] == ["hotline", "二号线"]
    assert text.index("二号线") < text.index("\n[[phones]]")
    assert set(FIRST.splitlines()) <= set(text.splitlines())


def test_a_table_goes_with_its_remarks_and_those_of_others_stay():
    text = edited(FIRST, [DropTable(table="lines", index=0), DropTable(table="phones", index=1)])
    assert "department_aliases" not in text
    assert "# [[webhooks]]" in text
    assert [one["endpoint"] for one in tomllib.loads(text)["phones"]] == ["PJSIP/agent1"]


def test_an_empty_file_gets_its_first_tables():
    text = edited("", [SetKeys(table="speech", keys={"model": "embedded"}), AddTable(table="pbx", keys={"name": "a"})])
    assert tomllib.loads(text) == {"speech": {"model": "embedded"}, "pbx": [{"name": "a"}]}


def test_a_value_over_several_lines_and_an_instant_are_written_right():
    text = '[[lines]]\nname = "a"\nphones = [\n  "PJSIP/1", # first\n  "PJSIP/2",\n]\n# after\n'
    at = datetime(2026, 1, 1, tzinfo=UTC)
    new = edited(text, [SetKeys(table="lines", index=0, keys={"phones": ["PJSIP/3"], "to": at})])
    assert tomllib.loads(new)["lines"] == [{"name": "a", "phones": ["PJSIP/3"], "to": at}]
    assert "# after" in new


@pytest.mark.parametrize("text", ['lines = [{name = "a"}]\n', 'lines = [{name = "a"}]\n[hall]\nname = "b"\n'])
@pytest.mark.parametrize(
    "edit", [SetKeys(table="lines", index=0, keys={"name": "c"}), AddTable(table="lines", keys={})]
)
def test_a_form_that_only_a_person_can_change_is_refused(text, edit):
    with pytest.raises(SettingsError, match="only a person can change"):
        edited(text, [edit])


@given(st.text())
def test_whatever_is_typed_is_one_text_of_one_key(typed):
    text = edited(FIRST, [SetKeys(table="hall", keys={"name": typed})])
    assert tomllib.loads(text)["hall"] == {**tomllib.loads(FIRST)["hall"], "name": typed}

"""Rows that ask the desk for something: what fits comes back as it was, what does not is refused before anything."""

import json
from dataclasses import fields
from typing import get_args

import pytest
from voicedesk.errors import InputError
from voicedesk.language.translate import translated
from voicedesk.phones import steps as phone_steps
from voicedesk.phones.steps import StartBreak, StopBreak
from voicedesk.tickets import steps
from voicedesk.tickets.model import Kind, Outcome
from voicedesk.words import Language

ON_TICKET = {"ticket": "3f2a", "by": "wang"}
EACH = [
    steps.Claim(**ON_TICKET),
    steps.Release(**ON_TICKET),
    steps.Confirm(**ON_TICKET),
    steps.Report(**ON_TICKET, note="休假", to="li"),
    steps.Postpone(**ON_TICKET, due_at=1_795_421_280_000_000, note="等待\n核实"),
    steps.Told(**ON_TICKET, note="电话"),
    steps.Settle(**ON_TICKET, note="未通"),
    steps.Close(**ON_TICKET, note="已答复", outcome=Outcome.GIVEN_UP),
    steps.Dial(**ON_TICKET, phone="6001", pbx=None),
    steps.Register(by="wang", kind=Kind.COMPLAINT, group="社保", note="态度", codes=("1", "2")),
]


@pytest.mark.parametrize("step", EACH, ids=lambda one: one.do)
def test_every_step_comes_back_from_its_row_as_it_was(step):
    assert steps.from_row(json.dumps(steps.to_row(step))) == step


def test_each_step_there_is_stands_here():
    assert {type(one) for one in EACH} == set(get_args(steps.TicketStep))


@pytest.mark.parametrize("step", [StartBreak(by="w", phone="6001", reason="午餐", anyway=True), StopBreak(by="w")])
def test_breaks_come_back_from_their_rows_too(step):
    assert phone_steps.from_row(phone_steps.to_row(step)) == step


@pytest.mark.parametrize("step", EACH, ids=lambda one: one.do)
def test_null_a_number_a_list_and_an_object_are_no_text(step):
    row = steps.to_row(step)
    for field in fields(step):
        for odd in (None, 7, 7.5, True, ["x"], {"x": "y"}, float("nan"), 10**4000):
            may_be_absent = odd is None and field.default is None
            is_instant = field.name == "due_at" and odd == 7 and odd is not True
            if may_be_absent or is_instant or (field.name == "codes" and odd == ["x"]):
                continue
            with pytest.raises(InputError):
                steps.from_row({**row, field.name: odd})


@pytest.mark.parametrize(
    ("field", "odd", "english", "chinese"),
    [
        ("by", 7, "it must be a text", "须为文字"),
        ("by", "x" * 201, "it is too long", "太长"),
        ("by", " ", "it is empty", "是空的"),
        ("due_at", "soon", "it must be a whole number", "须为整数"),
        ("due_at", -1, "it is too small", "太小"),
        ("due_at", 10**18, "it is too large", "太大"),
        ("ticket", ["x"], "it must be a text", "须为文字"),
    ],
)
def test_what_does_not_fit_is_told_in_our_words_in_both_languages(field, odd, english, chinese):
    step = steps.Postpone(**ON_TICKET, due_at=1_795_421_280_000_000, note="等待")
    with pytest.raises(InputError) as refused:
        steps.from_row({**steps.to_row(step), field: odd})
    told = str(refused.value)
    assert told == f"this step lacks something, or does not fit: {field}: {english}"
    assert translated(told, Language.CHINESE, of_parts=True) == f"该步骤缺少内容，或内容不符：{field}：{chinese}"


@pytest.mark.parametrize("odd", ["\0", "a\0b", "\ud800", "\x1b[2J", "x" * 5000, "\u2028"])
@pytest.mark.parametrize("step", EACH, ids=lambda one: one.do)
def test_texts_without_a_shape_are_refused_on_either_side(step, odd):
    row = steps.to_row(step)
    for name in {one.name for one in fields(step)} - {"due_at", "codes"}:
        with pytest.raises(InputError):
            steps.from_row({**row, name: odd})


@pytest.mark.parametrize("name", ["ticket", "by"])
@pytest.mark.parametrize("odd", ["", " ", "\t", "a\nb"])
def test_what_must_be_named_is_one_line_that_is_not_empty(name, odd):
    with pytest.raises(InputError, match=name):
        steps.from_row({"do": "claim", **ON_TICKET, name: odd})
    with pytest.raises(InputError, match=name):
        steps.to_row(steps.Claim(**{**ON_TICKET, name: odd}))


@pytest.mark.parametrize(
    "row",
    [
        "",
        "null",
        "[]",
        '"claim"',
        "{",
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"do":"claim","ticket":"x","by":"w","by2":1}',
        '{"do":"dance"}',
        '{"do":null}',
        '{"do":["claim"]}',
        '{"do":"' + "x" * 100_000 + '"}',
        '{"do":"register","by":"w","kind":"callback","group":"g","note":"n"}',
        '{"do":"postpone","ticket":"x","by":"w","due_at":' + "9" * 5000 + "}",
        '{"do":"postpone","ticket":"x","by":"w","due_at":-1}',
        '{"do":"postpone","ticket":"x","by":"w","due_at":1.5e300}',
        '{"do":"postpone","ticket":"x","by":"w","due_at":1795421280000000000}',
        '{"do":"register","by":"w","kind":"complaint","group":"g","codes":[' + ",".join(['"1"'] * 51) + "]}",
    ],
)
def test_whatever_else_stands_in_a_row_is_refused_in_one_sentence(row):
    with pytest.raises(InputError) as refused:
        steps.from_row(row)
    assert 10 < len(str(refused.value)) < 400


def test_what_is_refused_is_named_and_its_value_is_not_told():
    with pytest.raises(InputError, match="note") as refused:
        steps.from_row({"do": "close", **ON_TICKET, "note": ["13812341234"]})
    assert "1381234" not in str(refused.value)

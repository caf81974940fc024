"""Evidence is stored as it always was; what an earlier version stored is read, and what is damaged is refused."""

import json

import pytest
from voicedesk.errors import StoreError
from voicedesk.greeting.evidence import Evidence, evidence_as_json, evidence_from_json, told_from_json
from voicedesk.greeting.stream import Match
from voicedesk.speech.transcript import Understanding
from voicedesk.store.packing import readable

UNDERSTOOD = {"confidence": 0.91, "known_share": 1.0, "agreement": 0.8, "held_back": False}
PART = {"part": "hello", "text": "您好", "start_seconds": 0.5, "end_seconds": 0.9, "confidence": 1.0, "match": "exact"}
PHRASE = {"phrase": "不知道", "start_seconds": 4, "confidence": 0.93}
STORED = {
    "task": {
        "names": {"name": "社保局", "aliases": ["人社局"], "others": ["医保局"]},
        "template": ["hello", "number"],
        "limits": {"first_word_seconds": 3.0, "all_parts_seconds": 10.0},
        "number": "008",
    },
    "transcript": {
        "words": [["您好", 0.5, 0.9, 1.0], ["不知道", 4, 4.5, 0.93]],
        "heard_seconds": 12.5,
        "model": "m",
        "understanding": UNDERSTOOD,
        "cut_short": True,
    },
    "understanding": UNDERSTOOD,
    "judgement": {
        "verdict": "incomplete",
        "violations": ["incomplete"],
        "missing": ["number"],
        "reason": None,
        "reason_words": None,
        "to_do": None,
        "parts": [PART],
        "forbidden": [PHRASE],
        "exempted": [],
        "polite": [],
        "remarks": ["备注"],
        "transcript": "您好 不知道",
        "words": [{"word": "您好", "start_seconds": 0.5, "end_seconds": 0.9, "confidence": 1.0}],
        "model": "m",
        "rules_version": "greeting/3",
    },
}
OLDER = {key: value for key, value in STORED["judgement"].items() if key not in ("reason_words", "to_do")}
"""As it was told before reasons had words."""
FORMS = {
    "whole": STORED,
    "older": {**STORED, "judgement": OLDER},
    "not heard": {**STORED, "understanding": None},
    "forgotten": {"task": STORED["task"]},
    "nothing": {"task": None},
    "phrases alone": {"task": {**STORED["task"], "names": None, "template": "", "number": None}},
}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_stored_is_read_and_stored_again_to_the_letter(form):
    assert json.dumps(evidence_as_json(evidence_from_json(FORMS[form]))) == json.dumps(FORMS[form])


def test_a_task_of_before_staff_numbers_were_compared_is_read():
    task = {key: value for key, value in STORED["task"].items() if key != "number"}
    assert evidence_from_json({"task": task}).task.number is None


def test_what_was_told_is_there_by_name():
    evidence = evidence_from_json(STORED)
    told = evidence.told
    assert (told.missing, told.violations, told.remarks) == (("number",), ("incomplete",), ("备注",))
    assert (told.parts[0].match, told.forbidden[0].phrase, told.polite) == (Match.EXACT, "不知道", ())
    assert evidence.understanding == evidence.transcript.understanding == Understanding(**UNDERSTOOD)
    assert Evidence().told == told_from_json({})


DAMAGED = {
    "no table": [],
    "a judgement that is a word": {"judgement": "您好"},
    "parts that are a number": {"judgement": {**OLDER, "parts": 5}},
    "a part without its time": {"judgement": {**OLDER, "parts": [{"part": "hello"}]}},
    "a remark that is a number": {"judgement": {**OLDER, "remarks": [5]}},
    "a word without its end": {"transcript": {**STORED["transcript"], "words": [["您好", 0.5]]}},
    "a transcript without a model": {"transcript": {"words": []}},
    "limits below nothing": {"task": {**STORED["task"], "limits": {"first_word_seconds": -1, "all_parts_seconds": 1}}},
    "a task that is a word": {"task": "inbound"},
    "an understanding of something else": {"understanding": {"words": 1}},
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_is_refused_where_the_row_is_read(damage):
    with pytest.raises(StoreError, match="is damaged"), readable("the greeting"):
        evidence_from_json(DAMAGED[damage])

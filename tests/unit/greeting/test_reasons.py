"""Why a greeting cannot be told is said in words, with what to do."""

from pathlib import Path

import pytest
from tests.unit.greeting.spoken import NAMES, transcript
from voicedesk.greeting.export import as_json
from voicedesk.greeting.model import Doubt, Thresholds
from voicedesk.greeting.reasons import REASONS, explained
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.verdict import judge_greeting

GUIDE = (Path(__file__).parents[3] / "docs" / "greeting.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", list(Doubt))
def test_every_reason_there_is_has_words_a_cure_and_a_line_in_the_guide(reason):
    why = explained(reason.value)
    assert why is REASONS[reason]
    assert all((why.chinese, why.english, why.todo_chinese, why.todo_english))
    assert f"| `{reason.value}` | {why.chinese} |" in GUIDE


@pytest.mark.parametrize("reason", [None, "", "another version's"])
def test_what_is_no_reason_has_no_words(reason):
    assert explained(reason) is None


def test_json_gives_the_reason_beside_its_words_and_what_to_do():
    heard = transcript("")
    told = as_json(heard, judge_greeting(heard, NAMES, shipped_rules(), Thresholds()))
    assert (told["verdict"], told["reason"]) == ("cannot_tell", "no_speech")
    assert told["reason_words"] == REASONS[Doubt.NO_SPEECH].words
    assert "录音" in told["to_do"]
    fine = transcript("您好 社保 中心 请问 您 要 办理 什么 业务")
    told = as_json(fine, judge_greeting(fine, NAMES, shipped_rules(), Thresholds()))
    assert (told["reason"], told["reason_words"], told["to_do"]) == (None, None, None)

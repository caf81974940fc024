"""News as they were kept, and what receivers answer, may be anything: it is told as such."""

import json

import pytest
from voicedesk.webhooks.answers import Fate, read_answer
from voicedesk.webhooks.message import Form, Message

KEPT = ["n1", "ticket", "g", 1_795_421_258_000_000, "title", [["a", "b"]]]


@pytest.mark.parametrize(
    ("place", "value"), [(0, None), (3, "1"), (3, 1e300), (3, -1), (3, 10**18), (4, 5), (5, [[1]])]
)
def test_news_that_are_damaged_cannot_be_read(place, value):
    assert Message.load(json.dumps(KEPT)).title == "title"
    with pytest.raises((ValueError, TypeError)):
        Message.load(json.dumps([*KEPT[:place], value, *KEPT[place + 1 :]]))


@pytest.mark.parametrize("code", ["1e400", "-1e400", "NaN", "9" * 5000, "[" * 5000, "null"])
def test_an_answer_without_a_number_is_no_answer_of_a_robot(code):
    answer = read_answer(Form.WECOM, 200, b'{"errcode": ' + code.encode() + b"}")
    assert answer.fate is Fate.FAILED
    assert len(answer.text) < 300

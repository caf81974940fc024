"""What is noted of a prompt may be anything: the prompt is looked for without it."""

import json

import pytest
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import Pace, PromptBook, Voice

NOTE = {"text": "你好", "words": "ni3 hao3", "voice": "v", "rate": 160}


@pytest.mark.parametrize("id_", ["\ud800", "a\0b", "", "..", "/", 5, None, ["x"], "n" * 5000])
def test_a_note_of_a_name_that_no_file_has_finds_nothing(tmp_path, id_):
    assert found_with(tmp_path, json.dumps({**NOTE, "id": id_})) is None


@pytest.mark.parametrize("text", ["[" * 100_000, "null", "[]", "9" * 5000, "{"])
def test_a_note_that_is_none_finds_nothing(tmp_path, text):
    assert found_with(tmp_path, text) is None


def found_with(folder, text):
    book = PromptBook(folder, {CHINESE: Voice(name="v", rate=160, slow_rate=120)})
    file = book.note_path("你好", CHINESE, Pace.NORMAL)
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return book.find("你好")

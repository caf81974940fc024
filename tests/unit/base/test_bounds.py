"""Numbers and texts from outside."""

import pytest
from voicedesk.bounds import clean_text, whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("16", 16), ("999999999", 999999999), ("1234567890", None), ("9" * 5000, None), ("", None), (None, None)]
    + [(text, None) for text in ("-1", "+1", " 1", "1.0", "1e3", "٣", "²", "1_0")],
)
def test_a_number_is_plain_digits_and_not_too_many(text, number):
    assert whole_number(text) == number


def test_text_that_can_be_kept_is_left_alone():
    assert clean_text("市民 +86 138\t1️⃣") == "市民 +86 138\t1️⃣"
    assert clean_text("a\0\ud83d\ude00") == "a\ufffd😀"
    clean_text("\udcff").encode()

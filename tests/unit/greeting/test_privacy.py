"""Numbers of people that are read aloud in a call are not kept in its transcript."""

import pytest
from tests.unit.greeting.spoken import transcript
from voicedesk.greeting.privacy import text_without_long_numbers, without_long_numbers


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        (
            "身份证号 是 四 一 零 一 零 五 一九 九零 零 三 零 七 对吗",
            "身份证号 是 ＊ ＊ ＊ ＊ ＊ ＊ ＊＊ ＊＊ ＊ ＊ ＊ ＊ 对吗",
        ),
        ("一 三 八 零 [unk] 一 三 八 零 零 零", "＊ ＊ ＊ ＊ [unk] ＊ ＊ ＊ ＊ ＊ ＊"),
        ("您好 零 零 一 二 号 为 您 服务", "您好 零 零 一 二 号 为 您 服务"),
        ("一 二 三 四 五 六 七 八", "一 二 三 四 五 六 七 八"),
    ],
)
def test_a_long_number_is_masked_and_a_staff_number_is_not(heard: str, kept: str) -> None:
    masked = without_long_numbers(transcript(heard))
    assert masked.text == kept
    assert [word.start_seconds for word in masked.words] == [word.start_seconds for word in transcript(heard).words]


def test_a_long_number_is_masked_in_a_remark_too_whatever_divides_it() -> None:
    assert (
        text_without_long_numbers("“一三八,零零一 二三四五”不符（-12.5）") == "“＊＊＊＊＊＊＊＊＊＊＊＊”不符（-12.5）"
    )
    assert text_without_long_numbers("工号一二三四五六七八") == "工号一二三四五六七八"

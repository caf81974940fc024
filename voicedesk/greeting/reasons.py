"""Why a greeting cannot be told, in words, and what to do then: for lists, pages, news and JSON alike."""

from dataclasses import dataclass

from voicedesk.greeting.model import Doubt
from voicedesk.words import Said, in_both


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A reason in Chinese and English, and what to do, in Chinese and English."""

    chinese: str
    english: str
    todo_chinese: str
    todo_english: str

    @property
    def said(self) -> Said:
        """The reason, for a reader who is known later."""
        return Said(self.chinese, self.english)

    @property
    def said_to_do(self) -> Said:
        """What to do, for a reader who is known later."""
        return Said(self.todo_chinese, self.todo_english)

    @property
    def words(self) -> str:
        """The reason, in both languages, or in the one that is spoken."""
        return in_both(self.chinese, self.english)

    @property
    def to_do(self) -> str:
        """What to do, in both languages, or in the one that is spoken."""
        return in_both(self.todo_chinese, self.todo_english)


_LISTEN_CHINESE = "请听录音后人工判定（greeting decide）"
_LISTEN_ENGLISH = "listen to the recording and decide (greeting decide)"

REASONS: dict[Doubt, Explained] = {
    Doubt.NO_SPEECH: Explained(
        chinese="没有听到说话",
        english="nothing was heard",
        todo_chinese=f"{_LISTEN_CHINESE}；若录音无声，检查话机、耳机和静音键",
        todo_english=f"{_LISTEN_ENGLISH}; if it is silent, check the phone, the headset and its mute key",
    ),
    Doubt.NOT_UNDERSTOOD: Explained(
        chinese="声音没有听懂",
        english="the voice was not understood",
        todo_chinese=f"{_LISTEN_CHINESE}；同一话机常见则查杂音，很多人如此则校准模型（model calibrate）",
        todo_english=f"{_LISTEN_ENGLISH}; often at one phone: look for noise; of many people: model calibrate",
    ),
    Doubt.CUT_SHORT: Explained(
        chinese="问候未说完通话就结束了",
        english="the call ended before the greeting need have",
        todo_chinese=f"{_LISTEN_CHINESE}，或看通话为何提前结束（calls show）",
        todo_english=f"{_LISTEN_ENGLISH}, or look why the call ended so early (calls show)",
    ),
    Doubt.NOT_HEARD: Explained(
        chinese="录音没有内容或无法识别",
        english="there is no sound in the recording, or it could not be heard",
        todo_chinese=f"有录音时{_LISTEN_CHINESE}；没有录音时看日志中的 greeting_not_heard，并运行 doctor",
        todo_english=f"with a recording: {_LISTEN_ENGLISH}; without: see greeting_not_heard in the log, and run doctor",
    ),
    Doubt.PART_UNCLEAR: Explained(
        chinese="应有的内容处说了话，但没有听清是不是它",
        english="something was said where a part is missing, and it could be that part",
        todo_chinese=f"{_LISTEN_CHINESE}；若是本单位常用说法，加入部门别名或问候规则（[greeting] rules）",
        todo_english=f"{_LISTEN_ENGLISH}; if people say it so here, add it to the aliases or rules",
    ),
}


def explained(reason: str | None) -> Explained | None:
    """A stored reason in words; None if there is no reason, or this version does not know it."""
    return REASONS.get(Doubt(reason)) if reason in {one.value for one in Doubt} else None

"""What the doctor calls the things it looks at, and how it marks what it found, in Chinese and in English."""

from voicedesk.doctor.finding import Grade
from voicedesk.language.translate import translated
from voicedesk.words import Language, Words, word

SUBJECTS: Words = {
    "calendar": ("日历", "calendar"),
    "calls": ("来电", "calls"),
    "clock": ("时钟", "clock"),
    "database": ("数据库", "database"),
    "disk": ("磁盘", "disk"),
    "house": ("交换机配置", "house"),
    "ivr": ("自助语音", "ivr"),
    "notices": ("告知目录", "notices"),
    "quarantine": ("搁置的内容", "quarantine"),
    "recordings": ("录音", "recordings"),
    "requests": ("请求", "requests"),
    "settings": ("设置", "settings"),
    "speech": ("语音识别", "speech"),
    "spill": ("溢写文件", "spill"),
    "webhooks": ("推送", "webhooks"),
}
"""What has no name of the hall's own; a switch or a line is called as the settings call it."""
WEBHOOK = "webhook "
"""How the subject of a webhook begins; its name follows."""
MARKS: Words = {
    Grade.GOOD: ("正常", "ok  "),
    Grade.NOTE: ("注意", "note"),
    Grade.UNSEEN: ("待查", "?   "),
    Grade.BAD: ("异常", "BAD "),
}
"""What stands before a finding: as wide in either language."""


def subject_words(subject: str, language: Language) -> str:
    """What a finding is about, in a language."""
    return translated(subject, language) if subject.startswith(WEBHOOK) else word(SUBJECTS, subject, language)

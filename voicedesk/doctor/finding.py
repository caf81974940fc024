"""The result of one check: its grade, what was found, why it matters, and the cure."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from voicedesk.words import in_both


class Grade(StrEnum):
    """How a check came out; `bad` alone makes `doctor` fail, `unseen` is what only a call would show."""

    GOOD = "good"
    NOTE = "note"
    UNSEEN = "unseen"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one thing: `subject` (a PBX's name, "disk"), the check's stable name, what, why, and the cure."""

    subject: str
    check: str
    grade: Grade
    what: str
    why: str = ""
    cure: str = ""

    @classmethod
    def good(cls, subject: str, check: str, what: str) -> "Finding":
        """What is as it should be."""
        return cls(subject=subject, check=check, grade=Grade.GOOD, what=what)

    @classmethod
    def note(cls, subject: str, check: str, what: str, why: str = "", cure: str = "") -> "Finding":
        """What people should know of; nothing fails by it."""
        return cls(subject=subject, check=check, grade=Grade.NOTE, what=what, why=why, cure=cure)

    @classmethod
    def unseen(cls, subject: str, check: str, what: str, why: str = "", cure: str = "") -> "Finding":
        """What cannot be told before there was a call."""
        return cls(subject=subject, check=check, grade=Grade.UNSEEN, what=what, why=why, cure=cure)

    @classmethod
    def bad(cls, subject: str, check: str, what: str, why: str = "", cure: str = "") -> "Finding":
        """What must be cured: `doctor` fails by it."""
        return cls(subject=subject, check=check, grade=Grade.BAD, what=what, why=why, cure=cure)

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {key: str(value) for key, value in asdict(self).items()}


def both(chinese: str, english: str) -> str:
    """One text for two readers, Chinese first; in one language alone where one is spoken."""
    return in_both(chinese, english, between=" / ")

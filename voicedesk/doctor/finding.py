"""What a check of the installation found: values that `doctor` shows."""

from dataclasses import asdict, dataclass
from enum import StrEnum


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

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {key: str(value) for key, value in asdict(self).items()}


def finding(  # noqa: PLR0917  # in the order they are read
    subject: str, check: str, grade: Grade, what: str, why: str, cure: str
) -> Finding:
    """A finding with every part of it."""
    return Finding(subject=subject, check=check, grade=grade, what=what, why=why, cure=cure)


def both(chinese: str, english: str) -> str:
    """One text for two readers, Chinese first."""
    return f"{chinese} / {english}"

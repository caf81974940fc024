"""Mandarin syllables and the phones they are made of; tones are not told apart, a greeting needs none."""

from functools import cache
from pathlib import Path

TEXT = Path(__file__).with_name("text")
SILENCE = "SIL"
INITIALS = (
    *("zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l"),
    *("g", "k", "h", "j", "q", "x", "r", "z", "c", "s"),
)
_WRITTEN_SHORT = {"iu": "iou", "ui": "uei", "un": "uen"}
_AFTER_Y = {"ou": "iou", "ong": "iong"}
_AFTER_W = {"u": "u", "ei": "uei", "en": "uen"}


def split(syllable: str) -> tuple[str, str]:
    """Part a toneless pinyin syllable (`ü` written `v`) into its initial, which may be empty, and its full final."""
    head, rest = syllable[0], syllable[1:]
    if head == "y":
        if rest.startswith("u"):
            return "", "v" + rest[1:]
        return "", _AFTER_Y.get(rest) or (rest if rest.startswith("i") else "i" + rest)
    if head == "w":
        return "", _AFTER_W.get(rest, "u" + rest)
    initial = next((i for i in INITIALS if syllable.startswith(i)), "")
    return initial, _full_final(initial, syllable[len(initial) :])


def _full_final(initial: str, final: str) -> str:
    """The final as it sounds: pinyin writes three different vowels as `i`, and `ü` after j, q, x as `u`."""
    if initial in ("j", "q", "x") and final.startswith("u"):
        return "v" + final[1:]
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return "iy"
    if final == "i" and initial in ("z", "c", "s"):
        return "ix"
    return _WRITTEN_SHORT.get(final, final) if initial else final


@cache
def spelling() -> dict[str, str]:
    """Every syllable, and the one-character word that spells it (a character whose usual reading is that syllable)."""
    lines = (TEXT / "syllables.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines)


@cache
def phone_names() -> tuple[str, ...]:
    """All phones; a phone's place in this tuple is the network's output for it."""
    finals = sorted({split(syllable)[1] for syllable in spelling()})
    return (SILENCE, *INITIALS, *finals)


def phones_of(syllable: str) -> tuple[str, ...]:
    """The one or two phones of a toneless syllable."""
    return tuple(part for part in split(syllable) if part)

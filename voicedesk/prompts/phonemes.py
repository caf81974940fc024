"""Pinyin as the phonemes that Kokoro was trained on: those of misaki 0.9.4 for Chinese, syllable by syllable.

The signs and tone arrows are misaki's (Apache-2.0). A table is enough, because a text arrives here as pinyin already:
so a hall's own readings work for this voice too, and neither misaki nor its word cutter has to be installed.
"""

import re
from functools import lru_cache

from voicedesk.errors import InputError

TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    **{"b": "p", "c": "ʦʰ", "ch": "ꭧʰ", "d": "t", "f": "f", "g": "k", "h": "x", "j": "ʨ", "k": "kʰ", "l": "l"},
    **{"m": "m", "n": "n", "p": "pʰ", "q": "ʨʰ", "r": "ɻ", "s": "s", "sh": "ʂ", "t": "tʰ", "x": "ɕ", "z": "ʦ"},
    **{"zh": "ꭧ", "": ""},
}
_FINALS = {
    **{"a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n"},
    **{"eng": "ə0ŋ", "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n"},
    **{"iou": "jou0", "ing": "i0ŋ", "iong": "jʊ0ŋ", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0"},
    **{"uai": "wai0", "uan": "wa0n", "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "o": "wo0"},
    **{"ü": "y0", "üe": "ɥe0", "üan": "ɥɛ0n", "ün": "y0n"},
}
"""`0` is where the tone stands."""
_ALONE = {"er": "ɤ0ɻ", "o": "ɔ0", "ê": "ɛ0", "io": "jɔ0", "m": "m0", "n": "n0", "ng": "ŋ0", "hm": "hm0", "hng": "hŋ0"}
"""Syllables without an initial and a final of the table. For er misaki has `ɚ`, which an ear takes for 啊 or 好; what
stands here it takes for 二."""
_HISSING = {"zh", "ch", "sh", "r", "z", "c", "s"}
"""After these `i` is no vowel of its own (zhi, si)."""
_PIECES = re.compile(r"[a-zêü]+[1-5]|[.,]")


def phonemes(pinyin: str) -> str:
    """Pinyin with tone digits and the marks `,` and `.` as phonemes, with a space after each syllable.

    The space is on purpose: at 8 kHz an ear trained on people then understands more than with whole words.
    Raises InputError for a syllable that Chinese does not have.
    """
    found = ""
    for piece in _PIECES.findall(pinyin.replace("lv", "lü").replace("nv", "nü")):
        found = f"{found.rstrip()}{piece} " if piece in ",." else f"{found}{_syllable(piece)} "
    return found.strip()


@lru_cache(maxsize=2048)
def _syllable(pinyin: str) -> str:
    from pypinyin.contrib.tone_convert import to_finals, to_initials  # as in `pronunciation`

    bare, tone = pinyin[:-1], TONES[pinyin[-1]]
    if bare in _ALONE:
        return _ALONE[bare].replace("0", tone)
    initial, final = to_initials(bare, strict=True), to_finals(bare, strict=True, v_to_u=True)
    if initial not in _INITIALS or final not in _FINALS:
        raise InputError(f"{pinyin!r} is no syllable of Chinese: correct the reading")
    sound = "ɨ0" if final == "i" and initial in _HISSING else _FINALS[final]
    return (_INITIALS[initial] + sound).replace("0", tone)

"""Chinese characters as toneless syllables, and which of them a telephone makes sound alike (S2)."""

from functools import lru_cache

_DIGITS = dict(zip("0123456789", ("零洞", "一幺", "二两", "三", "四", "五", "六", "七拐", "八", "九"), strict=True))
_FLAT_INITIALS = {"zh": "z", "ch": "c", "sh": "s"}
_WRITTEN_ALONE = {"wei": "ui", "wen": "un", "wu": "u", "wo": "uo", "wa": "ua", "wai": "uai", "wan": "uan"}
_WRITTEN_ALONE |= {"yi": "i", "yin": "in", "you": "iu", "ye": "ie", "yao": "iao", "ya": "ia", "yan": "ian", "yu": "u"}
_BACK_FINALS = {"ing": "in", "eng": "en", "ang": "an"}


@lru_cache(maxsize=8192)
def readings(character: str) -> frozenset[str]:
    """Every toneless reading of a character ("行": hang, xing …; "1": yi, yao); what is none reads as itself."""
    if character in _DIGITS:
        return frozenset().union(*map(readings, _DIGITS[character]))
    from pypinyin import Style, pinyin  # its tables take 50 MB, which no process holds that hears nobody

    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True, v_to_u=False)[0])


def load_readings() -> None:
    """Loads the tables of readings now, which takes half a second: who hears calls while it follows them begins so."""
    readings("一")


@lru_cache(maxsize=8192)
def blurred(character: str) -> frozenset[str]:
    """Its readings as a telephone may blur them: zh/z, ch/c, sh/s, n/l, in/ing, en/eng, an/ang are one."""
    return frozenset(map(_blur, readings(character)))


@lru_cache(maxsize=8192)
def rhymes(character: str) -> frozenset[str]:
    """What its readings end on as a telephone may blur them ("喂", "归", "随": ui)."""
    return frozenset(map(_rhyme, blurred(character)))


def _rhyme(syllable: str) -> str:
    rest = syllable.lstrip("bpmfdtnlgkhjqxzcsr")
    return _WRITTEN_ALONE.get(rest, rest)


def _blur(syllable: str) -> str:
    initial = _FLAT_INITIALS.get(syllable[:2])
    if initial:
        syllable = initial + syllable[2:]
    elif len(syllable) > 1 and syllable.startswith("n"):
        syllable = "l" + syllable[1:]
    final = next((back for back in _BACK_FINALS if syllable.endswith(back)), None)
    return syllable.removesuffix(final) + _BACK_FINALS[final] if final else syllable

"""What is told of a comparison: in words for a supervisor, and as plain values that are kept with the verdict."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from voicedesk.greeting.weighing.model import Compared, Weighed, WeighingLimits
from voicedesk.greeting.words import GREETING_PARTS
from voicedesk.language.translate import as_spoken
from voicedesk.words import Language, Said, own_language

MOST_TOLD = 4
WELL, FAIRLY = -5.0, -13.0
"""From this fit on a sentence fits well, and fairly. Chosen between the limits of the weighing."""
NEVER_SCORED = -500.0
_STANDS_FOR = {
    "compliant": Said("规范问候", "the standard greeting"),
    "other order": Said("次序不同", "another order"),
    "other department": Said("其他部门", "another department"),
    "name that nobody has": Said("无此部门", "a department that there is not"),
}
_FITS = (Said("相符", "fits"), Said("勉强相符", "barely fits"), Said("不符", "does not fit"))
_COMPARED = Said("句子比对：", "sentences compared: ")
_WITHOUT = Said("缺", "without ")
_ONE = re.compile(r"([^“；]+)“([^”]*)”([^（；]+)（([-+0-9.]+)）")


def remarks_of(weighed: Weighed) -> Iterator[str]:
    """Remarks for the supervisor, stored in Chinese: the sentences that were compared, how well each fits the sound."""
    told = [one for one in weighed.compared if one.fit > NEVER_SCORED][:MOST_TOLD]
    if told:
        yield str(_COMPARED) + "；".join(f"{_name_of(one)}“{_plain(one)}”{_how_well(one.fit)}" for one in told)
    for phrase in weighed.doubtful:
        yield f"疑似“{phrase}”，未听清，不计"


def remark_as_spoken(remark: str, language: Language | None = None) -> str:
    """A remark of a greeting, stored in Chinese, in a language, else in the one that is spoken."""
    language = language or own_language()
    if language is not Language.ENGLISH or not remark.startswith(_COMPARED):
        return as_spoken(remark, language)
    english = {str(one): one.english for one in (*_STANDS_FOR.values(), *_FITS)}
    english |= {f"{_WITHOUT}{chinese}": f"{_WITHOUT.english}{said}" for chinese, said in GREETING_PARTS.values()}
    found = _ONE.findall(remark.removeprefix(_COMPARED))
    told = [f"{english.get(name, name)} “{text}” {english.get(how, how)} ({fit})" for name, text, how, fit in found]
    return _COMPARED.english + "; ".join(told) if told else remark


def weighed_as_json(weighed: Weighed, limits: WeighingLimits) -> dict[str, Any]:
    """The comparison and the limits it was decided by, as they are kept with the verdict."""
    return {
        "remarks": list(remarks_of(weighed)),
        "kind": weighed.kind.value if weighed.kind else None,
        "sentence": weighed.sentence,
        "heard": list(weighed.heard),
        "compared": [asdict(one) for one in weighed.compared],
        "forbidden": list(weighed.forbidden),
        "doubtful": list(weighed.doubtful),
        "sentences_scored": weighed.asked,
        "limits": asdict(limits),
    }


def _name_of(one: Compared) -> str:
    part = one.stands_for.removeprefix("without ")
    if part != one.stands_for:
        return f"{_WITHOUT}{GREETING_PARTS.get(part, (part, part))[0]}"
    return _STANDS_FOR.get(one.stands_for, one.stands_for)


def _plain(one: Compared) -> str:
    return one.sentence.replace(",", "，")


def _how_well(fit: float) -> str:
    how = _FITS[0 if fit >= WELL else 1 if fit >= FAIRLY else 2]
    return f"{how}（{fit:+.1f}）"

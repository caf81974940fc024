"""What is told of a comparison: in words for a supervisor, and as plain values that are kept with the verdict."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from voicedesk.greeting.weighing.model import Compared, Weighed, WeighingLimits
from voicedesk.greeting.words import GREETING_PARTS

MOST_TOLD = 4
WELL, FAIRLY = -5.0, -13.0
"""From this fit on a sentence fits well, and fairly. Chosen between the limits of the weighing."""
NEVER_SCORED = -500.0
_STANDS_FOR = {
    "compliant": "规范问候",
    "other order": "次序不同",
    "other department": "其他部门",
    "name that nobody has": "无此部门",
}


def remarks_of(weighed: Weighed) -> Iterator[str]:
    """Remarks for the supervisor, in Chinese: the sentences that were compared, and how well each fits the sound."""
    told = [one for one in weighed.compared if one.fit > NEVER_SCORED][:MOST_TOLD]
    if told:
        yield "句子比对：" + "；".join(f"{_name_of(one)}“{_plain(one)}”{_how_well(one.fit)}" for one in told)
    for phrase in weighed.doubtful:
        yield f"疑似“{phrase}”，未听清，不计"


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
        return f"缺{GREETING_PARTS.get(part, (part, part))[0]}"
    return _STANDS_FOR.get(one.stands_for, one.stands_for)


def _plain(one: Compared) -> str:
    return one.sentence.replace(",", "，")


def _how_well(fit: float) -> str:
    how = "相符" if fit >= WELL else "勉强相符" if fit >= FAIRLY else "不符"
    return f"{how}（{fit:+.1f}）"

"""How well a speech model judges labelled greetings: `python -m tools.ear_figures MODEL [FOLDER] [EVERY]`.

MODEL is a folder such as whisper-base. FOLDER has recordings with sidecars, as `audio_fixtures/natural`, which is the
default; of many greetings each EVERY-th is taken. Every greeting is printed with its CPU seconds, then how many were
found, left to a person or wrong: with 1 at its end where anybody was accused wrongly. docs/greeting.md has figures.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from voicedesk.greeting.calibration import weighing_limits_of
from voicedesk.greeting.model import DepartmentNames, GreetingJudgement, GreetingVerdict
from voicedesk.greeting.rules import shipped_rules
from voicedesk.jobs.hearing.check import GreetingChecker
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import read_model

NATURAL = Path(__file__).parent.parent / "audio_fixtures" / "natural"


class Came(StrEnum):
    """What came of one greeting."""

    FOUND = "found"
    LEFT = "left to a person"
    MISSED = "something else"
    WRONG = "WRONG"


def outcome(expected: Mapping[str, Any], judged: GreetingJudgement) -> Came:
    """What came of a greeting of which the sidecar expects this; WRONG: somebody was accused of what is not true."""
    due: Collection[str] = expected["verdicts"]
    verdict = judged.verdict
    said = {one.phrase for one in judged.phrases.forbidden}
    is_adverse = verdict not in (GreetingVerdict.COMPLIANT, GreetingVerdict.CANNOT_TELL)
    is_fine = not set(due) - {GreetingVerdict.COMPLIANT, GreetingVerdict.CANNOT_TELL}
    if (said and not expected["forbidden"]) or (is_fine and is_adverse):
        return Came.WRONG
    if verdict in due and bool(said) == bool(expected["forbidden"]):
        same = not is_adverse or list(judged.missing) == list(expected["missing"])
        return Came.FOUND if same else Came.MISSED
    return Came.LEFT if verdict is GreetingVerdict.CANNOT_TELL else Came.MISSED


def kind_of(expected: Mapping[str, Any]) -> str:
    """The row of the table that a greeting belongs to."""
    if expected["forbidden"]:
        return "forbidden phrase"
    return "compliant" if "compliant" in expected["verdicts"] else str(expected["verdicts"][0])


def main() -> None:
    """Prints every greeting, and the figures."""
    given = sys.argv[1:]
    model = read_model(Path(given[0]))
    folder = Path(given[1]) if len(given) > 1 else NATURAL
    every = int(given[2]) if len(given) > 2 else 1
    listener, rules, weighing = Listener(recognizer_of(model)), shipped_rules(), weighing_limits_of(model)
    came: dict[str, Counter[Came]] = {}
    took: list[float] = []
    labelled = [(file, json.loads(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.json"))]
    for file, label in [one for one in labelled if "department" in one[1]][::every]:
        names = DepartmentNames(name=label["department"], others=tuple(label["others"]))
        began = time.process_time()
        checked = GreetingChecker(listener, names, rules, weighing=weighing).check_file(file.with_suffix(".wav"))
        took.append(time.process_time() - began)
        if checked.judgement is None:
            raise SystemExit(f"{file}: {checked.error}")
        result = outcome(label["expected"], checked.judgement)
        came.setdefault(kind_of(label["expected"]), Counter())[result] += 1
        print(f"{file.stem}: {checked.judgement.verdict}, {result}, {took[-1]:.1f} s", flush=True)
    for kind, counted in sorted(came.items()):
        print(f"{kind} ({counted.total()}): " + ", ".join(f"{count} {what}" for what, count in counted.most_common()))
    took.sort()
    print(f"CPU a greeting: {sum(took) / len(took):.1f} s, 95th percentile {took[int(0.95 * len(took))]:.1f} s")
    sys.exit(any(counted[Came.WRONG] for counted in came.values()))


if __name__ == "__main__":
    main()

"""Draws the caller's map in docs/ivr.md by walking it: every key in every state.

python -m tests.unit.ivr.mapping     # writes it anew
"""

from pathlib import Path

from tests.unit.ivr.test_walk import brought_to
from voicedesk.ivr.keys import KEYS
from voicedesk.ivr.model import Entry, LookUp, State
from voicedesk.sheets.words import IVR_STATES

DOC = Path(__file__).parents[3] / "docs" / "ivr.md"
BEGIN, END = "<!-- map: begin -->\n", "<!-- map: end -->"
NAMES = {
    **{
        state.value: f"{chinese} {state.value}" for state, (chinese, _) in IVR_STATES.items() if state is not State.LEFT
    },
    "person": "人工 person",
    "goodbye": "结束 goodbye",
}


def target(state: State, key: str, **options) -> str:
    """Where a key leads."""
    caller = brought_to(state, sms=True, **options).press(key)
    if isinstance(caller.step, LookUp):
        return "standing"
    return caller.exit or caller.state


def silence(state: State, **options) -> str:
    """Where silence leads in the end."""
    return brought_to(state, **options).to_the_end().listen(2).exit or ""


def drawn() -> str:
    """The map: a picture of the ways, and a table of every key."""
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'    {name}["{title}"]' for name, title in NAMES.items()]
    rows = []
    for state in State:
        if state is State.LEFT:
            continue
        ways: dict[str, list[str]] = {}
        for key in KEYS[state]:
            if not (state in (State.MENU,) and key in "3456") and not (state is State.GROUP and key in "3456789"):
                ways.setdefault(target(state, key), []).append(key)
        ways.pop("", None)
        for where, keys in ways.items():
            if where not in (state.value, "person", "menu"):
                lines.append(f"    {state.value} -- {' '.join(keys)} --> {where}")
        spans = {State.MENU: ("1 2 →", "1–6 →"), State.GROUP: ("1 2 →", "1–9 →")}
        told = "；".join(f"{' '.join(keys)} → {NAMES[where].split()[0]}" for where, keys in ways.items())
        told = told.replace(*spans.get(state, ("→", "→")))
        off = target(state, "0", person_there=False, entry=Entry.OUT_OF_HOURS)
        row = (NAMES[state.value], told, NAMES[off].split()[0], NAMES[silence(state)].split()[0])
        rows.append("| " + " | ".join(row) + " |")
    lines += ["    menu -- 说出名称 speech --> confirm", "    notice -- 播放完毕 heard --> after", "```", ""]
    head = ["| 状态 state | 按键 keys | 0（非工作时间 out of hours） | 两次无声 silence twice |", "|---|---|---|---|"]
    return "\n".join([*lines, *head, *rows]) + "\n"


def main() -> None:
    """Writes the map into the document."""
    text = DOC.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    DOC.write_text(before + BEGIN + drawn() + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()

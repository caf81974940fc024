"""The settings of a house: one line for each of its situations, and every phone that is listed."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testbed.house import Situation


def settings_of(situations: Iterable["Situation"]) -> str:
    """`[[lines]]` and `[[phones]]` in TOML; strings and lists of strings look the same in JSON."""
    tables = []
    for one in situations:
        listed = [f"PJSIP/{name}" for name in (*one.phones, *one.absent)]
        values: dict[str, object] = {"name": one.name, "extensions": [one.line, *one.also], "queues": list(one.queues)}
        values |= {"phones": listed, "limit_seconds": one.limit_seconds}
        if one.limit_seconds < 10:
            values |= {"ring_on_seconds": 0.2, "ring_off_seconds": 0.8, "limit_source": "tests: quick"}
        tables.append(("[[lines]]", values))
        tables += [
            ("[[phones]]", {"endpoint": f"PJSIP/{name}", "extension": name}) for name in (*one.phones, *one.absent)
        ]
    return "\n".join(
        title + "\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        for title, values in tables
    )

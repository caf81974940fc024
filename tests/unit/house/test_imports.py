"""Modules do not import each other in a circle, and a command imports no library that it does not need."""

import subprocess
import sys

import pytest
from tests.testbed.imports import circle, imports, reached, way
from voicedesk.cli.tree import COMMANDS

WEB = {"fastapi", "starlette", "uvicorn", "jinja2", "argon2", "cryptography", "segno"}
HEARING = {"vosk", "faster_whisper", "ctranslate2", "onnxruntime", "numpy", "soxr", "sounddevice"}
SPEAKING = {"pypinyin", "onnxruntime", "pyttsx3"}
HEAVY = WEB | HEARING | SPEAKING | {"alembic", "httpx", "xlsxwriter", "chinese_calendar"}
"""Libraries that take long to import, or much memory, and that few commands need."""
DATABASE = {"sqlalchemy", "aiosqlite", "structlog"}
SOUND = {"numpy", "soxr"}
NEEDS = {
    **dict.fromkeys(["greeting", "practice", "model", "prompts", "notices", "asterisk", "init"], SOUND),
    **dict.fromkeys(["outage", "recordings", "db"], SOUND),  # without a service they speak, list and delete sound
    **dict.fromkeys(["run", "reload", "doctor"], SOUND | {"httpx"}),
    "news": {"httpx"},
    "account": {"argon2"},
}
"""What a command needs of HEAVY as soon as it is named; all others need none."""


def test_no_modules_import_each_other_in_a_circle_not_even_inside_functions_or_for_their_types() -> None:
    assert circle(imports(for_types=True, at_use=True)) == []


def test_a_circle_is_seen() -> None:
    graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}
    assert set(circle(graph)) == {"a", "b", "c"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_no_heavy_library_that_it_does_not_need(command: str) -> None:
    graph = imports(for_types=False, at_use=False)
    start = f"voicedesk.cli.{COMMANDS[command].partition(':')[0]}"
    found = reached(start, graph)
    needless = (HEAVY - NEEDS.get(command, set())) & set(found)
    assert {one: " > ".join(way(one, found)) for one in needless} == {}


SPARED = {
    "--version": HEAVY | DATABASE,
    "config --help": HEAVY | DATABASE,
    "web --help": HEAVY | DATABASE,
    "tickets list --help": HEAVY,
    "run --help": WEB | SPEAKING | HEARING - SOUND | {"alembic", "xlsxwriter"},
}


@pytest.mark.parametrize("typed", SPARED)
def test_what_a_command_did_not_need_is_not_in_memory_when_it_ends(typed: str) -> None:
    program = (
        "import sys\nfrom voicedesk.cli import main\n"
        f"sys.argv = ['voicedesk', *{typed.split()!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code, ended\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=True, text=True)
    assert sorted(SPARED[typed] & set(done.stderr.split())) == []

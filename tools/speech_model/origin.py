"""origin.json: what a built model is, what it was made from, and how well it hears.

Nothing here needs the recipe's tools, so that the tests can ask it whether a model and its recipe belong together.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RECIPE = Path(__file__).parent
ORIGIN = "origin.json"
_SOURCES = ("*.py", "text/*.toml", "text/*.txt", "held_out.toml", "requirements.txt")
# these judge or describe a model, or say how to start the recipe, and change none of its files
_NOT_THE_RECIPE = {"__init__.py", "__main__.py", "origin.py", "scoring.py"}

STATEMENT = (
    "Built from synthetic speech only (espeak-ng). It understands synthetic voices on a telephone line, for tests and "
    "demonstrations. It does not understand people: install a real model for that."
)


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def recipe_files() -> list[Path]:
    """The sources that decide what the model is, in a fixed order."""
    found = {path for pattern in _SOURCES for path in RECIPE.glob(pattern)}
    return sorted(path for path in found if path.name not in _NOT_THE_RECIPE)


def recipe_digest() -> str:
    """One digest over all of them and their names."""
    lines = (f"{digest(path.read_bytes())} {path.relative_to(RECIPE).as_posix()}\n" for path in recipe_files())
    return digest("".join(lines).encode())


def model_files(folder: Path) -> dict[str, str]:
    """Digests of a model's files by their path in it, without origin.json."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ORIGIN)
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in paths}


def write_origin(folder: Path, plan: str, built: str, facts: Mapping[str, Any]) -> None:
    """Write a model's origin.json; `built` is the day, `facts` are figures of its making and its scores."""
    content = {
        "name": plan,
        "statement": STATEMENT,
        "synthetic_voices_only": True,
        "built": built,
        "recipe_sha256": recipe_digest(),
        "files_sha256": model_files(folder),
        **facts,
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    (folder / ORIGIN).write_text(text, encoding="utf-8")

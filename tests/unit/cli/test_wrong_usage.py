"""What can never be carried out, whatever is stored, is wrong usage (exit code 2); a name nobody knows is not (1)."""

import asyncio
from pathlib import Path

import pytest
from voicedesk.store.store import Store

SETTINGS = """
[store]
url = "sqlite:///calls.db"
[[lines]]
name = "4001"
extensions = ["4001"]
[[agents]]
id = "zhang"
name = "张老师"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "voicedesk.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    asyncio.run(made(f"sqlite:///{tmp_path}/calls.db"))
    return file


async def made(url: str) -> None:
    async with Store.open(url):
        pass


@pytest.mark.parametrize(
    "line",
    [
        "calls list --from 2026-13-01",
        "calls list --to 0001-01-01",
        "calls list --number hello",
        "calls list --json --csv",
        "calls agreement --from yesterday",
        "calls decide abc --undo on_time --reason x",
        "greeting list --to 31.12.2026",
        "tickets list --from 9999-12-31T23:59:59-23:00",
        "tickets figures --from x",
        "tickets list --number +",
        "tickets postpone abc --due tomorrow --note x",
        "tickets register callback --group g --note x",
        "breaks list --all --from soon",
        "notices list --from 2026-02-30",
        "db forget hello --yes",
        "news retry",
        "quarantine drop",
        "prompts build --language fr",
    ],
)
def test_what_can_never_be_carried_out_is_wrong_usage(typed, config: Path, line: str) -> None:
    told = typed(*line.split(), "--config", str(config))
    assert (told.code, told.out) == (2, ""), told.err


@pytest.mark.parametrize(
    "line", ["calls list --line 4002", "tickets list --owner li", "calls show abc", "tickets show abc"]
)
def test_a_name_or_an_id_that_nobody_knows_is_no_wrong_usage(typed, config: Path, line: str) -> None:
    told = typed(*line.split(), "--config", str(config))
    assert told.code == 1, told.err

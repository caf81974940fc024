"""Each exit code that the documents promise is the one the program ends with."""

import re
from pathlib import Path

import pytest
from tests.unit.cli.test_absurd_arguments import hall
from voicedesk.desk import asking
from voicedesk.store.requests import Request, Requests, RequestState

ROOT = Path(__file__).parents[3]
DOCS = {file.name: file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md"))}
WRONG = '[hall]\nnmae = "x"\n'
"""Settings with a key that is not there."""

TYPED = {
    ("commands.md", "config check", 2): "config check --config wrong.toml",
    ("commands.md", "config take", 2): "config take wrong.toml",
    ("commands.md", "doctor", 1): "doctor --listen 0",
    ("commands.md", "reload", 2): "reload --config wrong.toml",
    ("commands.md", "replay", 3): "replay empty.raw",
    ("commands.md", "greeting check", 3): "greeting check empty.wav --department 社保",
    ("commands.md", "greeting check", 3, "missing"): "greeting check none.wav --department 社保",
    ("commands.md", "outage stop", 1): "outage stop",
    ("commands.md", "catalogue check", 1): "catalogue check --folder folder",
    ("commands.md", "news test", 1): "news test nobody",
    ("operations.md", "", 2): "reload --config wrong.toml",
    ("settings.md", "", 2): "config check --config wrong.toml",
}
"""Where an exit code is promised, of which command and which one; and a line for which the program keeps it."""
UNKNOWN = (
    "tickets claim abc --by zhang",
    "breaks start 8001 --by zhang",
    "outage start 抢修",
    "outage stop",
    "news retry --all-dead",
    "db forget 13800138000",
    "reload",
    "config take voicedesk.toml",
)
"""Whatever asks the service ends with 4 where nobody knows what came of it."""
ALSO_UNKNOWN = ("calls decide", "calls appeal", "greeting decide", "greeting appeal", "quarantine retry")
"""So do these, by the same way; they look first for what is stored."""
ELSEWHERE = {
    ("commands.md", "model calibrate", 1),  # the next three have tests of the command; what is asked is slow to make
    ("commands.md", "prompts build", 1),
    ("commands.md", "prompts check", 1),
    ("commands.md", "repair", 3),  # tests/integration/test_repair.py: without a gap it reads no log
    ("commands.md", "audit check", 1),  # tests/unit/cli/test_account_commands.py breaks the chain
    ("commands.md", "db prune", 1),  # tests of clock_doubt: it refuses, as every InputError does
    ("commands.md", "reload", 1),  # below: the service refused
    ("prompts.md", "", 1),
    *(("commands.md", name, 4) for name in ("outage start", "Tickets", "breaks start")),
    *((name, "", 4) for name in ("operations.md", "tickets.md")),
}

__all__ = ["hall"]


def promised() -> set[tuple[str, str, int]]:
    """Each exit code that a document names: where, below which command, which one."""
    found = set()
    for name, text in DOCS.items():
        heading = ""
        for part in re.split(r"^(##+ .+)$", text, flags=re.MULTILINE):
            if part.startswith("##"):
                heading = part.lstrip("# ").removeprefix("voicedesk ") if name == "commands.md" else ""
                continue
            told = " ".join(part.split())
            for code in re.findall(r"[Ee]xit code(?: is|:)? (\d)", told) + re.findall(r"is a (\d)\b", told):
                if (name, heading) != ("commands.md", ""):  # what all have in common, above the first command
                    found.add((name, heading, int(code)))
    return found


def test_each_exit_code_of_the_documents_has_a_line_here() -> None:
    assert promised() == {key[:3] for key in TYPED} | ELSEWHERE


@pytest.fixture
def files(hall) -> None:
    """What is typed in the lines above."""
    Path("wrong.toml").write_text(WRONG, encoding="utf-8")
    for name in ("empty.raw", "empty.wav"):
        Path(name).touch()


@pytest.mark.parametrize("promise", list(TYPED), ids=str)
def test_a_command_ends_with_the_exit_code_that_is_promised(typed, files, promise) -> None:
    told = typed(*TYPED[promise].split())
    assert told.code == promise[2], told.err


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch):
    """A service that answers everything in one way."""

    def by(state: RequestState) -> None:
        async def runs(_store: object) -> bool:
            return True

        async def wait_for(_requests: object, request_id: str, _seconds: float) -> Request:
            return Request(id=request_id, kind="x", payload="{}", asked_by="x", state=state, outcome="odd")

        monkeypatch.setattr(asking, "is_running", runs)
        monkeypatch.setattr("voicedesk.cli.db.is_running", runs)
        monkeypatch.setattr(Requests, "wait_for", wait_for)

    return by


@pytest.mark.parametrize("line", UNKNOWN)
def test_what_nobody_knows_of_is_a_4(typed, hall, answered, line: str) -> None:
    answered(RequestState.UNKNOWN)
    told = typed(*line.split())
    assert told.code == 4, told.err
    assert "before you ask again" in told.err


def test_the_list_of_codes_names_every_command_whose_outcome_may_be_unknown() -> None:
    (listed,) = re.findall(r"\*\*4\*\*.*?\((.*?)\)", " ".join(DOCS["commands.md"].split()))
    named = {name.removesuffix(" …") for name in re.findall(r"`([^`]+)`", listed)}
    assert [line for line in UNKNOWN + ALSO_UNKNOWN if not any(f" {name} " in f" {line} " for name in named)] == []


def test_a_service_that_could_not_take_new_settings_is_a_1(typed, hall, answered) -> None:
    answered(RequestState.FAILED)
    assert typed("reload").code == 1

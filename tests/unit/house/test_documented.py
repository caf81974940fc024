"""The house keeps its papers: every setting, every command and every option is described, with an example."""

import re
from pathlib import Path

import pytest
from tests.testbed.command_tree import commands
from voicedesk.jobs.news.news import KINDS
from voicedesk.phones.model import FindingKind
from voicedesk.settings.environment import all_keys

ROOT = Path(__file__).parents[3]
_REGISTRY = re.compile(r"https?://(?:pypi|files\.pythonhosted|deb\.debian|registry\.npmjs)")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def sections(text: str, mark: str) -> dict[str, str]:
    """A document's headings, each with what stands below it."""
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


ALL = {f"voicedesk {name}": command for name, command in commands()}


@pytest.mark.parametrize(("table", "key"), list(all_keys()))
def test_each_setting_is_described(table: str, key: str) -> None:
    described = sections(SETTINGS, "##")
    section = described.get(f"[{table}]") or described.get(f"[[{table}]]")
    assert section is not None
    assert re.search(rf"^\| `{key}` \|", section, flags=re.MULTILINE)


def test_no_setting_is_described_that_is_not_there() -> None:
    described = {(title.strip("[]"), key) for title, text in sections(SETTINGS, "##").items()
                 for key in re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)}  # fmt: skip
    assert described == set(all_keys())


@pytest.mark.parametrize("name", list(ALL))
def test_each_command_is_described_with_all_its_options_and_an_example(name: str) -> None:
    section = sections(COMMANDS, "###")[name]
    options = [option for part in ALL[name].params for option in part.opts if option.startswith("--")]
    assert [
        option for option in options if option != "--help" and option not in section + COMMANDS.split("##")[0]
    ] == []
    assert re.search(rf"^    {name}\b", section, flags=re.MULTILINE)


@pytest.mark.parametrize("name", list(ALL))
def test_each_command_s_help_has_an_example_that_can_be_typed(name: str) -> None:
    found = re.search(r"Example: `(voicedesk [^`]+)`", ALL[name].help or "")
    assert found is not None
    assert found[1].startswith(name)


@pytest.mark.parametrize("name", list(ALL))
def test_each_option_and_argument_is_explained(name: str) -> None:
    assert [part.name for part in ALL[name].params if not getattr(part, "help", None)] == []


def test_no_command_is_described_that_is_not_there() -> None:
    assert set(sections(COMMANDS, "###")) == set(ALL)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_document_points_only_at_files_that_are_there(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_each_kind_of_news_is_known_and_described() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "voicedesk").rglob("*.py"))
    told = set(re.findall(r'\bkind="(\w+)",\s+at=', code)) | set(re.findall(r'_tell_of\(\s*"(\w+)"', code))
    told |= {f"{kind}{ending}" for kind in FindingKind for ending in ("", "_over")}
    assert told <= set(KINDS)
    described = re.findall(r"^\| `(\w+)` \| (\S+) \|", (ROOT / "docs" / "news.md").read_text("utf-8"), re.MULTILINE)
    assert dict(described) == dict(KINDS)


def test_no_address_of_a_package_registry_is_written_down() -> None:
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", *(ROOT / "requirements").glob("*.txt")]
    assert [file.name for file in files if _REGISTRY.search(file.read_text(encoding="utf-8"))] == []

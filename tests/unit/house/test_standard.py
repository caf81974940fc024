"""docs/standard.md holds every clause of the service standard that anything cites, and says which file decides it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STANDARD = ROOT / "docs" / "standard.md"
READ = (".md", ".py", ".toml", ".conf", ".txt")
_CLAUSE = re.compile(r"\bS\d+\b")
_SUPPRESSED = re.compile(r"# noqa:[A-Z0-9, ]+")
"""Numbers of the linter's rules look like clauses."""
_HEADINGS = re.split(r"^## (S\d+)$", STANDARD.read_text(encoding="utf-8").split("\n## What")[0], flags=re.MULTILINE)
CLAUSES = dict(zip(_HEADINGS[1::2], _HEADINGS[2::2], strict=True))


def citations() -> dict[str, set[str]]:
    """The clauses that are cited, each with the files that cite it."""
    files = [*ROOT.glob("README*.md")]
    files += [file for room in ("voicedesk", "docs", "dialplans", "prompts") for file in (ROOT / room).rglob("*")]
    found: dict[str, set[str]] = {}
    for file in files:
        if file.suffix in READ and file != STANDARD:
            for clause in _CLAUSE.findall(_SUPPRESSED.sub("", file.read_text(encoding="utf-8"))):
                found.setdefault(clause, set()).add(str(file.relative_to(ROOT)))
    return found


CITED = citations()


def test_every_clause_that_is_cited_stands_in_the_standard() -> None:
    assert {clause: files for clause, files in CITED.items() if clause not in CLAUSES} == {}


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_is_cited_somewhere_or_says_why_not(clause: str) -> None:
    assert (clause in CITED) != ("**Not built**:" in CLAUSES[clause])


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_is_given_in_chinese_and_in_english_with_its_source(clause: str) -> None:
    chinese, *rest = CLAUSES[clause].strip().split("\n\n")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    for said in ("**In English**:", "**Source**:"):
        assert said in rest[0]
    assert ("**Here**:" in rest[0] and "**Decided by**:" in rest[0]) or "**Not built**:" in rest[0]


def test_the_clauses_are_numbered_without_a_hole() -> None:
    assert list(CLAUSES) == [f"S{number}" for number in range(1, 19)]


def test_what_the_standard_points_at_is_there() -> None:
    text = STANDARD.read_text(encoding="utf-8")
    files = set(re.findall(r"`(voicedesk/[\w./]+)`", text)) | {
        f"docs/{link}" for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    }
    assert [file for file in sorted(files) if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "README.zh.md", "CONTRIBUTING.md", "docs/glossary.md"])
def test_whoever_reads_a_document_finds_the_way_to_the_standard(document: str) -> None:
    assert re.search(r"\]\((docs/)?standard\.md\)", (ROOT / document).read_text(encoding="utf-8"))

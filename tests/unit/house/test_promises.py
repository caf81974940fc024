"""Every promise names a test that exists, and every fault that concerns this version has one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROMISES = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
KINDS = (ROOT / "docs" / "houses.md").read_text(encoding="utf-8")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}
FAULTS = [*range(1, 42), *range(44, 65), *range(66, 75), 77, 78, 80, 82]
"""The faults that concern the manager interface, tracker, IVR, tickets, news, speech, store, settings and process, and
signing in."""
PENDING = {int(number) for number in re.findall(r"^- fault (\d+):", PROMISES, re.MULTILINE)}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PROMISES + KINDS))))
def test_a_test_that_a_promise_names_exists(name: str) -> None:
    assert name in TESTS


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_listed_and_has_a_test_of_its_own(fault: int) -> None:
    has_test = any(re.match(rf"test_fault_0?{fault}_", name) for name in TESTS)
    if fault in PENDING:
        assert not has_test, f"fault {fault} has a test by now: take it into the table"
        return
    assert has_test
    claimed = re.search(
        rf"^\| {fault} \| .+ \| `test_fault_0?{fault}_\w+`(?: and (\d+) more)? \|$", PROMISES, re.MULTILINE
    )
    assert claimed
    assert int(claimed[1] or 0) < sum(re.match(rf"test_fault_0?{fault}_", name) is not None for name in TESTS)


def test_every_promise_names_a_test() -> None:
    rows = [line for line in PROMISES.splitlines() if line.startswith("| ") and " | proved by |" not in line]
    assert len(rows) > 60
    assert [line for line in rows if "`test_" not in line] == []

"""The rooms where a wrong line accuses, loses, leaks or dials, and the tests that hold what each of them promises."""

from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
WORK = HOUSE / ".mutation"
"""What is remembered between runs: which mutants were tried, and what became of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`sources` are mutated one line at a time; a mutant is killed when a test among `tests` (pytest's words) fails."""

    name: str
    risk: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> list[str]:
        """The Python files of the room, by their paths from the project's root."""
        found = [one for source in self.sources for one in sorted(HOUSE.glob(source))]
        return [str(one.relative_to(HOUSE)) for one in found if one.name != "__init__.py"]


_WRITING = ("test_trouble", "test_store", "test_what_does_not_fit", "test_on_disk", "test_another_file")
_KEEPING = ("test_store", "test_forgetting", "test_what_is_forgotten", "test_quarantine", "test_tickets",
            "test_decisions", "test_deliveries", "test_consultations", "test_phones")  # fmt: skip
_SLOW = "not postgresql and not fault_67 and not server_that_lost and not of_a_year and not whole_lease"


def _contracts(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*(f"tests/contracts/store/{name}.py" for name in names), "-k", _SLOW)


ROOMS = {
    room.name: room
    for room in (
        Room(
            name="web_address",
            risk="leaks",
            sources=("voicedesk/web_address.py",),
            tests=(
                "tests/unit/base/test_web_address.py",
                "tests/unit/base/test_urls_at_the_edge.py",
                "tests/unit/settings/test_webhook_settings.py",
            ),
        ),
        Room(
            name="dial_rules",
            risk="dials",
            sources=("voicedesk/tickets/dial_rules.py", "voicedesk/phone_numbers.py"),
            tests=(
                "tests/unit/tickets",
                "--ignore=tests/unit/tickets/test_year.py",
                "tests/unit/base/test_phone_numbers.py",
                "tests/unit/base/test_numbers_at_the_edge.py",
                "tests/unit/base/test_number_plan.py",
            ),
        ),
        Room(
            name="log",
            risk="leaks",
            sources=("voicedesk/log.py",),
            tests=("tests/unit/base/test_log.py", "tests/unit/base/test_log_every_spelling.py"),
        ),
        Room(
            name="number_masking",
            risk="leaks",
            sources=("voicedesk/number_masking.py", "voicedesk/written_digits.py"),
            tests=(
                "tests/unit/base/test_number_masking.py",
                "tests/unit/base/test_number_groups.py",
                "tests/unit/base/test_written_digits.py",
                "tests/unit/base/test_log.py",
                "tests/unit/base/test_log_every_spelling.py",
            ),
        ),
        Room(
            name="screen",
            risk="accuses",
            sources=("voicedesk/ami/screen.py",),
            tests=("tests/unit/ami", "--ignore=tests/unit/ami/test_message.py", "-k", "not fault_9 and not fault_10"),
        ),
        Room(
            name="writer",
            risk="loses",
            sources=(
                "voicedesk/store/writer.py",
                "voicedesk/store/spill.py",
                "voicedesk/store/batch.py",
                "voicedesk/store/backlog.py",
                "voicedesk/store/committing.py",
            ),
            tests=("tests/unit/store/test_spill.py", *_contracts(_WRITING)),
        ),
        Room(
            name="retention",
            risk="loses, leaks",
            sources=("voicedesk/store/retention.py", "voicedesk/store/forgetting.py", "voicedesk/phone_traces.py"),
            tests=("tests/unit/base/test_phone_traces.py", *_contracts(_KEEPING)),
        ),
        Room(
            name="calls",
            risk="accuses",
            sources=("voicedesk/calls/*.py",),
            tests=("tests/unit/calls", "tests/histories"),
        ),
    )
}

"""What every command shares: options, exit codes, ways to speak."""

import asyncio
import csv
import json
import re
import sys
from collections.abc import Coroutine, Iterable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from voicedesk.clock import to_datetime
from voicedesk.desk import moments
from voicedesk.english_counts import counted
from voicedesk.errors import WrongUsage
from voicedesk.language.translate import translated
from voicedesk.log import UNSAFE, printable, printable_lines
from voicedesk.settings import Settings, load_settings
from voicedesk.sheets.comma import inert
from voicedesk.words import SPOKEN, Language, in_both

OK, ERROR, USAGE, DAMAGED, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 4, 130


def path_of(text: str) -> Path:
    """The file or folder that was typed. Raises WrongUsage for an empty one: it would be the folder one is in."""
    if not text.strip() or "\0" in text:
        raise WrongUsage(f"{text!r} is no file and no folder: write its name, or . for this folder")
    return Path(text)


FromOption = Annotated[str | None, typer.Option("--from", help="Only from this date or time on.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Only before this date or time.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The settings file; else $VOICEDESK_CONFIG, ./voicedesk.toml, /etc/voicedesk/.",
        parser=path_of,
        metavar="PATH",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Plain JSON, for programs.")]

T = TypeVar("T")
_NAMED = 5
_SHOWN = 100
_ENDLESS = re.compile(r"\S{500,}")


def settings_of(config: Path | None) -> Settings:
    """The settings, or SettingsError."""
    return load_settings(config)


def wait(work: Coroutine[Any, Any, T]) -> T:
    """Runs async work to its end; rows of the database that could not be read on the way are said on standard error."""
    from voicedesk.store.unread import ON_UNREAD  # only with a database: `--version` does not wait for SQLAlchemy

    unread: list[str] = []
    before = ON_UNREAD.set(lambda _error, about, _content: unread.append(about))
    try:
        return asyncio.run(work)
    finally:
        ON_UNREAD.reset(before)
        if unread:
            which = ", ".join(unread[:_NAMED]) + (" …" if len(unread) > _NAMED else "")
            count = len(unread)
            said = in_both(f"有 {count} 行已损坏、读不出", f"{counted(count, 'rows')} cannot be read, being damaged")
            complain(f"{said}: {which}: put back from a backup")


def say(text: str) -> None:
    """A line on standard output: whatever stored text is in it, it stays one line and moves no cursor.

    What is filled into a text of ours stays as it is, for people may have written it: say it in the reader's language
    before. A line that has no words of ours between its values is said by `say_as_it_is`.
    """
    sys.stdout.write(f"{printable(translated(text, of_values=False))}\n")


def say_as_it_is(text: str) -> None:
    """A line on standard output in which nothing is looked up: what people wrote, or what a program reads again."""
    sys.stdout.write(f"{printable(text)}\n")


def say_lines(text: str) -> None:
    """A text of several lines on standard output; for texts of ours, since a stored one could add lines to it."""
    sys.stdout.write(f"{printable_lines(translated(text))}\n")


def say_answer(text: str) -> None:
    """What the service answered, which may be a list of texts, on standard output."""
    sys.stdout.write(f"{printable(translated(text, of_parts=True))}\n")


def complain(text: str) -> None:
    """A complaint on standard error; of a value without end that was typed only the beginning is repeated."""
    sys.stderr.write(f"voicedesk: {printable_lines(in_short(translated(text, of_parts=True)))}\n")


def in_short(text: str) -> str:
    """A text in which a word of thousands of characters is cut."""
    return _ENDLESS.sub(lambda found: f"{found[0][:_SHOWN]}…", text)


def complain_unsettled(text: str) -> None:
    """A complaint of the settings: where they name no language, or cannot be read, in Chinese and then in English."""
    chinese = translated(text, Language.CHINESE, of_parts=True)
    if SPOKEN.get() is None and chinese != text:
        sys.stderr.write(f"voicedesk: {printable_lines(in_short(chinese))}\n")
    complain(text)


def say_json(value: object) -> None:
    """A value as JSON on standard output: the value itself, with what a terminal would obey written as \\uXXXX."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    sys.stdout.write("\n".join(UNSAFE.sub(_escaped, line) for line in text.split("\n")) + "\n")


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def say_csv(rows: Iterable[Mapping[str, object]], columns: list[str]) -> None:
    """Rows as CSV; a cell that a spreadsheet would take for a formula is quoted by an apostrophe."""
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(row.get(column)) for column in columns})


def _cell(value: object) -> object:
    if isinstance(value, str):
        return inert(value)
    return "" if value is None else value


def local_time(us: int | None, zone: tzinfo, pattern: str = "%m-%d %H:%M:%S") -> str:
    """An instant as the hall's clocks show it."""
    return "" if us is None else to_datetime(us).astimezone(zone).strftime(pattern)


def local_span(from_at: int, to_at: int | None, zone: tzinfo) -> str:
    """From when to when, as the hall's clocks show it; a gap that begins with time itself has no first hour."""
    begun = local_time(from_at, zone) if from_at > 0 else in_both("起初", "the beginning")
    return f"{begun} … {local_time(to_at, zone)}"


def span(since: str | None, until: str | None, zone: tzinfo) -> tuple[int | None, int | None]:
    """What `--from` and `--to` mean, in the hall's time. Raises WrongUsage where nothing lies between them."""
    return moments.span(since, until, zone)


def moment(text: str | None, zone: tzinfo) -> int | None:
    """Microseconds of a date or time a person typed ("2026-11-23" or "2026-11-23 14:30"), in the hall's time."""
    return moments.moment(text, zone)

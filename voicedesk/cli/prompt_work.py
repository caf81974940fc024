"""How long work on prompts is watched and told: a bar or lines while it goes on, then what was built and heard."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from voicedesk.cli.common import complain, say, say_as_it_is, say_json
from voicedesk.hall.prompt_building import BuiltPrompts, ProgressOf
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import PromptBook, text_id
from voicedesk.prompts.hearing_back import HeardPrompt
from voicedesk.settings import Settings
from voicedesk.words import in_both

FEW = 20
TELL_SECONDS = 15.0
"""So often a log or a pipe is told how far it is."""
_WORK = {"speaking": ("合成", "speaking"), "hearing": ("回听", "hearing")}


@contextmanager
def progress_of() -> Iterator[ProgressOf]:
    """Shows how far each part of the work is: by a bar on a screen, else by a line now and then."""
    if not sys.stderr.isatty():
        yield lambda work: in_lines(work, time.monotonic)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def shown(work: str) -> Callable[[int, int], None]:
            task = bar.add_task(in_both(*_WORK[work]), total=None)
            return lambda done, of: bar.update(task, completed=done, total=of)

        yield shown


def in_lines(work: str, clock: Callable[[], float]) -> Callable[[int, int], None]:
    """Tells how far it is where nobody sees a bar: at once, and a line now and then; nothing of what is soon done."""
    last = [clock() - TELL_SECONDS]

    def told(done: int, of: int) -> None:
        if of > FEW and done < of and clock() >= last[0] + TELL_SECONDS:
            last[0] = clock()
            complain(f"{in_both(*_WORK[work])} {done}/{of}")

    return told


def as_json(built: BuiltPrompts) -> dict[str, object]:
    """What came of a build, for programs; `unclear` is null where no ear for people listened."""
    return {
        "kept": built.kept,
        "shipped": built.shipped,
        "spoken": built.spoken,
        "recorded": built.recorded,
        "failed": [{"text": text, "reason": why} for text, why in built.failed],
        "unclear": None if built.unclear is None else [_row(one) for one in built.unclear],
    }


def tell(built: BuiltPrompts) -> None:
    """Says what came of a build. What failed for one reason is told together."""
    reasons: dict[str, list[str]] = {}
    for text, why in built.failed:
        reasons.setdefault(why, []).append(text)
    for why, texts in reasons.items():
        if len(texts) > 1:
            complain(f"{texts[0]} (and {len(texts) - 1} other sounds): {why}")
        else:
            complain(f"{texts[0]}: {why}")
    if built.unheard:
        complain(f"nobody heard whether callers understand it: {built.unheard}")
    if built.unclear:
        complain(f"callers may not understand {len(built.unclear)} of them: voicedesk prompts list --unclear")
    said = (
        f"{built.spoken} spoken, {built.recorded} taken from recordings, {built.kept} were there, "
        f"{len(built.failed)} failed"
    )
    say(said)
    if built.shipped:
        say(f"{built.shipped} sounds of the natural voice came with Voicedesk")


def tell_heard(prompts: Sequence[HeardPrompt], book: PromptBook, settings: Settings, *, json: bool) -> bool:
    """Lists what is unclear, with what was heard and how it was read, and says what to do; whether any is unclear."""
    unclear = [one for one in prompts if one.clarity is not None and one.clarity.is_unclear]
    unheard = sum(one.clarity is None for one in prompts)
    if json:
        say_json([{**_row(one), "read": _read(one, book)} for one in unclear])
    else:
        _say_heard(prompts, unclear, book)
    if unheard:
        complain(f"{unheard} sounds were not heard yet: voicedesk prompts check")
    if unclear:
        own = f"{settings.prompts.texts}/{CHINESE}" if settings.prompts.texts else "the folder of [prompts] texts"
        complain(
            f"what is read wrongly: give its reading in readings.toml ({own}), then voicedesk prompts build; "
            "what is read rightly: say it in plainer words, or let a person say it: voicedesk prompts record ID"
        )
    return bool(unclear)


def _say_heard(prompts: Sequence[HeardPrompt], unclear: Sequence[HeardPrompt], book: PromptBook) -> None:
    for one in unclear:
        if one.clarity is None:
            continue
        say_as_it_is(f"{text_id(one.wanted.text)}  {one.clarity.share:4.0%}  {one.pace:<6}  {one.wanted.text}")
        say(f"    {in_both('听成', 'heard')}: {one.clarity.heard or '…'}")
        if (read := _read(one, book)) is not None:
            say(f"    {in_both('读作', 'read')}: {read}")
    heard = [one.clarity for one in prompts if one.clarity is not None]
    wrong, of = sum(one.wrong for one in heard), sum(one.of for one in heard)
    say(f"{len(heard)} heard: {wrong / max(of, 1):.1%} of {of} syllables not understood, {len(unclear)} unclear")


def _row(one: HeardPrompt) -> dict[str, object]:
    clarity = one.clarity
    return {
        "id": text_id(one.wanted.text),
        "pace": str(one.pace),
        "text": one.wanted.text,
        "heard": clarity.heard if clarity else None,
        "wrong": round(clarity.share, 3) if clarity else None,
    }


def _read(one: HeardPrompt, book: PromptBook) -> str | None:
    """The pinyin that the voice was given; None for a person's recording."""
    note = book.note(one.wanted.text, one.wanted.language, one.pace)
    return note.words if note is not None and note.id == one.path.name else None

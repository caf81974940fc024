"""What `doctor` says of the IVR: its sounds, its folder, and whether it listens."""

import asyncio
import os
from collections.abc import Iterator
from datetime import date

from voicedesk.doctor.finding import Finding
from voicedesk.errors import InputError
from voicedesk.hall.prompts import book_of, wanted_of
from voicedesk.prompts.build import spoilt
from voicedesk.settings import Settings

KNOCK_SECONDS = 2.0


async def check_ivr(settings: Settings, day: date) -> list[Finding]:
    """Everything about it; one note where there is none."""
    if settings.ivr.address is None:
        cure = "to tell callers: [ivr] listen, voicedesk prompts build, voicedesk asterisk snippet ivr"
        return [Finding.note("ivr", "ivr", "there is no IVR: callers whom nobody answers are told nothing", cure=cure)]
    found = list(_folder(settings))
    try:
        found += _sounds(settings, day)
    except InputError as error:
        found.append(Finding.bad("ivr", "texts", str(error)))
    return [*found, await _listens(*settings.ivr.address)]


def _sounds(settings: Settings, day: date) -> Iterator[Finding]:
    book, wanted = book_of(settings), wanted_of(settings, day)
    missing = sum(book.find(one.text, language=one.language) is None for one in wanted)
    broken = spoilt(wanted, book)
    if broken:
        what = f"{len(broken)} sounds are empty, cut off or of another format, such as {broken[0]}"
        why = "callers hear another rendering, noise or nothing"
        yield Finding.bad("ivr", "format", what, why, "voicedesk prompts build")
    if missing:
        what = f"{missing} of {len(wanted)} texts have no sound"
        cure = "voicedesk prompts build; which ones: voicedesk prompts list --missing"
        yield Finding.bad("ivr", "prompts", what, "they are left out", cure)
    else:
        yield Finding.good("ivr", "prompts", f"{len(wanted)} texts, all with a sound")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.ivr.folder
    if folder is None:
        why = "nobody is asked to speak, and complaints are noted without a message"
        yield Finding.note("ivr", "callers", "[ivr] folder is not set", why)
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        cure = "make it, belonging to Asterisk's user and Voicedesk's group (chmod 2770)"
        yield Finding.bad("ivr", "callers", f"{folder} cannot be read and written", cure=cure)


async def _listens(host: str, port: int) -> Finding:
    try:
        async with asyncio.timeout(KNOCK_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        why = "callers go on to the queue"
        return Finding.unseen("ivr", "agi", f"nothing listens on {host}:{port}", why, "voicedesk run")
    writer.close()
    return Finding.good("ivr", "agi", f"something listens on {host}:{port}")

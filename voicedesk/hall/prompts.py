"""What a hall's callers hear, put together from its settings: the texts that are wanted, and where their sounds are."""

import re
from collections.abc import Mapping
from datetime import date

from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Catalogue, Item
from voicedesk.catalogue.script import script
from voicedesk.ivr.model import Menu, MenuGroup, MenuItem, SpokenPart
from voicedesk.ivr.wording import CHINESE, ENGLISH, RECORDING_NOTICE, WELCOME, WELCOME_NAMED, Frame
from voicedesk.prompts import kokoro
from voicedesk.prompts.book import COMMAND, FIRST_VOICE, KOKORO, PIPER, PYTTSX3, PromptBook, Voice
from voicedesk.prompts.build import Wanted, wanted_texts
from voicedesk.prompts.pronunciation import Pronunciation, load_pronunciation, shipped_pronunciation
from voicedesk.prompts.texts import load_frames
from voicedesk.settings import Settings
from voicedesk.settings.model import PromptsTable
from voicedesk.texts_folder import shipped_texts

_HANZI = re.compile("[\u3400-\u9fff]")
_FIRST_VOICES = {PYTTSX3: FIRST_VOICE, KOKORO: kokoro.VOICES[0]}
"""What speaks where the settings name no voice; a program has its own."""


def book_of(settings: Settings) -> PromptBook:
    """The prompts that the settings name."""
    table = settings.prompts
    english = Voice(name=table.english_voice, rate=table.rate, slow_rate=table.slow_rate)
    return PromptBook(table.folder, {CHINESE: chinese_voice(table), ENGLISH: english})


def chinese_voice(table: PromptsTable) -> Voice:
    """The voice that speaks Chinese; `auto` is Kokoro where it is installed, and pyttsx3 where it is not.

    A voice whose name holds a slash is one of pyttsx3's: a hall that named it keeps it.
    """
    engine: str = table.engine
    if engine == "auto":
        engine = KOKORO if kokoro.is_installed() and "/" not in table.voice else PYTTSX3
    return Voice(
        name=table.voice or _FIRST_VOICES.get(engine, engine),
        rate=table.rate,
        slow_rate=table.slow_rate,
        engine=engine,
        model=str(table.model) if table.model and engine in (KOKORO, PIPER) else "",
        program=table.command if engine == COMMAND else (),
    )


def lent_voice(table: PromptsTable) -> Voice | None:
    """The natural voice whose shipped sounds a hall is lent that has none and chose none; None for every other hall."""
    if table.engine != "auto" or table.voice or chinese_voice(table).engine == KOKORO:
        return None
    return Voice(name=_FIRST_VOICES[KOKORO], rate=table.rate, slow_rate=table.slow_rate, engine=KOKORO)


def pronunciation_of(settings: Settings) -> Pronunciation:
    """How Chinese is read: the shipped readings and the hall's own, which win. Raises InputError for a wrong file."""
    own = settings.prompts.texts / CHINESE / "readings.toml" if settings.prompts.texts else None
    return load_pronunciation(own) if own and own.exists() else shipped_pronunciation()


def frames_of(settings: Settings) -> Mapping[str, Frame]:
    """The texts around the items. Raises InputError for a file of the hall's own that is wrong."""
    return load_frames(settings.prompts.texts or shipped_texts())


def welcomes_of(settings: Settings) -> Mapping[str | None, str]:
    """What callers of each line hear first, by the line's name; None is for a line that the settings do not have.

    It names the line (`spoken_name`), else the hall if its name is Chinese; a welcome of the hall's own in
    `frame.toml` comes before the hall's name. Raises InputError for a file of the hall's own that is wrong.
    """
    frame, hall = frames_of(settings)[CHINESE], settings.hall.name
    is_own = frame[WELCOME] != load_frames(shipped_texts())[CHINESE][WELCOME]
    general = frame[WELCOME] if is_own or not _HANZI.search(hall) else _welcome(frame, hall)
    of_lines = {line.name: line.spoken_name for line in settings.lines}
    return {None: general} | {line: _welcome(frame, name) if name else general for line, name in of_lines.items()}


def _welcome(frame: Frame, name: str) -> str:
    return frame[WELCOME_NAMED].replace("{name}", name)


def catalogue_of(settings: Settings) -> Catalogue:
    """The hall's catalogue, or the samples that came with Voicedesk."""
    return load_catalogue(settings.notices.folder or shipped_texts() / CHINESE)


def menu_of(catalogue: Catalogue, day: date, *, samples: bool) -> Menu:
    """What callers may be told on a day."""
    return Menu(
        groups=tuple(MenuGroup(key=group.key, name=group.name) for group in catalogue.groups),
        items=tuple(_menu_item(item) for item in catalogue.spoken_on(day, samples=samples)),
    )


def wanted_of(settings: Settings, day: date) -> tuple[Wanted, ...]:
    """Every text that needs a sound: what is told on a day, and what was published for later."""
    catalogue = catalogue_of(settings)
    later = (one for one in catalogue.versions if one.publication and one.publication.effective > day)
    items = [*catalogue.spoken_on(day, samples=settings.notices.samples), *later]
    every = wanted_texts(frames_of(settings), (group.name for group in catalogue.groups), items)
    return tuple(dict.fromkeys([*(Wanted(text=text) for text in welcomes_of(settings).values()), *every]))


def wanted_by_service(settings: Settings, day: date) -> tuple[Wanted, ...]:
    """What the service itself has spoken: everything for an IVR; else the notice, where calls are recorded."""
    if settings.ivr.address is not None:
        return wanted_of(settings, day)
    if not any(pbx.recordings for pbx in settings.pbx):
        return ()
    return (Wanted(text=frames_of(settings)[CHINESE][RECORDING_NOTICE]),)


def _menu_item(item: Item) -> MenuItem:
    return MenuItem(
        id=item.id,
        version=item.version,
        name=item.name,
        aliases=item.aliases,
        group=item.group,
        key=item.key,
        parts=tuple(SpokenPart(part=one.part, sentences=one.sentences) for one in script(item)),
    )

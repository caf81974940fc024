"""What is told today: the catalogue, the menu, the words around it, and where their sounds are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import structlog

from voicedesk.catalogue.model import Catalogue
from voicedesk.clock import NowUs, to_datetime
from voicedesk.hall.prompts import book_of, catalogue_of, frames_of, menu_of, wanted_of, welcomes_of
from voicedesk.ivr.model import Menu, Texts
from voicedesk.ivr.wording import CHINESE, Wording
from voicedesk.prompts.book import PromptBook
from voicedesk.settings import Settings

_LEAST = ("welcome", "menu_keys", "menu_person", "goodbye")
"""The least there is to say in a walk; a menu that is silent would be worse than none."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What is told on one day."""

    menu: Menu
    words: Wording
    book: PromptBook
    catalogue: Catalogue
    welcomes: Mapping[str | None, str]

    def words_for(self, line: str | None) -> Wording:
        """The words that callers of a line hear: with its own welcome, as soon as that has a sound."""
        welcome = self.welcomes.get(line) or self.welcomes.get(None)
        return self.words if welcome is None or self.book.find(welcome) is None else self.words.with_welcome(welcome)

    def has_sound(self, texts: Texts) -> bool:
        """Whether each of some texts has a sound."""
        return all(self.book.find(one.text) is not None for one in texts)

    @property
    def can_speak(self) -> bool:
        """Whether the least there is to say has a sound."""
        return all(self.has_sound(self.words.say(key, CHINESE)) for key in _LEAST)


Stock = Callable[[Settings, date], Shelf]
"""Makes what is told on a day. May raise InputError: the texts cannot be read."""


class DailyShelf:
    """Keeps what is told today; makes it anew on each day, because items begin and expire, and for new settings."""

    def __init__(self, settings: Settings, now: NowUs, stock: Stock) -> None:
        self._settings, self._now, self._stock = settings, now, stock
        self._day: date | None = None
        self._shelf: Shelf | None = None

    def change_settings(self, settings: Settings) -> None:
        """Reads catalogue and texts again, at the next call."""
        self._settings = settings
        self._shelf = None

    def today(self) -> Shelf:
        """What is told today. Raises InputError where the texts cannot be read."""
        day = to_datetime(self._now()).astimezone(self._settings.hall.zone).date()
        if self._shelf is None or self._day != day:
            self._shelf, self._day = self._stock(self._settings, day), day
        return self._shelf


def stocked(settings: Settings, day: date) -> Shelf:
    """What is told on a day; says in the log what is wrong with it. Raises InputError where it cannot be read."""
    catalogue, book = catalogue_of(settings), book_of(settings)
    for problem in catalogue.problems:
        _log.error("catalogue_problem", problem=str(problem))
    for item in catalogue.expired_on(day):
        _log.warning("item_expired", item=item.id, name=item.name)
    wanted = wanted_of(settings, day)
    missing = sum(book.find(one.text, language=one.language) is None for one in wanted)
    if missing:
        _log.error("prompts_missing", count=missing, of=len(wanted), cure="voicedesk prompts build")
    menu = menu_of(catalogue, day, samples=settings.notices.samples)
    return Shelf(
        menu=menu,
        words=Wording(frames_of(settings)),
        book=book,
        catalogue=catalogue,
        welcomes=welcomes_of(settings),
    )

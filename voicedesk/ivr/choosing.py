"""How a caller chooses an item: by the keys of the menu and of a group, or by saying its name."""

from voicedesk.ivr.keys import Command
from voicedesk.ivr.model import Menu, MenuItem, Said, State, Texts
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.turns import Go, RecordingNotice, Turn

MISHEARD = 2
"""After so many spoken names that were not understood only keys are asked for."""


class Choosing:
    """Knows the group that was chosen, and the item that was understood. `can_hear`: items may be chosen by voice."""

    def __init__(self, menu: Menu, screens: Screens, recording: RecordingNotice, *, can_hear: bool) -> None:
        self._menu, self._screens, self._recording, self._can_hear = menu, screens, recording, can_hear
        self._misheard = 0
        self._group = ""
        self._understood: MenuItem | None = None

    def menu(self, before: Texts) -> Turn:
        """The main menu is said; the caller may speak as well, as long as that is understood."""
        names = self._can_hear and bool(self._menu.items) and self._misheard < MISHEARD
        if names:
            before = self._recording.following(before)
        return self._screens.play(before + self._screens.menu(names=names), names=names)

    def group(self, before: Texts) -> Turn:
        """The items of the chosen group are said."""
        return self._screens.play(before + self._screens.group(self._group))

    def confirm(self, before: Texts) -> Turn:
        """The item that was understood is read back."""
        return self._screens.play(before + self._screens.confirm(self.understood))

    def offers(self, command: Command, key: str) -> bool:
        """Whether a group or an item stands under a key."""
        if command is Command.GROUP:
            return any(group.key == key for group in self._menu.offered())
        return any(item.key == key for item in self._menu.in_group(self._group))

    def choose_group(self, key: str) -> Turn:
        """The caller pressed the key of a group."""
        self._group = key
        return Go(state=State.GROUP)

    def item_at(self, key: str) -> MenuItem:
        """The item under a key of the chosen group."""
        return next(item for item in self._menu.in_group(self._group) if item.key == key)

    def said(self, said: Said) -> Turn:
        """The caller spoke."""
        item = self._menu.item(said.item_id) if said.item_id else None
        if item is None:
            self._misheard += 1
            return Go(state=State.MENU, before=self._screens.say("misheard"))
        self._understood = item
        return Go(state=State.CONFIRM)

    @property
    def understood(self) -> MenuItem:
        """The item that was understood when the caller spoke."""
        if self._understood is None:
            raise AssertionError("an item is confirmed that nobody named")  # pragma: no cover
        return self._understood

    def refused(self) -> Turn:
        """The item that was read back is not the one the caller meant."""
        self._misheard += 1
        return Go(state=State.MENU)

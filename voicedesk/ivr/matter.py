"""What a caller asks by a tracking code: where the matter of an earlier call stands, and a second visit that failed."""

from voicedesk.ivr.model import AskDigits, LookUp, Menu, MenuItem, Standing, State, Texts
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.tracking_code import LENGTH, is_code
from voicedesk.ivr.turns import Go, Patience, Turn


class Matter:
    """Knows where the matter of the last code stands, and its item, if that is still on the menu."""

    def __init__(self, menu: Menu, screens: Screens, patience: Patience) -> None:
        self._menu, self._screens, self._patience = menu, screens, patience
        self._standing: Standing | None = None
        self.item: MenuItem | None = None

    @property
    def code(self) -> str | None:
        """The code of the matter; None: no code led to one."""
        return self._standing.code if self._standing is not None else None

    def ask_code(self, before: Texts) -> Turn:
        """A code is asked for."""
        return AskDigits(texts=before + self._screens.say("ask_code"), limit=LENGTH, slow=self._screens.slow)

    def typed(self, digits: str) -> Turn:
        """The caller typed a code."""
        return LookUp(code=digits) if is_code(digits) else self._unknown()

    def found(self, standing: Standing | None) -> Turn:
        """What the code led to; None: there is no such code."""
        if standing is None:
            return self._unknown()
        self._patience.right()
        self._standing = standing
        self.item = self._menu.item(standing.item_id) if standing.item_id else None
        return Go(state=State.STANDING)

    def standing(self, before: Texts) -> Turn:
        """Where the matter stands is said."""
        if self._standing is None:
            raise AssertionError("no code was looked up")  # pragma: no cover
        return self._screens.play(before + self._screens.standing(self._standing, has_item=self.item is not None))

    def second_visit(self, before: Texts) -> Turn:
        """The caller is asked whether a second visit failed."""
        return self._screens.play(before + self._screens.second_visit())

    def _unknown(self) -> Turn:
        return self._patience.wrong(State.CODE, self._screens.say("code_unknown"))

"""What the phases of a walk answer, and what they share: how much patience is left, and who was told of recording."""

from dataclasses import dataclass

from voicedesk.ivr.model import State, Step, Texts
from voicedesk.ivr.screens import Screens

WRONG_KEYS = 3
"""At this many wrong keys in a row the caller is taken on to a person (S17)."""
SILENCES = 2
"""At this many silences in a row the caller is taken on to a person (S17)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The caller goes on to a state, or hears its texts again; `before` is said before the state's own texts."""

    state: State
    before: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPerson:
    """The caller wants a person, or cannot go on alone. `is_silent`: because nothing came from the caller."""

    before: Texts = ()
    is_silent: bool = False


Turn = Step | Go | ToPerson
"""A phase answers with a step that is carried out, with a state to go on to, or with a caller who needs a person."""


class Patience:
    """Counts wrong keys and silences in a row. A key that does something, or a spoken word, begins both anew."""

    def __init__(self) -> None:
        self.wrong_keys = 0
        self._silences = 0

    def understood(self) -> None:
        """The caller pressed a key that does something, or spoke."""
        self.wrong_keys = self._silences = 0

    def right(self) -> None:
        """What was typed is right; silences still count."""
        self.wrong_keys = 0

    def not_silent(self) -> None:
        """Something came from the caller; whether it was right is not said yet."""
        self._silences = 0

    def wrong(self, state: State, said: Texts) -> Turn:
        """One more wrong key, or number: `said` and the state again; at `WRONG_KEYS` a person."""
        self.wrong_keys += 1
        return ToPerson(before=said) if self.wrong_keys >= WRONG_KEYS else Go(state=state, before=said)

    def silent(self) -> bool:
        """One more silence; True if the caller is to be taken on to a person."""
        self._silences += 1
        return self._silences >= SILENCES


class RecordingNotice:
    """Nobody is recorded before the notice of recording was played to its end; after that it is not said again."""

    def __init__(self, screens: Screens) -> None:
        self._screens = screens
        self._is_heard = False
        self._heard_after: int | None = None

    def following(self, before: Texts) -> Texts:
        """`before`, and the notice after it if the caller has not heard it yet."""
        if self._is_heard:
            return before
        texts = before + self._screens.say("privacy")
        self._heard_after = len(texts)
        return texts

    def played(self, finished: int) -> None:
        """`finished` texts of the last step were played to the end."""
        self._is_heard |= self._heard_after is not None and finished >= self._heard_after
        self._heard_after = None

    def heard(self) -> None:
        """The caller was recorded: that begins only after the notice."""
        self._is_heard = True
        self._heard_after = None

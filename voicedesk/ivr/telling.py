"""How an item is told: part by part, forwards and backwards, slower, and how far each part was heard."""

from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import MenuItem, Play, Spoken, State, Texts
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.turns import Go, Turn


class Telling:
    """Knows the item, the part that is told, and what of it is being played. `sms`: it can be sent in writing."""

    def __init__(self, ledger: Ledger, screens: Screens, *, sms: bool) -> None:
        self._ledger, self._screens = ledger, screens
        self.offers_sms = sms
        self._item: MenuItem | None = None
        self._part = 0
        self._playing: tuple[int, int] | None = None

    def tell(self, item: MenuItem) -> Turn:
        """The telling of an item begins with its first part."""
        self._item, self._part = item, 0
        self._ledger.open_notice(item, slow=self._screens.slow)
        return Go(state=State.NOTICE, before=self._screens.notice_intro(item))

    def part(self, before: Texts) -> Turn:
        """The current part is said."""
        sentences = self._told.parts[self._part].sentences
        self._playing = (self._part, len(before))
        texts = before + tuple(Spoken(text=sentence) for sentence in sentences)
        return Play(texts=texts, slow=self._screens.slow)

    def after(self, before: Texts) -> Turn:
        """What the caller may do after the last part is said."""
        return self._screens.play(before + self._screens.after(sms=self.offers_sms))

    def played(self, finished: int) -> None:
        """`finished` texts of the last step were played to the end: notes how far a part was heard."""
        playing, self._playing = self._playing, None
        if playing is not None:
            part, before = playing
            self._ledger.heard(part, max(finished - before, 0))

    def next_part(self) -> Turn:
        """On to the next part; after the last one the notice is over."""
        if self._part + 1 >= len(self._told.parts):
            return Go(state=State.AFTER, before=self._screens.say("notice_end"))
        self._part += 1
        return Go(state=State.NOTICE)

    def previous_part(self) -> Turn:
        """Back to the part before; the first one is told again."""
        self._part = max(self._part - 1, 0)
        return Go(state=State.NOTICE)

    def part_again(self) -> Turn:
        """The current part is told again, slowly if that was asked for."""
        self._ledger.slowed(self._screens.slow)
        return Go(state=State.NOTICE)

    def item_again(self) -> Turn:
        """The whole item is told again."""
        return self.tell(self._told)

    def send_sms(self, number: str | None) -> Turn:
        """The caller wants the notice as a text message; it is offered once."""
        self._ledger.send_sms(number)
        self.offers_sms = False
        return Go(state=State.DONE, before=self._screens.say("sms_sent"))

    @property
    def _told(self) -> MenuItem:
        if self._item is None:
            raise AssertionError("a part is told of no item")  # pragma: no cover
        return self._item

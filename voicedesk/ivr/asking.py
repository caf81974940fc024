"""What a caller asks of the desk: to be called back, at which number, and a message that is recorded."""

from collections.abc import Callable

from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import AskDigits, Recorded, RequestKind, State, TakeMessage, Texts
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.turns import Go, Patience, RecordingNotice, ToPerson, Turn

MESSAGE_SECONDS = 180.0
SHORTEST_MESSAGE_SECONDS = 1.0
NUMBER_DIGITS = 12
"""The longest number there is: 0, an area code of two or three digits, and eight digits; a mobile number has 11."""
LONGEST_SHORT_NUMBER = 6
"""A number of so few digits is a service (110, 12345) or an inside number: nobody can be called back there."""


class CallingBack:
    """Knows for what a number is asked, and which one was typed. `number` is the caller's own, None if withheld.

    `normalise` gives a typed number its one form, None if it is none.
    """

    def __init__(
        self,
        ledger: Ledger,
        screens: Screens,
        patience: Patience,
        *,
        number: str | None,
        normalise: Callable[[str], str | None],
    ) -> None:
        self._ledger, self._screens, self._patience = ledger, screens, patience
        self._number, self._normalise = number, normalise
        self._asked_for = RequestKind.CALLBACK
        self._earlier: str | None = None
        self._typed: str | None = None

    def callback(self, before: Texts) -> Turn:
        """The caller's own number is read back; a withheld one is asked for."""
        self._asked_for = RequestKind.CALLBACK
        if self._number is None:
            return Go(state=State.NUMBER, before=before + self._screens.say("no_number"))
        return self._screens.play(before + self._screens.callback(self._number))

    def ask_number(self, before: Texts) -> Turn:
        """A number is asked for."""
        texts = before + self._screens.say("ask_number")
        return AskDigits(texts=texts, limit=NUMBER_DIGITS, slow=self._screens.slow)

    def confirm_number(self, before: Texts) -> Turn:
        """The number that was typed is read back."""
        if self._typed is None:
            raise AssertionError("a number is confirmed that nobody typed")  # pragma: no cover
        return self._screens.play(before + self._screens.number_confirm(self._typed))

    def typed(self, digits: str) -> Turn:
        """The caller typed a number."""
        number = self._normalise(digits)
        if number is None or len(number) <= LONGEST_SHORT_NUMBER:
            return self._patience.wrong(State.NUMBER, self._screens.say("number_wrong"))
        self._patience.right()
        self._typed = number
        return Go(state=State.NUMBER_CONFIRM)

    def at_own_number(self) -> Turn:
        """A callback is noted, at the number the call comes from."""
        return self._note(RequestKind.CALLBACK, self._number)

    def at_typed_number(self) -> Turn:
        """What the number was asked for is noted, at that number."""
        return self._note(self._asked_for, self._typed)

    def second_visit(self, earlier: str | None) -> Turn:
        """A second visit that failed is noted, with the code of the earlier call; a withheld number is asked for."""
        self._asked_for, self._earlier = RequestKind.SECOND_VISIT, earlier
        if self._number is None:
            return Go(state=State.NUMBER, before=self._screens.say("no_number"))
        return self._note(RequestKind.SECOND_VISIT, self._number)

    def _note(self, kind: RequestKind, number: str | None) -> Turn:
        earlier = self._earlier if kind is RequestKind.SECOND_VISIT else None
        self._ledger.request(kind, number, earlier=earlier)
        said = self._screens.say(f"{kind.value}_done") + self._screens.code_twice()
        return Go(state=State.DONE, before=said)


class Complaint:
    """Takes a complaint as a recorded message; `number` is the caller's own, None if withheld."""

    def __init__(
        self, ledger: Ledger, screens: Screens, patience: Patience, recording: RecordingNotice, *, number: str | None
    ) -> None:
        self._ledger, self._screens, self._patience = ledger, screens, patience
        self._recording, self._number = recording, number

    def ask(self, before: Texts) -> Turn:
        """The caller is asked for the message."""
        texts = self._recording.following(before) + self._screens.say("complaint_ask")
        return TakeMessage(texts=texts, most_seconds=MESSAGE_SECONDS, slow=self._screens.slow)

    def recorded(self, message: Recorded) -> Turn:
        """The recording is over."""
        if not is_message(message):
            said = self._screens.say("complaint_empty")
            return ToPerson(before=said) if self._patience.silent() else Go(state=State.COMPLAINT, before=said)
        self._patience.not_silent()
        self._ledger.request(RequestKind.COMPLAINT, self._number, file=message.file, seconds=message.seconds)
        said = self._screens.say("complaint_done") + self._screens.code_twice()
        return ToPerson(before=said) if message.key == "0" else Go(state=State.DONE, before=said)


def is_message(recorded: Recorded) -> bool:
    """Whether a recording is long enough to be a message."""
    return recorded.seconds >= SHORTEST_MESSAGE_SECONDS

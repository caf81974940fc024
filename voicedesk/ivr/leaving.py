"""How a walk ends: with a person where one is there, else with a request for a callback, never with nothing."""

from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import Exit, Leave, RequestKind, State, Texts
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.turns import Go, Patience, ToPerson, Turn

_ASKS_FOR_CALLBACK = frozenset({State.CALLBACK, State.NUMBER, State.NUMBER_CONFIRM})


class Leaving:
    """Decides where a caller is led who needs a person. `number` is the caller's own, None if withheld."""

    def __init__(
        self, ledger: Ledger, screens: Screens, patience: Patience, *, number: str | None, person_there: bool
    ) -> None:
        self._ledger, self._screens, self._patience = ledger, screens, patience
        self._number, self._person_there = number, person_there

    def person(self, state: State, asked: ToPerson) -> Turn:
        """A person; where none is there a request for a callback; where that was asked for already, the end."""
        before, say = asked.before, self._screens.say
        if asked.is_silent and state is State.DONE:
            return self._leave(Exit.GOODBYE, before + say("goodbye"))
        if self._person_there:
            return self._leave(Exit.PERSON, before + say("to_person"))
        if asked.is_silent and state is State.AFTER:
            return self._leave(Exit.GOODBYE, before + say("goodbye"))
        if self._ledger.has_request:
            return self._leave(Exit.GOODBYE, before + say("no_person") + say("goodbye"))
        if asked.is_silent or self._patience.wrong_keys or state in _ASKS_FOR_CALLBACK:
            return self._register(before)
        return Go(state=State.CALLBACK, before=before + say("no_person"))

    def _register(self, before: Texts) -> Turn:
        """Whoever cannot be reached by keys is called back at the number the call came from."""
        if self._number is None:
            return self._leave(Exit.GOODBYE, before + self._screens.say("call_later"))
        self._ledger.request(RequestKind.CALLBACK, self._number)
        said = self._screens.say("callback_registered") + self._screens.code_twice()
        return self._leave(Exit.GOODBYE, before + said + self._screens.say("goodbye"))

    def _leave(self, how: Exit, texts: Texts) -> Turn:
        self._ledger.leave(how)
        return Leave(texts=texts, exit=how, slow=self._screens.slow)

"""The caller's walk: what happens at each key, word or silence. Pure: no socket, no clock, no chance of its own.

`start` gives the first step; each step's outcome goes to `take`, which gives the next one, until `Leave`. What each
key does where is `keys.KEYS`. Beside the keys:

 * a wrong key for the third time, silence for the second time: a person; out of hours a request for a callback (S17).
 * a spoken item is read back and confirmed by a key; misheard twice, only keys are asked for.
 * out of hours, or where nobody answered for the second time, 0 leads to a request for a callback: never to nowhere.
 * after `LONGEST_US` the caller is taken on as if 0 was pressed.

The walk knows in which state the caller is, and leads from state to state. What happens within the states is a phase's:
`choosing` an item, `telling` it, `asking` something of the desk, the `matter` of a code, `leaving`. A phase knows
nothing of the others: it answers with the next step, or with the state to go on to (`turns`).
"""

from collections.abc import Callable

from voicedesk.clock import MICROSECONDS
from voicedesk.ivr.asking import CallingBack, Complaint, is_message
from voicedesk.ivr.choosing import Choosing
from voicedesk.ivr.keys import KEYS, Command
from voicedesk.ivr.leaving import Leaving
from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.matter import Matter
from voicedesk.ivr.model import (
    Consultation,
    Entry,
    Input,
    Leave,
    LookedUp,
    Menu,
    Played,
    Recorded,
    Said,
    State,
    Step,
    Texts,
    Typed,
)
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.telling import Telling
from voicedesk.ivr.turns import Go, Patience, RecordingNotice, ToPerson, Turn
from voicedesk.ivr.wording import Wording

LONGEST_US = 30 * 60 * MICROSECONDS
_LEADS_TO = {
    Command.BACK: State.MENU,
    Command.OTHER_ITEM: State.MENU,
    Command.CALLBACK: State.CALLBACK,
    Command.COMPLAINT: State.COMPLAINT,
    Command.CODE: State.CODE,
    Command.SECOND_VISIT: State.SECOND_VISIT,
}
"""The commands that do nothing but lead to a state, from wherever the caller is."""


class Walk:
    """One caller's walk. `number` is the caller's own, None if withheld; `person_there`: 0 rings a person now.

    `normalise` gives a typed number its one form, None if it is none. `can_hear`: items may be chosen by voice.
    `sms`: the notice can be sent to the caller's number. `again`: nobody answered for the second time.
    """

    def __init__(
        self,
        menu: Menu,
        words: Wording,
        *,
        code: str,
        entry: Entry,
        at: int,
        number: str | None,
        normalise: Callable[[str], str | None],
        person_there: bool,
        can_hear: bool = False,
        sms: bool = False,
        again: bool = False,
    ) -> None:
        self.state = State.MENU
        self._words, self._entry, self._number, self._again = words, entry, number, again
        self._ledger = ledger = Ledger(code, entry, at)
        self._screens = screens = Screens(menu, words, code, person_there=person_there)
        self._patience = patience = Patience()
        self._recording = recording = RecordingNotice(screens)
        self._choosing = Choosing(menu, screens, recording, can_hear=can_hear)
        self._telling = Telling(ledger, screens, sms=sms)
        self._calling_back = CallingBack(ledger, screens, patience, number=number, normalise=normalise)
        self._complaint = Complaint(ledger, screens, patience, recording, number=number)
        self._matter = Matter(menu, screens, patience)
        self._leaving = Leaving(ledger, screens, patience, number=number, person_there=person_there)
        self._enters = self._texts_of_states()
        self._does = self._effects_of_commands()

    # --- the four verbs

    def start(self) -> Step:
        """The first step."""
        texts = self._say("welcome")
        if self._again:
            return self._step(Go(state=State.CALLBACK, before=self._say("still_nobody")))
        if self._entry in (Entry.OVERFLOW, Entry.OUT_OF_HOURS):
            texts += self._say(self._entry.value)
        return self._step(Go(state=State.MENU, before=texts))

    def take(self, outcome: Input, at: int) -> Step:
        """What came of the last step; `at` in microseconds. Returns the next one."""
        self._ledger.at(at)
        return self._step(self._turn(outcome, at))

    def hang_up(self, at: int, finished: int = 0) -> None:
        """The caller hung up; `finished` texts of the last step had been played to the end."""
        self._ledger.at(at)
        self._played(finished)

    def consultation(self) -> Consultation:
        """What there is to keep so far."""
        return self._ledger.consultation(self.state, self._screens.language)

    # --- from state to state

    def _step(self, turn: Turn) -> Step:
        """The step that a turn leads to; the state becomes the one that the caller is led to."""
        while True:
            match turn:
                case Go():
                    self.state = turn.state
                    turn = self._enters[turn.state](turn.before)
                case ToPerson():
                    turn = self._leaving.person(self.state, turn)
                case Leave():
                    self.state = State.LEFT
                    return turn
                case _:
                    return turn

    def _texts_of_states(self) -> dict[State, Callable[[Texts], Turn]]:
        """What is said in each state, after some texts; a state that is repeated says the same."""
        return {
            State.MENU: self._choosing.menu,
            State.GROUP: self._choosing.group,
            State.CONFIRM: self._choosing.confirm,
            State.NOTICE: self._telling.part,
            State.AFTER: self._telling.after,
            State.CALLBACK: self._calling_back.callback,
            State.NUMBER: self._calling_back.ask_number,
            State.NUMBER_CONFIRM: self._calling_back.confirm_number,
            State.COMPLAINT: self._complaint.ask,
            State.CODE: self._matter.ask_code,
            State.STANDING: self._matter.standing,
            State.SECOND_VISIT: self._matter.second_visit,
            State.DONE: lambda before: self._screens.play(before + self._screens.done()),
        }

    # --- keys, words, digits, silence

    def _turn(self, outcome: Input, at: int) -> Turn:
        match outcome:
            case Played():
                self._played(outcome.finished)
                is_too_long = at - self._ledger.started_at > LONGEST_US
                return ToPerson() if is_too_long else self._key_or_nothing(outcome.key)
            case Said():
                self._recording.heard()
                self._patience.understood()
                return self._choosing.said(outcome)
            case Typed():
                return self._typed(outcome.digits)
            case Recorded():
                self._recording.heard()
                if outcome.key in ("0", "*") and not is_message(outcome):
                    return self._key(outcome.key)
                return self._complaint.recorded(outcome)
            case LookedUp():
                return self._matter.found(outcome.standing)

    def _played(self, finished: int) -> None:
        self._recording.played(finished)
        self._telling.played(finished)

    def _key(self, key: str) -> Turn:
        self._ledger.key(self.state, key)
        command = KEYS[self.state].get(key)
        if command is None or not self._offers(command, key):
            return self._patience.wrong(self.state, self._say("invalid"))
        self._patience.understood()
        if command in _LEADS_TO:
            return Go(state=_LEADS_TO[command])
        return self._does[command](key)

    def _offers(self, command: Command, key: str) -> bool:
        match command:
            case Command.GROUP | Command.ITEM:
                return self._choosing.offers(command, key)
            case Command.SMS:
                return self._telling.offers_sms
            case Command.AGAIN if self.state is State.STANDING:
                return self._matter.item is not None
            case Command.LANGUAGE:
                return len(self._words.languages) > 1
            case _:
                return True

    def _effects_of_commands(self) -> dict[Command, Callable[[str], Turn]]:
        """What each other command does, given its key."""
        return {
            Command.PERSON: lambda _: ToPerson(),
            Command.REPEAT: lambda _: Go(state=self.state),
            Command.LANGUAGE: lambda _: self._switch_language(),
            Command.GROUP: self._choosing.choose_group,
            Command.ITEM: lambda key: self._telling.tell(self._choosing.item_at(key)),
            Command.AGAIN: lambda _: self._tell_again(),
            Command.SLOWER: lambda _: self._tell_slower(),
            Command.NEXT_PART: lambda _: self._telling.next_part(),
            Command.PREVIOUS_PART: lambda _: self._telling.previous_part(),
            Command.SMS: lambda _: self._telling.send_sms(self._number),
            Command.YES: lambda _: self._yes(),
            Command.NO: lambda _: self._no(),
        }

    def _switch_language(self) -> Turn:
        languages = self._words.languages
        here = languages.index(self._screens.language)
        self._screens.language = languages[(here + 1) % len(languages)]
        return Go(state=State.MENU)

    def _tell_slower(self) -> Turn:
        self._screens.slow = True
        return self._tell_again()

    def _tell_again(self) -> Turn:
        if self.state is State.NOTICE:
            return self._telling.part_again()
        if self.state is State.STANDING and self._matter.item is not None:
            return self._telling.tell(self._matter.item)
        return self._telling.item_again()

    def _yes(self) -> Turn:
        match self.state:
            case State.CONFIRM:
                return self._telling.tell(self._choosing.understood)
            case State.CALLBACK:
                return self._calling_back.at_own_number()
            case State.NUMBER_CONFIRM:
                return self._calling_back.at_typed_number()
            case _:
                return self._calling_back.second_visit(self._matter.code)

    def _no(self) -> Turn:
        match self.state:
            case State.CONFIRM:
                return self._choosing.refused()
            case State.SECOND_VISIT:
                return Go(state=State.STANDING)
            case _:
                return Go(state=State.NUMBER)

    def _key_or_nothing(self, key: str | None) -> Turn:
        """The texts were played; where no key comes, a notice goes on by itself."""
        if key:
            return self._key(key)
        return self._telling.next_part() if self.state is State.NOTICE else self._silent()

    def _silent(self) -> Turn:
        said = self._say("no_input")
        return ToPerson(before=said, is_silent=True) if self._patience.silent() else Go(state=self.state, before=said)

    def _typed(self, typed: str) -> Turn:
        """Digits came; a number or a code is never kept among the keys."""
        self._ledger.key(self.state, typed if typed in ("0", "*") else "…" if typed else "")
        if typed == "0":
            return ToPerson()
        if typed == "*":
            return Go(state=State.MENU)
        if not typed:
            return self._silent()
        self._patience.not_silent()
        return self._calling_back.typed(typed) if self.state is State.NUMBER else self._matter.typed(typed)

    def _say(self, key: str) -> Texts:
        return self._screens.say(key)

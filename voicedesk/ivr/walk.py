"""The caller's walk: what happens at each key, word or silence. Pure: no socket, no clock, no chance of its own.

`start` gives the first step; each step's outcome goes to `take`, which gives the next one, until `Leave`. What each
key does where is `keys.KEYS`. Beside the keys:

 * a wrong key for the third time, silence for the second time: a person; out of hours a request for a callback (S17).
 * a spoken item is read back and confirmed by a key; misheard twice, only keys are asked for.
 * out of hours, or where nobody answered for the second time, 0 leads to a request for a callback: never to nowhere.
 * after `LONGEST_US` the caller is taken on as if 0 was pressed.
"""

from collections.abc import Callable
from typing import TypeVar

from voicedesk.clock import MICROSECONDS
from voicedesk.ivr.keys import KEYS, Command
from voicedesk.ivr.ledger import Ledger
from voicedesk.ivr.model import (
    AskDigits,
    Consultation,
    Entry,
    Exit,
    Input,
    Leave,
    LookedUp,
    LookUp,
    Menu,
    MenuItem,
    Play,
    Played,
    Recorded,
    RequestKind,
    Said,
    Spoken,
    Standing,
    State,
    Step,
    TakeMessage,
    Texts,
    Typed,
)
from voicedesk.ivr.screens import Screens
from voicedesk.ivr.tracking_code import LENGTH, is_code
from voicedesk.ivr.wording import Wording

T = TypeVar("T")
WRONG_KEYS = 3
SILENCES = 2
MISHEARD = 2
WAIT_SECONDS = 6.0
MESSAGE_SECONDS = 180.0
SHORTEST_MESSAGE_SECONDS = 1.0
NUMBER_DIGITS = 12
LONGEST_US = 30 * 60 * MICROSECONDS


class Walk:
    """One caller's walk. `number` is the caller's own, None if withheld; `person_there`: 0 rings a person now.

    `normalise` gives a typed number its one form, None if it is none. `can_hear`: items may be chosen by voice.
    `sms`: the notice can be sent to the caller's number.
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
        self._menu, self._words = menu, words
        self._entry, self._number, self._normalise = entry, number, normalise
        self._person_there, self._can_hear, self._sms, self._again = person_there, can_hear, sms, again
        self._ledger = Ledger(code, entry, at)
        self._screens = Screens(menu, words, code, person_there=person_there)
        self._slow = False
        self._wrong_keys = self._silences = self._misheard = 0
        self._group = ""
        self._item: MenuItem | None = None
        self._part = 0
        self._typed_number: str | None = None
        self._standing: Standing | None = None
        self.state = State.MENU
        self._asked_for = RequestKind.CALLBACK
        self._playing: tuple[int, int] | None = None
        self._is_told = False
        self._told_after: int | None = None

    # --- the four verbs

    def start(self) -> Step:
        """The first step."""
        texts = self._say("welcome")
        if self._again:
            return self._to_callback(self._say("still_nobody"))
        if self._entry in (Entry.OVERFLOW, Entry.OUT_OF_HOURS):
            texts += self._say(self._entry.value)
        return self._to_menu(texts)

    def take(self, outcome: Input, at: int) -> Step:
        """What came of the last step; `at` in microseconds. Returns the next one."""
        self._ledger.at(at)
        match outcome:
            case Played():
                self._played(outcome.finished)
                if at - self._ledger.started_at > LONGEST_US:
                    return self._to_person(())
                return self._key(outcome.key) if outcome.key else self._nothing()
            case Said():
                self._is_told = True
                return self._said(outcome)
            case Typed():
                return self._typed(outcome.digits)
            case Recorded():
                return self._recorded(outcome)
            case LookedUp():
                return self._looked_up(outcome.standing)

    def hang_up(self, at: int, finished: int = 0) -> None:
        """The caller hung up; `finished` texts of the last step had been played to the end."""
        self._ledger.at(at)
        self._played(finished)

    def consultation(self) -> Consultation:
        """What there is to keep so far."""
        return self._ledger.consultation(self.state, self._screens.language)

    # --- keys, words, silence

    def _key(self, key: str) -> Step:
        self._ledger.key(self.state, key)
        command = KEYS[self.state].get(key)
        if command is None or not self._offers(command, key):
            return self._wrong_key()
        self._wrong_keys = self._silences = 0
        return self._do(command, key)

    def _offers(self, command: Command, key: str) -> bool:
        match command:
            case Command.GROUP:
                return any(group.key == key for group in self._menu.offered())
            case Command.ITEM:
                return any(item.key == key for item in self._menu.in_group(self._group))
            case Command.SMS:
                return self._sms
            case Command.AGAIN if self.state is State.STANDING:
                return self._item is not None
            case Command.LANGUAGE:
                return len(self._words.languages) > 1
            case _:
                return True

    def _do(self, command: Command, key: str) -> Step:
        if command in _PARTS:
            return self._within_notice(command)
        if command in _ENTERS:
            return _ENTERS[command](self, ())
        return {
            Command.REPEAT: lambda: self._repeat(()),
            Command.LANGUAGE: self._switch_language,
            Command.GROUP: lambda: self._choose_group(key),
            Command.ITEM: lambda: self._choose_item(key),
            Command.SMS: self._send_sms,
            Command.YES: self._yes,
            Command.NO: self._no,
        }[command]()

    def _switch_language(self) -> Step:
        languages = self._words.languages
        here = languages.index(self._screens.language)
        self._screens.language = languages[(here + 1) % len(languages)]
        return self._to_menu(())

    def _choose_group(self, key: str) -> Step:
        self._group = key
        return self._to_group(())

    def _choose_item(self, key: str) -> Step:
        return self._to_notice(next(item for item in self._menu.in_group(self._group) if item.key == key))

    def _wrong_key(self) -> Step:
        self._wrong_keys += 1
        if self._wrong_keys >= WRONG_KEYS:
            return self._to_person(self._say("invalid"))
        return self._repeat(self._say("invalid"))

    def _silent(self) -> Step:
        self._silences += 1
        if self._silences >= SILENCES:
            return self._to_person(self._say("no_input"), is_silent=True)
        return self._repeat(self._say("no_input"))

    def _nothing(self) -> Step:
        """The texts were played and no key came."""
        return self._next_part() if self.state is State.NOTICE else self._silent()

    def _said(self, said: Said) -> Step:
        item = self._menu.item(said.item_id) if said.item_id else None
        self._wrong_keys = self._silences = 0
        if item is None:
            self._misheard += 1
            return self._to_menu(self._say("misheard"))
        self._item = item
        return self._to_confirm(())

    def _repeat(self, before: Texts) -> Step:
        """The state's own texts once more."""
        return _REPEATS[self.state](self, before)

    def _yes(self) -> Step:
        match self.state:
            case State.CONFIRM:
                return self._to_notice(_given(self._item))
            case State.CALLBACK:
                return self._request(RequestKind.CALLBACK, self._number)
            case State.NUMBER_CONFIRM:
                return self._request(self._asked_for, self._typed_number)
            case _:
                self._asked_for = RequestKind.SECOND_VISIT
                if self._number is None:
                    return self._to_number(self._say("no_number"))
                return self._request(RequestKind.SECOND_VISIT, self._number)

    def _no(self) -> Step:
        match self.state:
            case State.CONFIRM:
                self._misheard += 1
                return self._to_menu(())
            case State.SECOND_VISIT:
                return self._to_standing(())
            case _:
                return self._to_number(())

    # --- menu and choice

    def _to_menu(self, before: Texts) -> Step:
        self.state = State.MENU
        names = self._can_hear and bool(self._menu.items) and self._misheard < MISHEARD
        if names:
            before = self._with_privacy(before)
        return self._play(before + self._screens.menu(names=names), names=names)

    def _with_privacy(self, before: Texts) -> Texts:
        """Nobody is recorded before the notice of recording was played to its end."""
        if self._is_told:
            return before
        told = before + self._say("privacy")
        self._told_after = len(told)
        return told

    def _to_group(self, before: Texts) -> Step:
        self.state = State.GROUP
        return self._play(before + self._screens.group(self._group))

    def _to_confirm(self, before: Texts) -> Step:
        self.state = State.CONFIRM
        return self._play(before + self._screens.confirm(_given(self._item)))

    # --- the notice

    def _to_notice(self, item: MenuItem) -> Step:
        self._item, self._part = item, 0
        self._ledger.open_notice(item, slow=self._slow)
        self.state = State.NOTICE
        return self._play_part(self._screens.notice_intro(item))

    def _play_part(self, before: Texts) -> Step:
        sentences = _given(self._item).parts[self._part].sentences
        texts = before + tuple(Spoken(text=sentence) for sentence in sentences)
        self._playing = (self._part, len(before))
        return Play(texts=texts, slow=self._slow)

    def _played(self, finished: int) -> None:
        """Notes how far the notice of recording, and a part, were heard."""
        self._is_told |= self._told_after is not None and finished >= self._told_after
        self._told_after = None
        playing, self._playing = self._playing, None
        if playing is not None:
            part, before = playing
            self._ledger.heard(part, max(finished - before, 0))

    def _next_part(self) -> Step:
        if self._part + 1 >= len(_given(self._item).parts):
            return self._to_after(self._say("notice_end"))
        self._part += 1
        return self._play_part(())

    def _within_notice(self, command: Command) -> Step:
        if command is Command.SLOWER:
            self._slow = True
        match command:
            case Command.NEXT_PART:
                return self._next_part()
            case Command.PREVIOUS_PART:
                self._part = max(self._part - 1, 0)
                return self._play_part(())
            case _ if self.state is State.NOTICE:
                self._ledger.slowed(self._slow)
                return self._play_part(())
            case _:
                return self._to_notice(_given(self._item))

    def _to_after(self, before: Texts) -> Step:
        self.state = State.AFTER
        return self._play(before + self._screens.after(sms=self._sms))

    def _send_sms(self) -> Step:
        self._ledger.send_sms(self._number)
        self._sms = False
        return self._to_done(self._say("sms_sent"))

    # --- callback

    def _to_callback(self, before: Texts) -> Step:
        self._asked_for = RequestKind.CALLBACK
        if self._number is None:
            return self._to_number(before + self._say("no_number"))
        self.state = State.CALLBACK
        return self._play(before + self._screens.callback(self._number))

    def _to_number(self, before: Texts) -> Step:
        self.state = State.NUMBER
        return AskDigits(texts=before + self._say("ask_number"), limit=NUMBER_DIGITS, slow=self._slow)

    def _to_number_confirm(self, before: Texts) -> Step:
        self.state = State.NUMBER_CONFIRM
        return self._play(before + self._screens.number_confirm(_given(self._typed_number)))

    def _request(self, kind: RequestKind, number: str | None) -> Step:
        earlier = self._standing.code if self._standing and kind is RequestKind.SECOND_VISIT else None
        self._ledger.request(kind, number, earlier=earlier)
        return self._to_done(self._say(f"{kind.value}_done") + self._screens.code_twice())

    def _to_done(self, before: Texts) -> Step:
        self.state = State.DONE
        return self._play(before + self._screens.done())

    # --- digits

    def _typed(self, typed: str) -> Step:
        self._ledger.key(self.state, typed if typed in ("0", "*") else "…" if typed else "")
        if typed == "0":
            return self._to_person(())
        if typed == "*":
            return self._to_menu(())
        if not typed:
            return self._silent()
        self._silences = 0
        return self._number_typed(typed) if self.state is State.NUMBER else self._code_typed(typed)

    def _number_typed(self, typed: str) -> Step:
        number = self._normalise(typed)
        if number is None or len(number) <= 6:
            return self._wrong(self._say("number_wrong"))
        self._wrong_keys = 0
        self._typed_number = number
        return self._to_number_confirm(())

    def _code_typed(self, typed: str) -> Step:
        return LookUp(code=typed) if is_code(typed) else self._wrong(self._say("code_unknown"))

    def _wrong(self, said: Texts) -> Step:
        self._wrong_keys += 1
        return self._to_person(said) if self._wrong_keys >= WRONG_KEYS else self._repeat(said)

    # --- complaint

    def _to_complaint(self, before: Texts) -> Step:
        self.state = State.COMPLAINT
        texts = self._with_privacy(before) + self._say("complaint_ask")
        return TakeMessage(texts=texts, most_seconds=MESSAGE_SECONDS, slow=self._slow)

    def _recorded(self, message: Recorded) -> Step:
        self._is_told, self._told_after = True, None
        is_message = message.seconds >= SHORTEST_MESSAGE_SECONDS
        if message.key in ("0", "*") and not is_message:
            return self._key(message.key)
        if not is_message:
            self._silences += 1
            said = self._say("complaint_empty")
            return self._to_person(said) if self._silences >= SILENCES else self._to_complaint(said)
        self._silences = 0
        self._ledger.request(RequestKind.COMPLAINT, self._number, file=message.file, seconds=message.seconds)
        said = self._say("complaint_done") + self._screens.code_twice()
        if message.key == "0":
            return self._to_person(said)
        return self._to_done(said)

    # --- where a matter stands

    def _to_code(self, before: Texts) -> Step:
        self.state = State.CODE
        return AskDigits(texts=before + self._say("ask_code"), limit=LENGTH, slow=self._slow)

    def _looked_up(self, standing: Standing | None) -> Step:
        if standing is None:
            return self._wrong(self._say("code_unknown"))
        self._wrong_keys = 0
        self._standing = standing
        self._item = self._menu.item(standing.item_id) if standing.item_id else None
        return self._to_standing(())

    def _to_standing(self, before: Texts) -> Step:
        self.state = State.STANDING
        texts = self._screens.standing(_given(self._standing), has_item=self._item is not None)
        return self._play(before + texts)

    def _to_second_visit(self, before: Texts) -> Step:
        self.state = State.SECOND_VISIT
        return self._play(before + self._screens.second_visit())

    # --- the end

    def _to_person(self, before: Texts, *, is_silent: bool = False) -> Step:
        """A person; where none is there a request for a callback; where that was asked for already, the end."""
        if is_silent and self.state is State.DONE:
            return self._leave(Exit.GOODBYE, before + self._say("goodbye"))
        if self._person_there:
            return self._leave(Exit.PERSON, before + self._say("to_person"))
        if is_silent and self.state is State.AFTER:
            return self._leave(Exit.GOODBYE, before + self._say("goodbye"))
        if self._ledger.has_request:
            return self._leave(Exit.GOODBYE, before + self._say("no_person") + self._say("goodbye"))
        if is_silent or self._wrong_keys or self.state in (State.CALLBACK, State.NUMBER, State.NUMBER_CONFIRM):
            return self._register(before)
        return self._to_callback(before + self._say("no_person"))

    def _register(self, before: Texts) -> Step:
        """Whoever cannot be reached by keys is called back at the number the call came from."""
        if self._number is None:
            return self._leave(Exit.GOODBYE, before + self._say("call_later"))
        self._ledger.request(RequestKind.CALLBACK, self._number)
        texts = self._say("callback_registered") + self._screens.code_twice() + self._say("goodbye")
        return self._leave(Exit.GOODBYE, before + texts)

    def _leave(self, how: Exit, texts: Texts) -> Step:
        self.state = State.LEFT
        self._ledger.leave(how)
        return Leave(texts=texts, exit=how, slow=self._slow)

    # --- words

    def _play(self, texts: Texts, *, names: bool = False) -> Step:
        return Play(texts=texts, wait_seconds=WAIT_SECONDS, names=names, slow=self._slow)

    def _say(self, key: str) -> Texts:
        return self._screens.say(key)


def _given(value: T | None) -> T:
    """What the state says is there."""
    if value is None:
        raise AssertionError("a state was entered without what it speaks of")  # pragma: no cover
    return value


_PARTS = frozenset({Command.AGAIN, Command.SLOWER, Command.NEXT_PART, Command.PREVIOUS_PART})
Enter = Callable[[Walk, Texts], Step]
_ENTERS: dict[Command, Enter] = {
    Command.PERSON: Walk._to_person,
    Command.BACK: Walk._to_menu,
    Command.OTHER_ITEM: Walk._to_menu,
    Command.CALLBACK: Walk._to_callback,
    Command.COMPLAINT: Walk._to_complaint,
    Command.CODE: Walk._to_code,
    Command.SECOND_VISIT: Walk._to_second_visit,
}
_REPEATS: dict[State, Enter] = {
    State.MENU: Walk._to_menu,
    State.GROUP: Walk._to_group,
    State.CONFIRM: Walk._to_confirm,
    State.NOTICE: Walk._play_part,
    State.AFTER: Walk._to_after,
    State.CALLBACK: Walk._to_callback,
    State.NUMBER: Walk._to_number,
    State.NUMBER_CONFIRM: Walk._to_number_confirm,
    State.COMPLAINT: Walk._to_complaint,
    State.CODE: Walk._to_code,
    State.STANDING: Walk._to_standing,
    State.SECOND_VISIT: Walk._to_second_visit,
    State.DONE: Walk._to_done,
}

"""What each key does in each state. Everything a caller can do by key stands here, and the map in the docs is drawn
from it.

Everywhere: 0 leads to a person (out of hours to a request for a callback), * goes back, # says it again. While a
number or a code is typed, 0 is a digit: 0 alone leads to a person.
"""

from enum import StrEnum

from voicedesk.ivr.model import State


class Command(StrEnum):
    """What a key does."""

    PERSON = "person"
    BACK = "back"
    REPEAT = "repeat"
    LANGUAGE = "language"
    GROUP = "group"
    ITEM = "item"
    YES = "yes"
    NO = "no"
    AGAIN = "again"
    SLOWER = "slower"
    NEXT_PART = "next_part"
    PREVIOUS_PART = "previous_part"
    OTHER_ITEM = "other_item"
    CALLBACK = "callback"
    SMS = "sms"
    CODE = "code"
    COMPLAINT = "complaint"
    SECOND_VISIT = "second_visit"


_ALWAYS = {"0": Command.PERSON, "*": Command.BACK, "#": Command.REPEAT}
_DESK = {"5": Command.OTHER_ITEM, "6": Command.CALLBACK, "9": Command.COMPLAINT}
_YES_NO = {**_ALWAYS, "1": Command.YES, "2": Command.NO}
_MENU = {
    **_ALWAYS,
    **dict.fromkeys("123456", Command.GROUP),
    "7": Command.CALLBACK,
    "8": Command.CODE,
    "9": Command.COMPLAINT,
    "#": Command.LANGUAGE,
}

KEYS: dict[State, dict[str, Command]] = {
    State.MENU: _MENU,
    State.GROUP: {**_ALWAYS, **dict.fromkeys("123456789", Command.ITEM)},
    State.CONFIRM: _YES_NO,
    State.NOTICE: {
        **_ALWAYS,
        **_DESK,
        "1": Command.AGAIN,
        "2": Command.SLOWER,
        "3": Command.NEXT_PART,
        "4": Command.PREVIOUS_PART,
    },
    State.AFTER: {**_ALWAYS, **_DESK, "1": Command.AGAIN, "2": Command.SLOWER, "7": Command.SMS},
    State.CALLBACK: _YES_NO,
    State.NUMBER: {"0": Command.PERSON, "*": Command.BACK},
    State.NUMBER_CONFIRM: _YES_NO,
    State.COMPLAINT: {"0": Command.PERSON, "*": Command.BACK},
    State.CODE: {"0": Command.PERSON, "*": Command.BACK},
    State.STANDING: {**_ALWAYS, **_DESK, "1": Command.AGAIN, "2": Command.SECOND_VISIT},
    State.SECOND_VISIT: _YES_NO,
    State.DONE: {**_ALWAYS, **_DESK},
    State.LEFT: {},
}

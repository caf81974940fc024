"""What is said in each state of the walk: the texts, in their order, in the caller's language."""

from voicedesk.ivr import wording
from voicedesk.ivr.model import Menu, MenuItem, Play, Spoken, Standing, Texts
from voicedesk.ivr.wording import CHINESE, Wording

WAIT_SECONDS = 6.0
"""After the last text a key is awaited for so long."""


class Screens:
    """The texts of one walk. `language` and `slow` may change on the way; names of items and groups stay Chinese."""

    def __init__(self, menu: Menu, words: Wording, code: str, *, person_there: bool) -> None:
        self.language = CHINESE
        self.slow = False
        self._menu, self._words, self._code, self._person_there = menu, words, code, person_there

    def say(self, key: str, /, **values: Texts) -> Texts:
        """A template of the frame."""
        return self._words.say(key, self.language, **values)

    def play(self, texts: Texts, *, names: bool = False) -> Play:
        """The texts are played, then a key is awaited; with `names` the caller may also speak."""
        return Play(texts=texts, wait_seconds=WAIT_SECONDS, names=names, slow=self.slow)

    def menu(self, *, names: bool) -> Texts:
        """The main menu; with `names` the caller may also speak. A person comes first: not all listen to the end."""
        texts = self.say("menu_speak" if names else "menu_keys") + self._person()
        for group in self._menu.offered():
            texts += self.say("menu_group", group=_name(group.name), key=self._key(group.key))
        texts += self.say("menu_callback") + self.say("menu_code") + self.say("menu_complaint")
        others = (language for language in self._words.languages if language != self.language)
        return texts + tuple(text for language in others for text in self._words.say("menu_switch", language))

    def group(self, key: str) -> Texts:
        """The items of a group."""
        name = next(group.name for group in self._menu.groups if group.key == key)
        texts = self.say("group_intro", group=_name(name))
        for item in self._menu.in_group(key):
            texts += self.say("group_item", item=_name(item.name), key=self._key(item.key))
        return texts + self.say("back") + self._person()

    def confirm(self, item: MenuItem) -> Texts:
        """The item that was understood, read back."""
        return self.say("confirm", item=_name(item.name)) + self.say("confirm_keys")

    def notice_intro(self, item: MenuItem) -> Texts:
        """What is said before an item's parts."""
        return self.say("notice_intro", item=_name(item.name)) + self.say("notice_keys")

    def after(self, *, sms: bool) -> Texts:
        """What is said after an item's parts."""
        texts = self.code_twice() + self.say("after_keys") + (self.say("after_sms") if sms else ())
        return texts + self._person() + self.say("hang_up")

    def code_twice(self) -> Texts:
        """The tracking code, and once more."""
        read = wording.digits(self._code, self.language)
        return self.say("code_is", code=read) + self.say("code_again", code=read)

    def callback(self, number: str) -> Texts:
        """The caller's own number is to be rung."""
        ending = wording.digits(number[-4:], self.language)
        return self.say("callback_number", digits=ending) + self.say("callback_keys") + self.say("back")

    def number_confirm(self, number: str) -> Texts:
        """The number that was typed, read back."""
        return self.say("number_is", digits=wording.digits(number, self.language)) + self.say("number_keys")

    def standing(self, standing: Standing, *, has_item: bool) -> Texts:
        """Where a matter stands; `has_item`: its notice can be heard."""
        day = wording.date(standing.month, standing.day, self.language)
        if standing.item_name is None:
            texts = self.say("standing_call", date=day)
        else:
            texts = self.say("standing_notice", date=day, item=_name(standing.item_name))
        texts += self.say("standing_changed") if standing.is_changed else ()
        for kind, is_settled in standing.requests:
            texts += self.say(f"standing_{kind.value}_{'settled' if is_settled else 'open'}")
        texts += self.say("standing_item") if has_item else ()
        return texts + self.say("standing_keys") + self._person()

    def second_visit(self) -> Texts:
        """What is noted of a visit that failed."""
        return self.say("second_visit") + self.say("second_visit_keys")

    def done(self) -> Texts:
        """What may be done after something was noted."""
        return self.say("done_keys") + self._person() + self.say("hang_up")

    def _person(self) -> Texts:
        return self.say("menu_person") if self._person_there else ()

    def _key(self, key: str) -> Texts:
        return wording.key_name(key, self.language)


def _name(text: str) -> Texts:
    return (Spoken(text=text),)

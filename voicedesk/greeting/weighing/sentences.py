"""Sentences that may have been said: a greeting's parts in an order and in a wording, written as the model writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.phrases import plain
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules
from voicedesk.greeting.weighing.sounds import Nearest, alike, nearest, nearest_to_end

HELLO = "hello"
SEPARATORS = (",", " ", "")
"""What a model writes between the parts. A full-width mark costs several nats each, so there is none."""
MOST_WORDINGS = 4
MOST_HELLOS = 4
NAMES_ALIKE = 0.5
"""From this on a place of the text counts as the name, to see what stands behind it. Chosen: half of it is heard."""
WELL_HEARD = 0.8
PERHAPS_HEARD = 0.6
"""A word before the name or the hello is tried from here on. Seen: what was heard worse fits 10 nats worse, or more."""
FEWEST_WORDINGS = 2
LEADS = ("", "这里是", "这边是", "我是")
_CALLING_OUT = ("", "喂", "上午好", "早上好", "下午好", "晚上好")
_STEMS = (
    "社保",
    "医保",
    "就业",
    "人才",
    "劳动",
    "失业",
    "养老",
    "工伤",
    "民政",
    "税务",
    "人社",
    "退休",
    "公积金",
    "保险",
)
_SUFFIXES = ("服务中心", "中心", "大队", "窗口", "局", "科", "办", "处", "所", "站", "厅")
_ASKS = ("什么", "哪", "吗", "请讲", "请说", "啥")
MOST_NAMES = 4
MOST_DECOYS = 4
MOST_ORDERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A greeting: its parts in their order, each in a wording; `lead` stands before the department's name.

    `wording` has every part of the template, also what `order` leaves out: so a left-out part can be put in again.
    """

    order: tuple[str, ...]
    wording: Mapping[str, str]
    lead: str = ""
    separator: str = ","

    @property
    def text(self) -> str:
        """It as the model would write it."""
        return self.separator.join(
            (self.lead if part == DEPARTMENT else "") + self.wording[part] for part in self.order
        )

    def saying(self, part: str, text: str) -> "Sentence":
        """The same sentence with another wording of one part."""
        return replace(self, wording={**self.wording, part: text})

    def without(self, part: str) -> "Sentence":
        """The same sentence with one part left out."""
        return replace(self, order=tuple(one for one in self.order if one != part))


class Wordings:
    """How the parts of one greeting may have been said, nearest first; made from the rules and what was heard."""

    def __init__(
        self, names: DepartmentNames, rules: GreetingRules, template: tuple[str, ...], heard: Iterable[str]
    ) -> None:
        self._rules, self.template = rules, template
        self.heard = tuple(dict.fromkeys(one for one in heard if one))
        self.own = tuple(dict.fromkeys(text for name in (names.name, *names.aliases) if (text := plain(name))))
        mine = set(self.own)
        others = (text for name in names.others if (text := plain(name)) and text not in mine)
        self.others = tuple(sorted(dict.fromkeys(others), key=self.alike, reverse=True))
        self.own = tuple(sorted(self.own, key=self.alike, reverse=True))
        self.as_heard: frozenset[str] = frozenset()
        """Wordings that are none of the rules', but were heard in a part's place."""
        self.of = {part: self._of(part) for part in template}

    def alike(self, phrase: str) -> float:
        """How alike a phrase is to the nearest place in anything heard."""
        return max((alike(_literal(phrase), text) for text in self.heard), default=0.0)

    def first_guess(self) -> Sentence:
        """The whole greeting in the wording that is nearest to what was heard."""
        written = {part: wordings[0] for part, wordings in self.of.items()}
        lead = next((one for one in LEADS if one and self.alike(one) >= 0.9), "")
        return Sentence(order=self.template, wording=written, lead=lead)

    def orders(self) -> list[tuple[str, ...]]:
        """Every other order of the parts; of many, those in which one part moved."""
        found = [one for one in permutations(self.template) if one != self.template]
        if len(found) > MOST_ORDERS:
            found = list(dict.fromkeys(_moved(self.template)))
        return found

    def neighbours(self) -> list[tuple[str, ...]]:
        """The orders in which two parts that stand together changed places: none is more alike to the right one."""
        parts = self.template
        swapped = [(*parts[:at], *parts[at : at + 2][::-1], *parts[at + 2 :]) for at in range(len(parts))]
        return [one for one in dict.fromkeys(swapped) if one != parts]

    def with_other_names(self, sentence: Sentence) -> list[Sentence]:
        """The same sentence with each of the other departments that were heard most likely."""
        return [sentence.saying(DEPARTMENT, name) for name in self.others[:MOST_NAMES]]

    def decoys(self) -> list[str]:
        """Names that nobody has here and that end like the own one: a name that fits no better than these is none."""
        own = self.own[0]
        suffix = next((one for one in _SUFFIXES if own.endswith(one) and own != one), "")
        taken = (*self.own, *self.others)
        made = [stem + suffix for stem in _STEMS if suffix]
        apart = [one for one in made if not any(one in other or other in one for other in taken)]
        return sorted(apart, key=self.alike, reverse=True)[:MOST_DECOYS]

    def _of(self, part: str) -> list[str]:
        if part == DEPARTMENT:
            return list(self.own)
        if part == HELLO:
            return self._hellos()
        return self._asked(part)

    def _hellos(self) -> list[str]:
        rule = self._rules.parts[HELLO]
        phrases = (*rule.phrases, *rule.with_remark)
        plainly = [nearest(phrase, text).wording or phrase for phrase in phrases for text in self.heard[:1]] or ["您好"]
        polite = plainly[0]
        made = [before + polite for before in _CALLING_OUT] + [polite * 2, *plainly[1:]]
        made = [one for one in dict.fromkeys(made) if one and one.isalnum()]
        heard = [one for one in made if len(one) > len(polite) and self.alike(one) >= WELL_HEARD + 0.05]
        heard.sort(key=self.alike, reverse=True)
        rest = [one for one in made if self.alike(one) >= PERHAPS_HEARD]
        return list(dict.fromkeys([*heard, polite, *sorted(rest, key=self.alike, reverse=True)]))[:MOST_HELLOS]

    def leads(self) -> list[str]:
        """What may stand before the name: nothing, and what was perhaps heard."""
        heard = [one for one in LEADS[1:] if self.alike(one) >= PERHAPS_HEARD]
        return ["", *sorted(heard, key=self.alike, reverse=True)[:2]]

    def _asked(self, part: str) -> list[str]:
        """A part with many wordings: those nearest to what was heard, and what was heard in its very place."""
        rule = self._rules.parts[part]
        found: list[Nearest] = []
        for text in self.heard:
            tail = text[self._name_ends(text) :]
            for phrase in (*rule.phrases, *rule.with_remark):
                near = nearest(phrase, text)
                found += [near, nearest_to_end(phrase, tail)] if tail else [near]
        found.sort(key=_likely, reverse=True)
        nearby = list(dict.fromkeys(one.wording for one in found if one.wording))
        likely = {one.wording for one in found if _likely(one) > 0}
        chosen = [one for one in nearby[:MOST_WORDINGS] if one in likely or one in nearby[:FEWEST_WORDINGS]]
        if not chosen:
            return [nearest(rule.phrases[-1], "").wording]
        heard = [one for one in self._heard_there() if one not in nearby] if part == self.template[-1] else []
        self.as_heard = self.as_heard.union(heard)
        return chosen + heard

    def _heard_there(self) -> list[str]:
        """What was heard behind the name, word for word, where it asks something and says nothing else that matters."""
        found = []
        for text in self.heard:
            tail = text[self._name_ends(text) :]
            if tail == text or not 4 <= len(tail) <= 24 or not any(one in tail for one in _ASKS):
                continue
            names = any(alike(_literal(one), tail) >= 0.7 for one in (*self.own, *self.others))
            brushed_off = any(alike(one, tail) >= 0.75 for one in self._rules.forbidden.phrases)
            if not names and not brushed_off and alike("您好", tail) < WELL_HEARD:
                found.append(tail)
        return list(dict.fromkeys(found))

    def _name_ends(self, text: str) -> int:
        """Where the line's own name ends in a heard text; 0 where it is not heard."""
        places = (nearest(_literal(name), text) for name in (*self.own, *self.others))
        best = max(places, key=lambda one: one.alike, default=None)
        return best.last if best is not None and best.alike >= NAMES_ALIKE else 0


def _likely(place: Nearest) -> float:
    """The more of a phrase was heard, and the more alike, the likelier; below 0 where it is unlike what was heard."""
    return (3 * place.alike - 2) * len(place.wording)


def _literal(name: str) -> str:
    """A name as a phrase: no sign in it means anything."""
    return "".join(one for one in name if one not in "[]()|{}") or "〇"


def _moved(template: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The orders in which one part stands elsewhere."""
    for at, part in enumerate(template):
        rest = template[:at] + template[at + 1 :]
        for place in range(len(template)):
            moved = (*rest[:place], part, *rest[place:])
            if moved != template:
                yield moved

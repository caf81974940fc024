"""What a form of the review asks for, with its reason; and what each session put aside or decided last."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from voicedesk.calls.model import Verdict
from voicedesk.calls.steps import Decide, TakeBack
from voicedesk.desk.review import ReviewItem, Why
from voicedesk.errors import InputError
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.web.texts import Say, t

_GOOD = frozenset({GreetingVerdict.COMPLIANT.value, Verdict.ON_TIME.value})
_MOST_SESSIONS = 500
_MOST_ASIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDecided:
    """What a person decided last: it can be taken back by one click."""

    item: ReviewItem
    verdict: str


@dataclass(slots=True)
class Session:
    """What one session put aside, and what it decided last. It is forgotten when the desk is started again."""

    aside: dict[str, None] = field(default_factory=dict)
    last: LastDecided | None = None

    def put_aside(self, key: str) -> None:
        """Something is not looked at for now."""
        self.aside[key] = None
        while len(self.aside) > _MOST_ASIDE:
            del self.aside[next(iter(self.aside))]


class Sessions:
    """Sessions by the hash of their token; those that did nothing for longest are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Session] = OrderedDict()

    def of(self, token_hash: str) -> Session:
        """The session of a token."""
        found = self._known.setdefault(token_hash, Session())
        self._known.move_to_end(token_hash)
        while len(self._known) > _MOST_SESSIONS:
            self._known.popitem(last=False)
        return found


def decision(item: ReviewItem, fields: Mapping[str, str], by: str, say: Say) -> Decide:
    """A verdict as a form gives it. Raises InputError where its reason is missing."""
    verdict, cause = fields.get("verdict", ""), fields.get("cause") or None
    forbidden = {"yes": True, "no": False}.get(fields.get("forbidden", ""))
    if not verdict:
        raise InputError("choose a verdict first")
    return Decide(
        call=item.call_id,
        about=_about(item),
        part=item.part or None,
        by=by,
        reason=fields.get("reason", "").strip() or _usual_reason(item, verdict, cause, forbidden, say),
        verdict=verdict,
        cause=cause,
        forbidden=forbidden,
    )


def taking_back(item: ReviewItem, by: str, say: Say) -> TakeBack:
    """The last decision about something is taken back."""
    reason = say(t("taken back at once: a slip"))
    return TakeBack(call=item.call_id, about=_about(item), part=item.part or None, by=by, reason=reason)


def _about(item: ReviewItem) -> Literal["call", "greeting"]:
    return "greeting" if item.is_greeting else "call"


def _usual_reason(item: ReviewItem, verdict: str, cause: str | None, forbidden: bool | None, say: Say) -> str:
    """The reason where none was written. Raises InputError where somebody must be told more than that.

    Whether a blind verdict needs one must not follow from the hidden one, or asking for it would tell that one.
    """
    if item.why is Why.APPEAL:
        raise InputError("an appeal is answered with a reason: whoever appealed reads it")
    if item.is_blind:
        if verdict in _GOOD and forbidden is not True:
            return say(t("sample: judged before the automatic verdict was shown"))
        raise InputError("say why, in a few words: whoever it concerns reads it")
    if item.differs(verdict, cause, forbidden):
        raise InputError("your verdict differs from the automatic one: say why, in a few words")
    return say(t("as the rules said"))

"""Sessions: random ids that are stored as hashes, how far a sign-in has come, and when a session is over."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.access.roles import Role
from voicedesk.clock import MICROSECONDS

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
UNFINISHED_US = 10 * 60 * MICROSECONDS
"""Within ten minutes the second factor follows, or the password is asked again."""
TOUCH_US = 60 * MICROSECONDS
"""How often it is written that somebody is still there: each page asks, but not each page writes."""
_CLOCK_SET_BACK_US = 5 * 60 * MICROSECONDS


class Stage(StrEnum):
    """How far a sign-in has come; only `open` lets a person in."""

    SECOND = "second"
    ENROL = "enrol"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in of one person. `token_hash` is what is stored of its id, `role` the one that the person had then."""

    token_hash: str
    login: str
    role: Role
    stage: Stage
    begun_at: int
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """When a session is over: without a page for so long, and however much it is used."""

    idle_us: int
    longest_us: int

    def is_over(self, session: Session, now: int) -> bool:
        """Whether a session has ended by now. A clock that was set back far ends it: nobody knows how old it is."""
        longest = self.longest_us if session.stage is Stage.OPEN else min(UNFINISHED_US, self.longest_us)
        return (
            now - session.seen_at >= self.idle_us
            or now - session.begun_at >= longest
            or session.seen_at - now > _CLOCK_SET_BACK_US
        )


def new_token() -> str:
    """A new session's id: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str | None:
    """What is stored of an id; None for what is no id. 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None


def form_token(token: str, key: bytes = b"voicedesk form") -> str:
    """What each form of a session carries, so that no other site can send one in the person's name (CSRF)."""
    return hmac.digest(key, token.encode(), hashlib.sha256).hex()


def is_form_token(token: str, given: str, key: bytes = b"voicedesk form") -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(form_token(token, key).encode(), given.encode("utf-8", "replace"))

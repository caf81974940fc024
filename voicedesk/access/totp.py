"""Six digits of an authenticator (TOTP, RFC 6238): made, compared, and used once."""

import base64
import hashlib
import hmac
import secrets
import struct
import unicodedata
from urllib.parse import quote, urlencode

from voicedesk.clock import MICROSECONDS

STEP_SECONDS, DIGITS = 30, 6
"""What every authenticator app takes for granted."""
SKEW_STEPS = 1
"""RFC 6238, 5.2: at most one step of delay, or of a phone's clock that is wrong."""
_SECRET_BYTES = 20
"""As long as what SHA-1 gives (RFC 4226, 4)."""


def new_secret() -> str:
    """A new secret, in the letters (base32) that an authenticator takes."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def step_at(at: int) -> int:
    """The number of the step that an instant lies in."""
    return at // (STEP_SECONDS * MICROSECONDS)


def code_of(secret: str, step: int) -> str:
    """The digits of one step."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    at = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, typed: str, at: int, *, used_step: int) -> int | None:
    """The step whose digits were typed, now or one step beside it; None where they are wrong.

    Digits of `used_step` or an earlier step are wrong: whoever saw them typed cannot use them again.
    """
    digits = "".join(unicodedata.normalize("NFKC", typed).split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    now, found = step_at(at), None
    for step in range(max(now - SKEW_STEPS, 0), now + SKEW_STEPS + 1):  # each is compared: the time tells nothing
        if hmac.compare_digest(code_of(secret, step), digits) and step > used_step:
            found = step
    return found


def address_of(secret: str, login: str, hall: str) -> str:
    """What an authenticator reads from the picture: the secret, and under which name it keeps it."""
    label = quote(f"{hall}:{login}", safe="")
    issuer = urlencode({"secret": secret, "issuer": hall}, quote_via=quote)
    return f"otpauth://totp/{label}?{issuer}"


def in_groups(secret: str) -> str:
    """The secret as a person types it: four letters at a time."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))

"""Secrets of authenticators as the database holds them: sealed by a key that stands in a file beside it, not in it."""

import base64
import binascii
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voicedesk.access.accounts import Account
from voicedesk.access.moves import Move
from voicedesk.errors import SettingsError, reason_of
from voicedesk.ownership import give_like

_KEY_BYTES, _NONCE_BYTES = 32, 12
_SEALED = "v1:"


class Seal:
    """Seals and opens secrets; each is bound to its login: moved to another account it is worth nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def around(self, step: Callable[[Account], Move]) -> Callable[[Account], Move]:
        """A step that is given an account with its secret opened, and whose own secret is stored sealed.

        The step raises SettingsError where the key is away or another one.
        """

        def sealed(account: Account) -> Move:
            move = step(replace(account, totp_secret=self._opened(account)))
            made = move.account
            if made is None or made.totp_secret is None:
                return move
            return replace(move, account=replace(made, totp_secret=self._closed(made.login, made.totp_secret)))

        return sealed

    def _opened(self, account: Account) -> str | None:
        stored = account.totp_secret
        if stored is None or not stored.startswith(_SEALED):
            return stored  # of a database that is older than the key: it is sealed when it is stored next
        key = self._key()
        if key is None:
            raise SettingsError(
                f"second-factors.key is not in the folder of [web]: without it no second factor can be checked. Have "
                f"it put back from a copy; where there is none, an administrator gives this account a new first visit: "
                f"voicedesk account reset {account.login}"
            )
        try:
            sealed = base64.b64decode(stored.removeprefix(_SEALED), validate=True)
            opened = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account.login.encode())
        except (InvalidTag, ValueError) as error:
            raise SettingsError(
                f"second-factors.key in the folder of [web] is not the key of this account's second factor. Have the "
                f"right one put back from a copy; where there is none, an administrator gives this account a new first "
                f"visit: voicedesk account reset {account.login}"
            ) from error
        return opened.decode()

    def _closed(self, login: str, secret: str) -> str:
        key = self._key() or self._new_key()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _SEALED + base64.b64encode(nonce + AESGCM(key).encrypt(nonce, secret.encode(), login.encode())).decode()

    def _key(self) -> bytes | None:
        """None where there is none yet. One that is damaged is never replaced: what it sealed would be lost."""
        try:
            key = base64.b64decode(self._file.read_bytes().strip(), validate=True)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(
                f"second-factors.key in the folder of [web] cannot be read: {reason_of(error)}"
            ) from error
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise SettingsError(
                "second-factors.key in the folder of [web] is damaged. Have it put back from a copy; where there is "
                "none, delete it, and an administrator gives each account with a second factor a new first visit: "
                "voicedesk account reset LOGIN"
            )
        return key

    def _new_key(self) -> bytes:
        """Makes the key; where another process just did, that one counts. Nobody else can read it at any moment."""
        new = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}")
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with open(handle, "wb") as stream:
                    stream.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                give_like(new, new.parent)
                self._file.hardlink_to(new)
            except FileExistsError:
                pass
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise SettingsError(
                f"second-factors.key cannot be written into the folder of [web]: {reason_of(error)}"
            ) from error
        return self._key() or self._new_key()

"""The step that connects the switch: tested first, and saved only where the login was taken."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Thing
from voicedesk.errors import InputError, SettingsError
from voicedesk.hall.asterisk_files import Part, render
from voicedesk.settings import PbxSettings, Settings
from voicedesk.settings.editing import AddTable, Edit, SetKeys
from voicedesk.web.desk import Desk
from voicedesk.web.setup.draft import Drafts, Told
from voicedesk.web.setup.page import Asked, StepPage, rows_of
from voicedesk.web.setup.trials import Trials, with_secret
from voicedesk.web.texts import speaker, t

_PLACE = "VOICEDESK-SECRET"
_MOST_SHOWN = 256
_SHOWN = ("host", "port", "name", "username", "tls_ca_file", "tls")


class SwitchStep:
    """Where the switch is, and who logs in there."""

    def __init__(self, desk: Desk, drafts: Drafts, trials: Trials) -> None:
        self._desk, self._drafts, self._trials = desk, drafts, trials

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """The form, with what the settings have, and what to put into manager.conf."""
        settings = asked.draft.settings
        known = settings.pbx[0] if settings.pbx else None
        typed = dict(page.typed) or _typed_of(known)
        return page.with_more(
            typed=typed,
            has_secret=known is not None,
            many=len(settings.pbx) > 1,
            manager=_manager_text(asked, typed, known),
        )

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """Tests what was typed; saves it where that was asked and the switch took the login."""
        desk, draft = self._desk, asked.draft
        pbx, secret = _typed(asked)
        where = f"{pbx.host}:{pbx.port}"
        await desk.doorkeeper.note(asked.person, Deed.CONNECTION_TESTED, Thing.SETTINGS, where, asked.visitor.address)
        found = await self._trials.run("switch", pbx=with_secret(pbx, secret))
        shown = replace(page, findings=rows_of(asked.visitor, found["findings"]), is_tested=True)
        if not found["is_in"] and asked.do == "save":
            say = speaker(asked.visitor.look.language)
            return replace(shown, mistake=say(t("It is saved only when the switch takes the login."))), None
        if asked.do != "save":
            return shown, None
        kept = self._kept_secret(asked, pbx)
        try:
            told = await self._drafts.change(
                draft, [_edit(asked, pbx, kept)], asked.person, asked.visitor.address, f"[[pbx]] {pbx.name} {where}"
            )
        except SettingsError:
            if kept is not None:
                kept.unlink(missing_ok=True)
            raise
        return shown, told

    def _kept_secret(self, asked: Asked, pbx: PbxSettings) -> Path | None:
        """A new secret in a file of its own; None where the one of the settings stays."""
        typed = asked.fields.get("secret", "").strip()
        if not typed:
            return None
        name = "".join(sign for sign in pbx.name if sign.isalnum() or sign in "-_")[:40] or "pbx"
        return self._drafts.keep_secret(asked.draft, f"{name}-secret", typed)


def _edit(asked: Asked, pbx: PbxSettings, secret: Path | None) -> Edit:
    keys: dict[str, Any] = {
        "name": pbx.name,
        "host": pbx.host,
        "port": pbx.port,
        "username": pbx.username,
        "tls": True if pbx.tls else None,
        "tls_ca_file": str(pbx.tls_ca_file) if pbx.tls_ca_file else None,
    }
    if secret is not None:
        beside = secret.parent.samefile(asked.draft.file.parent)
        keys |= {"secret": None, "secret_file": secret.name if beside else str(secret)}
    if asked.draft.rows("pbx"):
        return SetKeys(table="pbx", index=0, keys=keys)
    return AddTable(table="pbx", keys=keys)


def _typed_of(pbx: PbxSettings | None) -> dict[str, str]:
    if pbx is None:
        return {"host": "", "port": "5038", "name": "main", "username": "voicedesk", "tls_ca_file": "", "tls": ""}
    ca = str(pbx.tls_ca_file) if pbx.tls_ca_file else ""
    shown = {"host": pbx.host, "port": str(pbx.port), "name": pbx.name, "username": pbx.username}
    return {**shown, "tls_ca_file": ca, "tls": "1" if pbx.tls else ""}


def _typed(asked: Asked) -> tuple[PbxSettings, str]:
    """The switch that was typed, and its secret. Raises InputError where something does not do.

    The secret of the settings goes to the switch that it was given for, and to no other address.
    """
    settings = asked.draft.settings
    known = settings.pbx[0] if settings.pbx else None
    port = asked.text("port")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise InputError(f"{port!r} is no port: it is a number, as a rule 5038, or 5039 with TLS")
    given = {
        "name": asked.text("name") or "main",
        "host": asked.text("host"),
        "port": int(port),
        "username": asked.text("username"),
        "tls": asked.fields.get("tls") == "1",
        **({"tls_ca_file": asked.text("tls_ca_file")} if asked.text("tls_ca_file") else {}),
    }
    if known is not None and known.tls_server_name and known.host == given["host"]:
        given["tls_server_name"] = known.tls_server_name
    secret = asked.fields.get("secret", "").strip()
    if not secret.isprintable() or len(secret) > 256:
        raise InputError("a secret is one line of at most 256 printable signs")
    if not secret:
        is_same = known is not None and all(
            getattr(known, key) == given[key] for key in ("host", "port", "username", "tls")
        )
        if known is None or not is_same:
            raise InputError("type the secret: the one of the settings is for their own address and user alone")
        secret = known.secret_value()
    try:
        return PbxSettings.model_validate({**given, "secret": secret}), secret
    except ValidationError as error:
        keys = ", ".join(sorted({str(one["loc"][0]) for one in error.errors()}))
        raise InputError(f"fill in what is missing or cannot be used: {keys}") from error


def _manager_text(asked: Asked, typed: Mapping[str, str], known: PbxSettings | None) -> str:
    """What belongs into manager.conf; a secret that is kept is not in it, a new one is made up for this page alone."""
    say = speaker(asked.visitor.look.language)
    switch = {
        "name": "main",
        "host": typed.get("host") or "127.0.0.1",
        "username": typed.get("username") or "voicedesk",
    }
    if known is not None:  # the address is looked up: only that of the settings
        switch["host"] = known.host
    try:
        pbx = PbxSettings.model_validate({**switch, "secret": _PLACE})
        text = render(Part.MANAGER, Settings(pbx=(pbx,)))
    except (InputError, ValidationError):
        return ""
    kept = say(t("(the secret that stands in {})"), known.secret_file or "…") if known is not None else ""
    return text.replace(_PLACE, kept or secrets.token_urlsafe(24))


def shown_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed, without the secret."""
    return {key: fields.get(key, "")[:_MOST_SHOWN] for key in _SHOWN}

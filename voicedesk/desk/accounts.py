"""Accounts and the audit log as they are shown, and whose of [[agents]] a login is."""

from dataclasses import dataclass
from typing import Any

from voicedesk.access.accounts import Account
from voicedesk.access.audit import AuditEntry
from voicedesk.access.moves import CHANGED_TO
from voicedesk.access.roles import Thing
from voicedesk.access.words import ACCOUNT_STATES, DEEDS, ROLES, THINGS
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.names import check_known, people_of, person_id
from voicedesk.desk.viewer import Viewer
from voicedesk.language.translate import translated
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.words import Language, word


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account; `agent_name` is the person of [[agents]], or their id where the settings do not name them."""

    account: Account
    role: Label
    state: Label
    agent_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One entry of the audit log."""

    entry: AuditEntry
    deed: Label
    thing: Label
    note: Label


def agent_of(settings: Settings, login: str, typed: str | None = None) -> str | None:
    """Whose of [[agents]] an account is: whom somebody typed by id or name, else whose work number the login is.

    None where the login is nobody's. Raises InputError for a typed name that nobody has.
    """
    if typed is not None:
        found = person_id(settings, typed)
        check_known("person", found, people_of(settings))
        return found
    numbered = [agent.id for agent in settings.agents if agent.number == login]
    same = [agent.id for agent in settings.agents if agent.id.casefold() == login]
    candidates = numbered or same
    return candidates[0] if len(candidates) == 1 else None


def viewer_of(account: Account) -> Viewer:
    """Who looks when an account is signed in; numbers are masked."""
    return Viewer(agent=account.agent, roles=frozenset({account.role}))


async def accounts(store: Store, settings: Settings, viewer: Viewer, *, now: int) -> list[AccountRow]:
    """Every account, by its login."""
    viewer.reach(Thing.ACCOUNT)
    names = people_of(settings)
    return [row_of(one, names, now) for one in await store.accounts.list()]


def row_of(account: Account, names: dict[str, str], now: int) -> AccountRow:
    """One account as it is shown; `names` are people's by their ids."""
    return AccountRow(
        account=account,
        role=label(ROLES, account.role),
        state=label(ACCOUNT_STATES, account.state(now)),
        agent_name=names.get(account.agent or "", account.agent or ""),
    )


def account_json(row: AccountRow, now: int) -> dict[str, Any]:
    """An account as other programs read it: nothing that lets anybody in."""
    account = row.account
    return {
        "login": account.login,
        "name": account.name,
        "role": account.role.value,
        "agent": account.agent,
        "state": account.state(now).value,
        "second_factor": account.totp_secret is not None,
        "recovery_codes": len(account.recovery_hashes),
        "failures": account.failures,
        "made_at": to_seconds(account.made_at),
        "changed_at": to_seconds(account.changed_at),
    }


async def audit(store: Store, viewer: Viewer, *, limit: int, before: int | None = None) -> list[AuditRow]:
    """Entries of the audit log, the newest first; with `before` those of smaller numbers."""
    viewer.reach(Thing.AUDIT)
    found = await store.audit.list(limit=limit, before=before)
    return [
        AuditRow(entry=one, deed=label(DEEDS, one.deed), thing=label(THINGS, one.thing), note=_note_words(one.note))
        for one in found
    ]


def _note_words(note: str) -> Label:
    """What was noted with a deed: a role, or the one before and the one after it; anything else as a text of ours."""
    roles = note.split(CHANGED_TO)
    if all(one in ROLES for one in roles):
        return Label(*(CHANGED_TO.join(word(ROLES, one, language) for one in roles) for language in Language))
    return Label(translated(note, Language.CHINESE), translated(note, Language.ENGLISH))


def audit_json(row: AuditRow) -> dict[str, Any]:
    """An entry as other programs read it."""
    one = row.entry
    return {
        "number": one.number,
        "at": to_seconds(one.at),
        "who": one.who,
        "address": one.address,
        "deed": one.deed.value,
        "thing": one.thing.value,
        "object": one.object,
        "note": one.note,
        "before": one.before,
        "hash": one.hash,
    }

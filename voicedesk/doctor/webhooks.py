"""Whether each webhook can work, as far as that shows without sending anything."""

import asyncio
from collections.abc import Iterable

from voicedesk.doctor.finding import Finding
from voicedesk.doctor.words import WEBHOOK
from voicedesk.errors import AddressRefused, StoreError, WebhookError
from voicedesk.jobs.news.news import KINDS
from voicedesk.jobs.news.receivers import receiver_of, unknown_kinds
from voicedesk.settings import Settings, WebhookSettings
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.store import Store
from voicedesk.webhooks.client import WebhookClient

_UNTOLD = "nobody would learn of new tickets, deadlines and faults by it"


async def check_webhooks(
    settings: Settings, *, has_database: bool = True, client: WebhookClient | None = None
) -> list[Finding]:
    """Each webhook's address and kinds; then the dead letters, where there is a database."""
    asked = client or WebhookClient()
    found = await asyncio.gather(*(_check_address(one, asked) for one in settings.webhooks))
    findings = [*found, *(finding for one in settings.webhooks for finding in _check_kinds(one))]
    if settings.webhooks and has_database:
        findings.extend(await _check_dead_letters(settings))
    return findings


async def _check_address(webhook: WebhookSettings, client: WebhookClient) -> Finding:
    subject, check = f"{WEBHOOK}{webhook.name}", "address"
    try:
        receiver = receiver_of(webhook)
        addresses = await client.addresses(receiver)
        await client.trust(receiver)
    except AddressRefused as error:
        cure = "correct its url, hosts, or what it is allowed: see docs/news.md"
        return Finding.bad(subject, check, str(error), _UNTOLD, cure)
    except WebhookError as error:
        cure = "look at this machine's name server and its way to the internet; a proxy is not used"
        return Finding.bad(subject, check, str(error), _UNTOLD, cure)
    target = receiver.target
    what = f"{target.host} stands for {', '.join(map(str, addresses))}; try it: voicedesk news test {webhook.name}"
    if target.scheme == "https" or all(one.is_loopback for one in addresses):
        return Finding.good(subject, check, what)
    why = "whoever listens on the way reads what is sent"
    return Finding.note(subject, check, f"{what} (clear text)", why, "use https")


def _check_kinds(webhook: WebhookSettings) -> Iterable[Finding]:
    unknown = unknown_kinds(webhook)
    if unknown:
        what = f"kinds names {', '.join(unknown)}, which never come"
        cure = f"known are: {', '.join(KINDS)}"
        subject = f"{WEBHOOK}{webhook.name}"
        yield Finding.bad(subject, "kinds", what, "a slip of the pen?", cure)


async def _check_dead_letters(settings: Settings) -> list[Finding]:
    try:
        async with Store.open(settings.store.url, may_write=False) as store:
            dead = await store.deliveries.count(DeliveryState.DEAD)
    except StoreError:  # what is wrong with it is a finding of its own
        return []
    if not dead:
        return []
    what, why = f"{dead} pieces of news could not be told", "they were tried for a day, or refused again and again"
    cure = "see voicedesk news list --dead; mend the cause, then voicedesk news retry --all-dead"
    return [Finding.note("webhooks", "dead_letters", what, why, cure)]

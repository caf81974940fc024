"""Webhooks of the settings as receivers, what each is told of, and how a message is posted to one."""

from collections.abc import Awaitable, Callable

from voicedesk.clock import NowUs
from voicedesk.jobs.news.news import KINDS, News, message_of
from voicedesk.settings import Settings, WebhookSettings
from voicedesk.store.deliveries import THE_LOG
from voicedesk.store.store import Store
from voicedesk.web_address import read_url
from voicedesk.webhooks.answers import Answer
from voicedesk.webhooks.formats import Post, post_of
from voicedesk.webhooks.message import Form, Message, Receiver

PostTo = Callable[[Receiver, Post], Awaitable[Answer]]
Send = Callable[[WebhookSettings, Message], Awaitable[Answer]]
"""Sends one message now. Raises WebhookError where no answer comes, or where it may not be sent."""


def receiver_of(webhook: WebhookSettings) -> Receiver:
    """Where and how to send. Raises AddressRefused for a URL that may not be used."""
    return Receiver(
        name=webhook.name,
        form=Form(webhook.form),
        target=read_url(webhook.url_value(), webhook.allowance),
        allowance=webhook.allowance,
        secret=webhook.secret_value(),
        ca_file=webhook.ca_file,
    )


def concerned(settings: Settings, kind: str) -> list[str]:
    """The webhooks that are told of a kind of news."""
    return [one.name for one in settings.webhooks if not one.kinds or kind in one.kinds]


def unknown_kinds(webhook: WebhookSettings) -> list[str]:
    """Kinds that a webhook asks for and that never come."""
    return [kind for kind in webhook.kinds if kind not in KINDS]


def sender(post: PostTo, settings: Callable[[], Settings], now: NowUs) -> Send:
    """What sends a message in the form that each webhook wants; `post` is how it is posted (`WebhookClient.post`)."""

    async def send(webhook: WebhookSettings, message: Message) -> Answer:
        receiver, hall = receiver_of(webhook), settings().hall
        return await post(
            receiver, post_of(receiver, message, now=now(), hall=hall.name, zone=hall.zone, language=hall.spoken)
        )

    return send


async def leave_news(store: Store, settings: Settings, news: News, at: int) -> None:
    """Tells from another process than the service: it finds the news in the store, logs and sends them."""
    message = message_of(news, settings.hall.spoken)
    await store.deliveries.queue([(name, message) for name in (THE_LOG, *concerned(settings, news.kind))], at)

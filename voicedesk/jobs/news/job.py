"""Keeps the telling of news at work: the messenger, with what posts its messages."""

from voicedesk.clock import NowUs
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.news.messenger import Messenger
from voicedesk.jobs.news.news import News
from voicedesk.jobs.news.receivers import sender
from voicedesk.settings import Settings
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.webhooks.client import WebhookClient


class SendingNews:
    """The news of the hall. `tell` is how every other job tells people of anything."""

    def __init__(self, store: Store, settings: Settings, now: NowUs, *, guard: Guard) -> None:
        self._settings = settings
        send = sender(WebhookClient().post, lambda: self._settings, now)
        self._messenger = Messenger(store, settings, now, send=send, guard=guard)

    async def tell(self, news: News) -> None:
        """Logs news and hands them to every webhook that wants them; never waits, never fails."""
        await self._messenger.tell(news)

    async def run(self) -> None:
        """Sends until cancelled; what is in memory then is still written."""
        await self._messenger.run()

    def change_settings(self, settings: Settings) -> None:
        """Webhooks change; one that was mended is tried at once."""
        self._settings = settings
        self._messenger.change_settings(settings)

    async def send_again(self, item: SetAside) -> str:
        """A message that was set aside is queued again; what is told of it. Raises InputError where it cannot be."""
        return await self._messenger.send_again(item)

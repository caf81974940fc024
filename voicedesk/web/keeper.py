"""The store of the pages: opened as soon as it can be, read only, and missed aloud while it is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from voicedesk.clock import NowUs
from voicedesk.errors import StoreError, StoreUnavailable, reason_of
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.web.texts import t

AGAIN_SECONDS = 2.0
_log = structlog.get_logger()


class StoreKeeper:
    """Holds the store. `away_since` and `why`: since when it cannot be read, and what it said; None: it can be."""

    def __init__(self, settings: Settings, now: NowUs) -> None:
        self._url, self._now = settings.store.url, now
        self._store: Store | None = None
        self.opened = asyncio.Event()
        self._tried, self._missed = asyncio.Event(), asyncio.Event()
        self.away_since: int | None = None
        self.why: StoreError | None = None

    @property
    def store(self) -> Store:
        """The store. Raises StoreUnavailable where it could not be opened yet."""
        if self._store is None:
            raise StoreUnavailable(str(self.why) if self.why else t("the database is not open yet"))
        return self._store

    def one_state(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Within the block a page reads one state of the store, by one connection. Raises as `store`."""
        return self.store.database.one_state()

    async def must_be_open(self) -> None:
        """Waits for the first try to open the store. Raises StoreUnavailable where that failed, and it is not open."""
        await self._tried.wait()
        _ = self.store

    def missed(self, error: StoreError) -> None:
        """The database did not answer; the first time is told."""
        self.why = error
        self._missed.set()
        self._tried.set()
        if self.away_since is None:
            self.away_since = self._now()
            _log.warning("web_store_away", reason=str(error))

    def answered(self) -> None:
        """The database answered."""
        if self.away_since is not None:
            _log.info("web_store_back")
        self.away_since = self.why = None
        self._missed.clear()
        self._tried.set()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Opens the store, again and again until that is done, and closes it at the end of the block."""
        async with contextlib.AsyncExitStack() as stack:
            keeping = asyncio.create_task(self._keep(stack))
            try:
                yield
            finally:
                keeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeping
                self._store = None

    async def _keep(self, stack: contextlib.AsyncExitStack) -> None:
        """Opens the store; whenever it was missed, asks it again and again until it answers."""
        store = await self._open(stack)
        while True:
            await self._missed.wait()
            try:
                await store.accounts.is_empty()
            except StoreError:
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self.answered()

    async def _open(self, stack: contextlib.AsyncExitStack) -> Store:
        while True:
            try:
                opened = Store.open(self._url, may_write=False, now=self._now)
                store = self._store = await stack.enter_async_context(opened)
            except OSError as error:  # its folder may not be looked into
                self.missed(StoreUnavailable(f"{error.filename} cannot be read: {reason_of(error)}"))
                await asyncio.sleep(AGAIN_SECONDS)
            except StoreError as error:
                self.missed(error)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self.answered()
                self.opened.set()
                return store

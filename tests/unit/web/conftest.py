"""The desk over a store of its own, asked as a browser asks, without a socket."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import pytest
from tests.fakes.rows import outcome
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, Move, added
from voicedesk.access.roles import Role
from voicedesk.access.sessions import Session, Stage, new_token, token_hash
from voicedesk.access.totp import code_of, step_at
from voicedesk.jobs.deciding.steps import VerdictSteps
from voicedesk.settings import Settings
from voicedesk.store.requests import LEADER, Request, RequestState
from voicedesk.store.store import Store
from voicedesk.web.app import Application

PASSWORD = "三只小猫坐在蓝色的大门前"
AT = 1_800_000_000_000_000
HOUR = 3_600_000_000


class Clock:
    """Our clock, moved by hand."""

    def __init__(self) -> None:
        self.us = AT

    def __call__(self) -> int:
        return self.us


class Browser:
    """Keeps cookies, follows where it is led, and sends the forms that it was given."""

    def __init__(self, app: Application, *, address: str = "10.0.0.7", base: str = "https://localhost") -> None:
        transport = httpx.ASGITransport(app, client=(address, 50000))
        self.client = httpx.AsyncClient(transport=transport, base_url=base, follow_redirects=True)
        self.page: httpx.Response | None = None

    async def get(self, path: str, **headers: str) -> httpx.Response:
        self.page = await self.client.get(path, headers=headers)
        return self.page

    async def send(self, path: str, **fields: str) -> httpx.Response:
        assert self.page is not None
        token = re.search(r'name="form" value="(\w+)"', self.page.text)
        sent = {"form": token[1] if token else ""} | fields
        self.page = await self.client.post(path, data=sent)
        return self.page

    def cookie(self, name: str = "__Host-desk") -> str | None:
        return self.client.cookies.get(name)

    async def close(self) -> None:
        await self.client.aclose()


class House:
    """One hall's desk."""

    def __init__(self, settings: Settings, clock: Clock, app: Application) -> None:
        self.settings, self.clock, self.app = settings, clock, app
        self.stack = AsyncExitStack()
        self.secret = ""  # of who set up an authenticator last

    async def browser(self, **how: str) -> Browser:
        made = Browser(self.app, **how)
        self.stack.push_async_callback(made.close)
        return made

    @property
    def store(self) -> Store:
        return self.app.keeper.store

    async def account(self, login: str = "0101", role: Role = Role.STAFF, **known: str) -> str:
        """An account that waits for its first visit; its one-time code."""
        code = f"ABCD-EFGH-JKLM-{login.upper():N<4}"
        person = Account(login=login, name="张三", role=role, **known)
        await self.store.accounts.add(added(Keeper(who="cli:root", now=self.clock.us), person, code))
        return code

    async def signed_in(self, login: str = "0101", role: Role = Role.STAFF, **known: str) -> Browser:
        """Somebody who came for the first time and is in."""
        code = await self.account(login, role, **known)
        browser = await self.browser()
        await browser.get("/welcome")
        page = await browser.send("/welcome", login=login, code=code, password=PASSWORD, again=PASSWORD)
        if role is not Role.STAFF:
            self.secret = secret_on(page)
            page = await browser.send("/enrol", digits=code_of(self.secret, step_at(self.clock.us)))
        assert page.status_code == 200
        return browser

    async def inside(self, login: str, role: Role = Role.STAFF, **known: str) -> Browser:
        """Somebody who is in; how they came in is not told again."""
        await self.account(login, role, **known)
        token, now = new_token(), self.clock.us
        session = Session(
            token_hash=token_hash(token) or "", login=login, role=role, stage=Stage.OPEN, begun_at=now, seen_at=now
        )
        await self.store.accounts.step(login, lambda _: Move(begins=session))
        browser = await self.browser()
        browser.client.cookies.set("__Host-desk", token)
        return browser

    async def deeds(self) -> list[str]:
        """What the audit log has, the oldest first."""
        return [one.deed.value for one in reversed(await self.store.audit.list(limit=100))]


def secret_on(page: httpx.Response) -> str:
    """The secret that a page shows as letters."""
    found = re.search(r"<code>([A-Z2-7 ]{30,})</code>", page.text)
    assert found is not None
    return found[1].replace(" ", "")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def house(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'v.db'}"
    async with Store.open(url):
        pass
    switch = {"name": "main", "host": "127.0.0.1", "username": "v", "secret": "s"}
    dials = {"dial_username": "d", "dial_secret": "s"}
    told = {"store": {"url": url}, "hall": {"name": "某市大厅"}, "pbx": [{**switch, **dials}]}
    told["web"] = {"folder": tmp_path / "web"}
    settings = Settings.model_validate(told)
    app = Application(settings, clock)
    async with app.at_work():
        await app.keeper.opened.wait()
        made = House(settings, clock, app)
        async with made.stack:
            yield made


@asynccontextmanager
async def answering(house: House, answer: Callable[[Store, Request], Awaitable[tuple[RequestState, str]]]):
    """A service that leads, and answers each row of the desk as `answer` says."""

    async def serve(store: Store) -> None:
        while True:
            for request in await store.requests.queued(10):
                await store.requests.start([request.id], "test:1:x", 10)
                state, told = await answer(store, request)
                await store.requests.finish(request.id, state, told, owner="test:1:x")
            await asyncio.sleep(0.01)

    async with Store.open(house.settings.store.url, now=house.clock) as store:
        await store.requests.lead(LEADER, "test:1:x", 600)
        task = asyncio.create_task(serve(store))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def service(house):
    """A service that carries out what is asked about verdicts."""
    asked = []

    async def answer(store: Store, request: Request) -> tuple[RequestState, str]:
        done = await outcome(VerdictSteps(store, lambda: house.settings, house.clock), request)
        asked.append(json.loads(request.payload))
        return done

    async with answering(house, answer):
        yield asked

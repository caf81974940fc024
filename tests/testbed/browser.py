"""A headless Chromium, driven as a person does: by clicks where something is, and by keys; and what it complains of.

It is asked over two pipes (DevTools protocol, `--remote-debugging-pipe`): no port is open, and no package is needed.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

PATIENCE_SECONDS = 120.0
"""A machine that is busy with other tests starts a browser in ten seconds and more."""
_LOOK_SECONDS = 0.05
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # root has none, and the only pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--ignore-certificate-errors",  # nobody vouches for one that a desk makes itself
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
_MIDDLE = """
(found => {
  if (!found) return null;
  found.scrollIntoView({block: "center", inline: "center"});
  const box = found.getBoundingClientRect();
  const x = box.x + Math.min(box.width, innerWidth) / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  return found === top || found.contains(top) || (top && top.contains(found)) ? [x, y] : null;
})
"""
_BY_WORDS = """
(words => [...document.querySelectorAll("a, button, summary, label, [role=button]")]
  .filter(one => (one.getAttribute("aria-label") || one.innerText).trim() === words && one.getClientRects().length)[0])
"""


def _speaking(microphone: Path | None) -> tuple[str, ...]:
    if microphone is None:
        return ()
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    return (*fake, f"--use-file-for-fake-audio-capture={microphone}%noloop")


class Chromium:
    """The browser's process. `page` gives pages that share nothing with each other, as browsers of two people."""

    def __init__(self, process: asyncio.subprocess.Process, asked: asyncio.StreamWriter) -> None:
        self._process, self._asked = process, asked
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._is_over = False

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, *, microphone: Path | None = None) -> AsyncIterator[Self]:
        """Starts it with an empty profile, and ends it with all its processes at the end of the block.

        `microphone`: a WAV file (PCM) that is spoken once, from the moment somebody listens; they are allowed to.
        """
        program = shutil.which("chromium")
        if program is None:
            raise RuntimeError("Chromium is not installed: run make browser, or install Debian's chromium")
        profile = tempfile.mkdtemp(prefix="voicedesk-chromium-")
        its_input, ours_to_write = os.pipe()
        ours_to_read, its_output = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash"),
            *(program, *_OPTIONS, *_speaking(microphone), f"--user-data-dir={profile}", "about:blank"),
            pass_fds=(its_input, its_output),
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": profile, "LANG": "C.UTF-8"},
        )
        os.close(its_input)
        os.close(its_output)
        loop = asyncio.get_running_loop()
        told = asyncio.StreamReader(limit=2**27)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), os.fdopen(ours_to_read, "rb"))
        pipe = os.fdopen(ours_to_write, "wb")
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
        made = cls(process, asyncio.StreamWriter(transport, protocol, None, loop))
        listening = asyncio.create_task(made._listen(told))
        try:
            yield made
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(made.ask("Browser.close"), 10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
            transport.close()
            listening.cancel()
            shutil.rmtree(profile, ignore_errors=True)

    async def page(self, *, width: int = 1366, height: int = 768, dark: bool = False) -> "Page":
        """An empty page of somebody's own browser, of this size."""
        context = (await self.ask("Target.createBrowserContext"))["browserContextId"]
        target = await self.ask("Target.createTarget", url="about:blank", browserContextId=context)
        session = (await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        page = self._pages[session] = Page(self, session)
        for part in ("Page", "Runtime", "Log", "Network"):
            await page.ask(f"{part}.enable")
        await page.sized(width, height, dark=dark)
        return page

    async def ask(self, method: str, session: str | None = None, **values: Any) -> dict[str, Any]:
        """What the browser answers. Raises RuntimeError where it refuses, or has ended."""
        if self._is_over:
            raise RuntimeError("Chromium has ended: start it by hand with the same options, and read what it says")
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        named = {"sessionId": session} if session else {}
        self._asked.write(json.dumps({"id": number, "method": method, "params": values, **named}).encode() + b"\0")
        told = await asyncio.wait_for(answer, PATIENCE_SECONDS)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result

    async def _listen(self, told: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                said = json.loads((await told.readuntil(b"\0"))[:-1])
                if "id" in said:
                    answer = self._waiting.pop(said["id"])
                    if not answer.done():
                        answer.set_result(said)
                elif said.get("sessionId") in self._pages:
                    self._pages[said["sessionId"]].heard(said["method"], said["params"])
        self._is_over = True
        for answer in self._waiting.values():
            answer.set_result({"error": "it ended"})


class Page:
    """One page. `complaints` is all that the browser's console has: errors, warnings, what the policy forbade."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser, self._session = browser, session
        self._loads = 0
        self.complaints: list[str] = []

    async def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """What the browser answers about this page."""
        return await self._browser.ask(method, self._session, **values)

    def heard(self, method: str, said: dict[str, Any]) -> None:
        """Something that the browser tells without being asked."""
        match method:
            case "Page.loadEventFired":
                self._loads += 1
            case "Log.entryAdded":
                one = said["entry"]
                self.complaints.append(f"{one['source']}: {one['text']} {one.get('url', '')}")
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"{said['type']}: {[one.get('value') for one in said['args']]}")
            case "Runtime.exceptionThrown":
                self.complaints.append(f"thrown: {said['exceptionDetails']['text']}")
            case "Page.javascriptDialogOpening":
                self.complaints.append(f"dialog: {said['message']}")

    # --- what a person does

    async def sized(self, width: int, height: int, *, dark: bool = False, scale: float = 1.0) -> None:
        """Another screen: below 500 px it is a phone's, which is touched."""
        is_phone = width < 500
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone},
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.ask("Emulation.setEmulatedMedia", features=scheme)

    async def go(self, address: str) -> None:
        """Types an address, and waits until its page is there."""
        async with self.loading():
            await self.ask("Page.navigate", url=address)

    async def click(self, words: str) -> None:
        """Clicks on a link or button by its words, and waits for the page that it leads to."""
        async with self.loading():
            await self.press(words)

    async def press(self, words: str) -> None:
        """Clicks on a link or button by its words; no other page follows. Raises AssertionError where none is seen."""
        await self._click_at(f"{_BY_WORDS}({json.dumps(words)})", words)

    async def fill(self, name: str, text: str) -> None:
        """Clicks into a field by its name, and types."""
        await self._click_at(f"document.querySelector({json.dumps(f'[name={name}]')})", name)
        await self.ask("Input.insertText", text=text)

    async def key(self, key: str, code: int, text: str = "") -> None:
        """Presses a key."""
        known = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **known)

    @contextlib.asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """Waits at the end of the block for the next page."""
        before = self._loads
        yield
        await self.until(lambda: self._loads > before, "no page came")

    async def until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Waits until something holds. Raises AssertionError."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not holds():
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            raise AssertionError(f"{otherwise}: {await self.text()}") from error

    # --- what a person sees

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        told = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"])
        return told["result"].get("value")

    async def text(self, of: str = "body") -> str:
        """What can be read in the first element that a selector chooses."""
        return str(await self.run(f"(document.querySelector({json.dumps(of)}) || {{innerText: ''}}).innerText"))

    async def texts(self, of: str) -> list[str]:
        """What can be read in each element that a selector chooses."""
        every = f"[...document.querySelectorAll({json.dumps(of)})]"
        found: list[str] = await self.run(f"{every}.map(one => one.innerText.trim())")
        return found

    async def path(self) -> str:
        """Path and query of the page's address."""
        return str(await self.run("location.pathname + location.search"))

    async def is_scrolled_sideways(self) -> bool:
        """Whether a part of the page lies outside of the screen's width."""
        return bool(await self.run("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    async def shot(self, file: Path, *, whole: bool = False) -> None:
        """Writes a picture of what is seen, or of the whole page."""
        told = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(told["data"]))

    async def _click_at(self, element: str, name: str) -> None:
        place = await self.run(f"{_MIDDLE}({element})")
        assert place is not None, f"{name!r} is not there, or lies under something: {await self.text()}"
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

"""`voicedesk demo` as a person runs it: somebody signs in, greetings are heard, calls come in, nothing is left."""

import asyncio
import os
import re
import signal
import sys

import httpx
import pytest
from tests.testbed.desk import free_port
from voicedesk.demo.filling import STAFF

pytestmark = pytest.mark.timeout(400, func_only=True)
PATIENCE_SECONDS = 240


async def started(folder, port):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicedesk", "demo", "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        cwd=folder,
    )


async def until(process, words):
    told = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := re.search(words, told)):
            line = await process.stdout.readline()
            assert line, told
            told += line.decode()
    return found


async def sent(client, page, path, **fields):
    token = re.search(r'name="form" value="([^"]+)"', page.text)[1]
    return await client.post(path, data={"form": token, "next": "/", **fields})


async def recorded_and_heard(client):
    """A call of which the greeting was heard, as the person's own page shows it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not re.search("合规|不完整|次序不对|报错部门", (page := await client.get("/mine")).text):
            await asyncio.sleep(1)
    return page


async def test_the_desk_opens_on_a_full_day_with_calls_that_go_on_and_leaves_nothing(tmp_path):
    port = free_port()
    process = await started(tmp_path, port)
    try:
        password = (await until(process, rf"{STAFF}\s+(\S+)"))[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as client:
            entrance = await client.get("/signin")
            inside = await sent(client, entrance, "/signin", login=STAFF, password=password)
            assert "张敏" in inside.text
            assert (await client.get("/calls?period=all")).text.count("<tr") > 20
            await recorded_and_heard(client)
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, said = await process.communicate()
    assert said.decode() == ""
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []

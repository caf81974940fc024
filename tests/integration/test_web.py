"""`voicedesk web` as a process: encrypted, first visit by the log's code, slow and long requests, an end in order."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest
from tests.testbed.desk import PATIENCE_SECONDS, desk_running
from tests.unit.web.conftest import PASSWORD, secret_on
from voicedesk.access.totp import code_of, step_at
from voicedesk.clock import now_us
from voicedesk.store.store import Store

pytestmark = pytest.mark.timeout(600)  # each test starts Python once or twice: minutes where the processor is shared


async def test_the_first_visit_over_https_and_an_end_in_order(tmp_path):
    async with desk_running(tmp_path) as desk:
        code = re.search(r"once=(\S+)", await desk.logged("web_first_visit"))[1]
        (grown,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{desk.process.pid}/status").read_text())
        assert int(grown) < 130 * 1024, "the desk is small beside the service"
        assert os.stat(tmp_path / "web" / "desk.key").st_mode & 0o777 == 0o600
        async with desk.client() as browser:
            page = await browser.get("/")
            assert page.url.path == "/welcome"
            fields = {"login": "admin", "name": "李主任", "code": code, "password": PASSWORD, "again": PASSWORD}

            async def send(path: str, page: httpx.Response, **fields: str) -> httpx.Response:
                token = re.search(r'name="form" value="(\w+)"', page.text)[1]
                return await browser.post(path, data={"form": token} | fields)

            page = await send("/welcome", page, **fields)
            page = await send("/enrol", page, digits=code_of(secret_on(page), step_at(now_us())))
            assert "备用码" in page.text
            page = await browser.get("/")
            assert "李主任" in page.text
            assert "服务没有运行" in page.text
        desk.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(desk.process.wait(), PATIENCE_SECONDS) == 0


async def test_fault_76_who_says_half_a_request_holds_nothing_and_a_long_head_is_refused(tmp_path):
    async with desk_running(tmp_path, 'tls = "off"\n') as desk:
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000)
        await writer.drain()
        assert (await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 400")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(b"GET /signin HTTP/1.1\r\nHost: localhost\r\n")
        await writer.drain()
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b"", "after a while it is hung up"
        writer.close()


async def test_a_port_in_use_is_told_in_one_sentence(tmp_path):
    async with desk_running(tmp_path, 'tls = "off"\n') as desk:
        again = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicedesk", "web", "--config", str(tmp_path / "voicedesk.toml"),
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await asyncio.wait_for(again.communicate(), PATIENCE_SECONDS)
        assert again.returncode == 2
        assert "nothing can listen there: is it in use?" in said.decode()
        assert "Traceback" not in said.decode()
        assert desk.process.returncode is None


async def test_a_desk_without_its_database_waits_for_it(tmp_path):
    async with desk_running(tmp_path, with_database=False) as desk:
        async with desk.client() as browser:
            assert (await browser.get("/")).status_code == 503
        async with Store.open(f"sqlite:///{tmp_path / 'v.db'}"):
            pass
        await desk.logged("web_store_back")
        async with desk.client() as browser:
            assert (await browser.get("/")).status_code == 200


async def test_a_hangup_has_changed_settings_read_at_once_and_wrong_ones_refused(tmp_path):
    async with desk_running(tmp_path, 'tls = "off"\n') as desk:
        file = tmp_path / "voicedesk.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(f'{text}[hall]\nname = "新大厅"\n', encoding="utf-8")
        desk.process.send_signal(signal.SIGHUP)
        await desk.logged("web_settings_read")
        file.write_text(f'{text}[hall]\nnmae = "新大厅"\n', encoding="utf-8")
        desk.process.send_signal(signal.SIGHUP)
        assert "did you mean name?" in await desk.logged("web_settings_refused")
        assert desk.process.returncode is None


def test_only_half_a_certificate_is_told_with_the_cure(tmp_path):
    import subprocess

    settings = tmp_path / "voicedesk.toml"
    settings.write_text('[web]\ntls = "own"\ncertificate = "a.pem"\ncertificate_key = "b.key"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "voicedesk", "web", "--config", str(settings)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "are no certificate and its key" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

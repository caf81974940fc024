"""Webhooks against a scripted HTTP server on loopback: what is sent, what is never sent, and who notices trouble."""

import asyncio
import hashlib
import hmac
import json
import logging
import ssl
import subprocess
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import structlog
from tests.fakes.http_server import HANG, OK, HttpServer, answer
from voicedesk.errors import AddressRefused, WebhookError
from voicedesk.jobs.news.messenger import Messenger
from voicedesk.jobs.news.news import News
from voicedesk.jobs.news.receivers import sender
from voicedesk.log import configure_logging
from voicedesk.settings import Settings
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.store import Store
from voicedesk.web_address import Allowance, read_url
from voicedesk.webhooks.answers import Fate
from voicedesk.webhooks.client import WebhookClient, look_up
from voicedesk.webhooks.formats import post_of
from voicedesk.webhooks.message import Form, Message, Receiver

NOW = 1_800_000_000_000_000
MESSAGE = Message(id="n1", kind="ticket_opened", group="新工单", at=NOW, title="新工单：回拨")
LOOPBACK = Allowance(loopback=True)
OPENSSL = (
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
)


@pytest.fixture
async def server():
    async with HttpServer() as started:
        yield started


def receiver(port: int, form: Form = Form.WECOM, host: str = "127.0.0.1", allowance: Allowance = LOOPBACK, **keys):
    keys = {"secret": "", **keys}
    target = read_url(f"{keys.pop('scheme', 'http')}://{host}:{port}/send?key=KEY", allowance)
    return Receiver(name="r", form=form, target=target, allowance=allowance, **keys)


def resolving(*answers: list[str]):
    """A name server that gives these answers in turn; `asked` is which names it was asked for."""
    left, asked = list(answers), []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    resolve.asked = asked
    return resolve


async def post(to: Receiver, client: WebhookClient | None = None):
    made = post_of(to, MESSAGE, now=NOW, hall="大厅", zone=ZoneInfo("Asia/Shanghai"))
    return await (client or WebhookClient()).post(to, made)


async def test_a_robot_gets_its_message_at_the_url_it_gave(server):
    told = await post(receiver(server.port))
    assert told.fate is Fate.TOLD
    (asked,) = server.asked
    assert asked.line == "POST /send?key=KEY HTTP/1.1"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(asked.body)["markdown"]["content"].startswith("**新工单：回拨**")


async def test_a_signature_holds_for_what_arrived_and_dingtalk_s_is_in_the_query(server):
    await post(receiver(server.port, Form.JSON, secret="s3cret"))
    await post(receiver(server.port, Form.DINGTALK, secret="SEC"))
    plain, robot = server.asked
    signed = hmac.new(b"s3cret", plain.headers["x-voicedesk-timestamp"].encode() + b"." + plain.body, hashlib.sha256)
    assert plain.headers["x-voicedesk-signature"] == f"v1={signed.hexdigest()}"
    assert robot.line.startswith(f"POST /send?key=KEY&timestamp={NOW // 1000}&sign=")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3", "0.0.0.0"])
async def test_fault_78_a_name_that_stands_for_an_inside_address_is_told_nothing(server, address):
    client = WebhookClient(resolving(["8.8.8.8", address]))
    with pytest.raises(AddressRefused):
        await post(receiver(server.port, host="robot.example", allowance=Allowance(), scheme="https"), client)
    assert server.connections == 0


async def test_fault_78_the_metadata_address_is_told_nothing_even_where_everything_else_is_allowed(server):
    everything = Allowance(private=True, loopback=True)
    for host in ("169.254.169.254", "100.100.100.200", "[fd00:ec2::254]"):
        with pytest.raises(AddressRefused, match="nothing is ever sent there"):
            await post(receiver(server.port, host=host, allowance=everything))


async def test_fault_78_a_name_that_changes_its_meaning_changes_nothing_for_it_is_asked_once(server):
    resolve = resolving(["127.0.0.1"], ["169.254.169.254"])
    told = await post(receiver(server.port, host="rebinding.example"), WebhookClient(resolve))
    assert told.fate is Fate.TOLD
    assert resolve.asked == ["rebinding.example"]
    assert server.asked[0].headers["host"] == f"rebinding.example:{server.port}"
    with pytest.raises(AddressRefused):
        await post(receiver(server.port, host="rebinding.example"), WebhookClient(resolve))


async def test_fault_78_a_redirect_is_not_followed(server):
    async with HttpServer() as other:
        server.answers = [answer(b"", 307, f"Location: http://127.0.0.1:{other.port}/steal")]
        told = await post(receiver(server.port))
        assert (told.fate, other.connections) == (Fate.REFUSED, 0)
    assert "final address" in told.text


async def test_fault_78_a_proxy_of_the_environment_is_not_used(server, monkeypatch):
    async with HttpServer() as proxy:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await post(receiver(server.port))).fate is Fate.TOLD
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "silence",
    [
        HANG,
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
    ],
)
async def test_fault_78_a_receiver_that_hangs_is_left_in_time(server, silence):
    server.answers = [silence]
    begun = time.monotonic()
    with pytest.raises(WebhookError):
        await post(receiver(server.port), WebhookClient(deadline_seconds=0.3))
    assert time.monotonic() - begun < 2


async def test_fault_78_a_name_server_that_hangs_is_left_in_time_and_holds_up_nothing_else(monkeypatch):
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(*_args, **_keys):
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        raise OSError

    monkeypatch.setattr("voicedesk.webhooks.client.socket.getaddrinfo", hang)
    client = WebhookClient(deadline_seconds=0.1)
    slow = receiver(9999, host="slow.example")
    for _ in range(8):
        with pytest.raises(WebhookError, match="within"):
            await post(slow, client)
    with pytest.raises(WebhookError, match="name server"):
        await post(slow, client)
    released.set()
    await asyncio.sleep(0.05)


async def test_fault_78_an_answer_without_end_is_not_read_to_its_end(server):
    server.answers = [b"HTTP/1.1 200 OK\r\n\r\n" + OK + b" " * 10_000_000]
    begun = time.monotonic()
    assert (await post(receiver(server.port))).fate is Fate.TOLD
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("given", "fate", "text"),
    [
        (answer(b"", 500), Fate.FAILED, "HTTP 500"),
        (answer(b'{"errcode":93000,"errmsg":"invalid webhook url"}'), Fate.REFUSED, "errcode 93000"),
        (answer(b'{"errcode":45009,"errmsg":"freq"}'), Fate.TOO_FAST, "errcode 45009"),
        (answer(b"", 429, "Retry-After: 9"), Fate.TOO_FAST, "wait 9 s"),
    ],
)
async def test_fault_78_trouble_of_the_receiver_is_read_from_its_answer(server, given, fate, text):
    server.answers = [given]
    told = await post(receiver(server.port))
    assert told.fate is fate
    assert text in told.text


@pytest.mark.parametrize(
    "given", [b"SSH-2.0-OpenSSH\r\n", b"", b"\0" * 100, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000]
)
async def test_fault_78_what_answers_no_http_is_trouble_and_no_more(server, given):
    server.answers = [given]
    with pytest.raises(WebhookError, match=r"127\.0\.0\.1 gave no answer"):
        await post(receiver(server.port), WebhookClient(deadline_seconds=2))


async def test_nothing_listens_or_nobody_knows_the_name():
    with pytest.raises(WebhookError, match="nothing answers"):
        await post(receiver(1025))
    with pytest.raises(WebhookError, match="correct the URL"):
        await look_up("no-such-host.invalid", 443)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    name = ("-subj", "/CN=gateway.example", "-addext", "subjectAltName=DNS:gateway.example")
    subprocess.run([*OPENSSL, *name, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


async def test_tls_asks_for_the_name_while_the_connection_goes_to_the_checked_address(certificate):
    file, context = certificate
    client = WebhookClient(resolving(["127.0.0.1"]))
    seen = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    async with HttpServer(tls=context) as server:
        good = receiver(server.port, host="gateway.example", scheme="https", ca_file=file)
        assert (await post(good, client)).fate is Fate.TOLD
        assert seen == ["gateway.example"]
        other = receiver(server.port, host="other.example", scheme="https", ca_file=file)
        with pytest.raises(WebhookError, match=r"certificate of other\.example is not trusted"):
            await post(other, client)
        with pytest.raises(WebhookError, match="not trusted"):
            await post(replace(good, ca_file=None), client)
        with pytest.raises(WebhookError, match="cannot be read"):
            await post(replace(good, ca_file=file.with_name("none.pem")), client)
        assert len(server.asked) == 1


async def test_another_address_of_a_name_has_its_turn_where_the_first_does_not_answer(server):
    client = WebhookClient(resolving(["127.0.0.2", "127.0.0.1"]))
    told = await post(receiver(server.port, host="two.example"), client)
    assert told.fate is Fate.TOLD
    assert len(server.asked) == 1


async def test_an_address_that_answers_badly_has_answered_and_the_other_is_not_told_as_well(server):
    server.answers = [b"no HTTP at all\r\n\r\n"]
    client = WebhookClient(resolving(["127.0.0.1", "127.0.0.2"]))
    with pytest.raises(WebhookError, match="gave no answer"):
        await post(receiver(server.port, host="two.example"), client)
    assert len(server.asked) == 1


def settings_for(*ports: int) -> Settings:
    hooks = [
        {"name": f"hook{n}", "form": "json", "url": f"http://127.0.0.1:{port}/send?key=KEY", "secret": "GEHEIM"}
        | {"allow_loopback": True}
        for n, port in enumerate(ports)
    ]
    return Settings.model_validate({"webhooks": hooks})


async def test_fault_78_one_receiver_hangs_and_the_other_is_told_at_once_and_no_key_is_in_the_log(
    server, tmp_path, capsys, monkeypatch
):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    configure_logging(level="debug")
    async with HttpServer() as slow, Store.open(f"sqlite:///{tmp_path / 'v.db'}") as store:
        slow.answers = [HANG] * 9
        settings = settings_for(slow.port, server.port)
        send = sender(WebhookClient(deadline_seconds=2).post, lambda: settings, lambda: NOW)
        messenger = Messenger(store, settings, lambda: NOW, send=send)
        running = asyncio.create_task(messenger.run())

        async def tried(name: str) -> bool:
            return any(one.tries for one in await store.deliveries.waiting(name, 9))

        try:
            begun = time.monotonic()
            for n in range(3):
                await messenger.tell(News(id=f"n{n}", kind="ticket_opened", at=NOW, title="新工单"))
            assert time.monotonic() - begun < 0.2
            while len(server.asked) < 3 or not slow.asked or not await tried("hook0"):
                await asyncio.sleep(0.01)
            assert time.monotonic() - begun < 5
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert [json.loads(one.body)["id"] for one in server.asked] == ["n0", "n1", "n2"]
        assert [one.webhook for one in await store.deliveries.newest(DeliveryState.QUEUED)] == ["hook0"] * 3
    logged = capsys.readouterr().err
    structlog.reset_defaults()
    root.setLevel(logging.WARNING)
    assert "news_sent" in logged
    assert "no answer within" in logged
    assert "KEY" not in logged
    assert "GEHEIM" not in logged

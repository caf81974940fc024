"""[[webhooks]]: URLs and secrets are kept to ourselves, and what cannot work is refused with its line."""

from pathlib import Path

import pytest
from voicedesk.errors import SettingsError
from voicedesk.settings import Settings, read_settings

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=ROBOT-KEY"


def table(**keys: object) -> str:
    values = {"name": "supervisors", "form": "wecom", **keys}
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
    ]
    return "\n".join(["[[webhooks]]", *lines]).replace("'", '"') + "\n"


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / "voicedesk.toml").write_text(text)
    return read_settings(folder / "voicedesk.toml", environ or {}).settings


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def secret_file(folder: Path, name: str, text: str, mode: int = 0o600) -> str:
    (folder / name).write_text(f"{text}\n")
    (folder / name).chmod(mode)
    return name


def test_a_robot_needs_its_url_alone_and_the_url_is_a_secret(tmp_path: Path) -> None:
    settings = load(tmp_path, table(url_file=secret_file(tmp_path, "robot", ROBOT)))
    (webhook,) = settings.webhooks
    assert webhook.url_value() == ROBOT
    assert (webhook.a_minute, webhook.kinds, webhook.allowance.hosts) == (20, (), ("qyapi.weixin.qq.com",))
    assert "ROBOT-KEY" not in repr(settings)
    assert "can be read by others (mode 0644)" in refusal(
        tmp_path, table(url_file=secret_file(tmp_path, "robot", ROBOT, 0o644))
    )


def test_the_environment_may_hold_the_url(tmp_path: Path) -> None:
    settings = load(tmp_path, table(), {"VOICEDESK_WEBHOOKS__0__URL": ROBOT})
    assert settings.webhooks[0].url_value() == ROBOT


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "line 1: webhooks: webhook 'supervisors' needs either url_file (better) or url"),
        ({"url": ROBOT, "secret": "s"}, "line 1: webhooks: webhook 'supervisors': WeCom's robots have no secret"),
        ({"form": "json", "url": "https://h.example/"}, "signs what it sends: give exactly one of secret_file"),
        ({"form": "dingtalk", "url": ROBOT, "secret": "s"}, "line 4: webhooks.url: qyapi.weixin.qq.com is not among"),
        ({"url": "https://qyapi.weixin.qq.com.evil.example/KEY"}, "line 4: webhooks.url: qyapi.weixin.qq.com.evil"),
        ({"url": "http://qyapi.weixin.qq.com/KEY"}, "line 4: webhooks.url: http sends in clear text"),
        ({"url": "https://u:KEY@qyapi.weixin.qq.com/"}, "line 4: webhooks.url: a name and password before the host"),
        ({"form": "json", "url": "https://127.1/KEY", "secret": "s"}, "line 4: webhooks.url: 127.1 is an address in"),
        ({"form": "slack", "url": ROBOT}, "line 3: webhooks.form: input should be 'wecom', 'dingtalk' or 'json'"),
        ({"url": ROBOT, "a_minute": 0}, "webhooks.a_minute"),
    ],
)
def test_what_cannot_work_is_refused_and_the_key_never_shown(tmp_path: Path, keys: dict, message: str) -> None:
    told = refusal(tmp_path, table(**keys))
    assert message in told
    assert "KEY" not in told


def test_a_hall_with_its_own_installation_names_its_host_and_lets_its_network_be(tmp_path: Path) -> None:
    own = {"url": "http://wecom.hall.example:8080/send?key=K", "hosts": ["wecom.hall.example"], "allow_private": True}
    (webhook,) = load(tmp_path, table(**own)).webhooks
    assert (webhook.allowance.private, webhook.allowance.loopback) == (True, False)


def test_two_webhooks_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "'supervisors' is there twice" in refusal(tmp_path, table(url=ROBOT) * 2)

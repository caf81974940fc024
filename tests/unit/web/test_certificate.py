"""The certificate that the desk makes itself, and what the settings of the desk refuse."""

import os
import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from pydantic import ValidationError
from voicedesk.errors import SettingsError
from voicedesk.settings import Settings
from voicedesk.web.certificate import certificate_in

NOW = datetime(2026, 11, 30, tzinfo=UTC)
NAMES = ["localhost", "desk.example", "127.0.0.1", "::1"]


def test_a_certificate_is_made_once_for_its_names_with_a_key_that_nobody_else_reads(tmp_path):
    made = certificate_in(tmp_path / "web", NAMES, NOW)
    assert stat.S_IMODE(os.stat(made.key).st_mode) == 0o600
    found = x509.load_pem_x509_certificate(made.file.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == ["desk.example", "localhost"]
    assert sorted(map(str, names.get_values_for_type(x509.IPAddress))) == ["127.0.0.1", "::1"]
    assert len(made.fingerprint.split(":")) == 32
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.file, made.key)
    assert certificate_in(tmp_path / "web", reversed(NAMES), NOW + timedelta(days=700)) == made


@pytest.mark.parametrize("why", ["ends soon", "another name", "damaged", "no key"])
def test_a_certificate_is_made_anew_where_it_would_not_do(tmp_path, why):
    made = certificate_in(tmp_path, NAMES, NOW)
    now, names = NOW, NAMES
    if why == "ends soon":
        now += timedelta(days=766)
    elif why == "another name":
        names = [*NAMES, "hall.example"]
    elif why == "damaged":
        made.file.write_text("x")
    else:
        made.key.unlink()
    again = certificate_in(tmp_path, names, now)
    assert again.fingerprint != made.fingerprint
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(again.file, again.key)


def test_a_folder_that_cannot_be_written_is_told_with_the_setting(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"see \[web\] folder"):
        certificate_in(tmp_path / "file" / "web", NAMES, NOW)


@pytest.mark.parametrize(
    ("web", "why"),
    [
        ({"listen": "0.0.0.0:80", "tls": "off"}, "clear text"),
        ({"tls": "own"}, "certificate_key"),
        ({"proxies": ["nginx"]}, "no address or network"),
        ({"listen": "127.0.0.1:70000"}, "65535"),
        ({"listen": "8443"}, "pattern"),
        ({"prefix": "desk"}, "pattern"),
        ({"prefix": "/desk/"}, "pattern"),
        ({"idle_minutes": 1}, "greater"),
    ],
)
def test_settings_of_the_desk_that_would_not_be_safe_are_refused(web, why):
    with pytest.raises(ValidationError, match=why):
        Settings.model_validate({"web": web})


@pytest.mark.parametrize(
    ("web", "address"),
    [
        ({}, ("127.0.0.1", 8443)),
        ({"listen": "[::1]:80", "tls": "off"}, ("::1", 80)),
        ({"listen": "0.0.0.0:80", "tls": "off", "proxies": ["10.0.0.0/24", "::1"], "prefix": "/a/b"}, ("0.0.0.0", 80)),
    ],
)
def test_settings_of_the_desk_that_are_safe_are_taken(web, address):
    assert Settings.model_validate({"web": web}).web.address == address

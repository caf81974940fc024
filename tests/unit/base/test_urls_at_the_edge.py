"""Where a URL or an address is just allowed, and where it is just not any more."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from voicedesk.errors import AddressRefused
from voicedesk.web_address import Allowance, checked, read_url, refusal

PUBLIC = Allowance()
OWN = Allowance(private=True)
ALL = Allowance(private=True, loopback=True)
LABEL = "a" * 63


@pytest.mark.parametrize("port", [80, 443, 1024, 1025, 5037, 5040, 8080, 65535])
def test_a_webhook_is_at_80_at_443_or_from_1024_on(port):
    assert read_url(f"https://host.example:{port}/", PUBLIC).port == port


@pytest.mark.parametrize("port", [0, 1, 22, 79, 81, 442, 444, 1023, 5038, 5039, 65536, 99999, 100443])
def test_another_service_s_port_is_refused(port):
    with pytest.raises(AddressRefused, match=r"port|URL"):
        read_url(f"https://host.example:{port}/", PUBLIC)


@pytest.mark.parametrize("port", ["", "000443", "0x1bb", "+443", " 443", "4٤3"])
def test_a_port_that_is_written_in_another_way_is_refused(port):
    with pytest.raises(AddressRefused):
        read_url(f"https://host.example:{port}/", PUBLIC)


@pytest.mark.parametrize(
    "url",
    ["https://\u212a.example/", "http\u017f://h.example/", "https://\u017fh.example/", "https://h\u0131.example/"],
)
def test_a_letter_that_only_looks_like_one_is_no_letter(url):
    with pytest.raises(AddressRefused, match="plain letters"):
        read_url(url, ALL)


def test_without_a_port_it_is_the_scheme_s_own():
    assert read_url("https://host.example/", PUBLIC).port == 443
    assert read_url("http://host.example/", OWN).port == 80
    assert read_url("http://host.example:80/", OWN).authority == "host.example"
    assert read_url("http://host.example:443/", OWN).authority == "host.example:443"


@pytest.mark.parametrize("host", [f"{LABEL}.example", f"a.{LABEL}", ".".join([LABEL] * 3 + ["a" * 61])])
def test_a_host_name_as_long_as_names_may_be_is_read(host):
    assert read_url(f"https://{host}/", PUBLIC).host == host


@pytest.mark.parametrize("host", [f"a{LABEL}.example", f"a.a{LABEL}", ".".join([LABEL] * 3 + ["a" * 62]), ".example"])
def test_a_longer_or_an_empty_name_is_refused(host):
    with pytest.raises(AddressRefused, match="is no host name"):
        read_url(f"https://{host}/", PUBLIC)


def test_a_sign_for_a_user_is_refused_before_the_host_only():
    assert read_url("https://host.example/send?to=a@b", PUBLIC).path == "/send?to=a@b"
    with pytest.raises(AddressRefused, match="before the host"):
        read_url("https://a@host.example/", PUBLIC)


def test_the_dot_at_a_name_s_end_is_named():
    with pytest.raises(AddressRefused, match="dot at the end"):
        read_url("https://host.example./", PUBLIC)


@pytest.mark.parametrize("host", ["[2400:3200::]", "[::1]", "[fd12::1]"])
def test_an_address_in_brackets_is_read_whole(host):
    assert read_url(f"https://{host}/", ALL).host == host


@pytest.mark.parametrize(
    ("host", "named"),
    [
        *(("localhost", "allow_loopback"), ("[::1]", "allow_loopback"), ("127.8.9.10", "allow_loopback")),
        *(("gateway.example", "allow_private"), ("10.1.2.3", "allow_private")),
    ],
)
def test_who_may_not_be_told_in_clear_text_is_told_which_allowance_is_missing(host, named):
    with pytest.raises(AddressRefused, match=named):
        read_url(f"http://{host}/", PUBLIC)


def test_clear_text_leaves_the_hall_by_no_version_of_addresses():
    target = read_url("http://gateway.example/", OWN)
    for address in ("2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"):
        with pytest.raises(AddressRefused, match="write https"):
            checked(target, ["fd12::1", address], OWN)
    assert checked(target, ["fd12::1"], OWN) == [ip_address("fd12::1")]


@pytest.mark.parametrize("text", ["64:ff9b::8.8.8.8", "64:ff9b::121.51.0.1", "::ffff:121.51.0.1"])
def test_a_public_address_is_public_in_the_dress_of_a_translator_too(text):
    assert refusal(ip_address(text), PUBLIC) is None


@pytest.mark.parametrize("text", ["2001:0:808:808::f7f7:f7f7", "::2", "::3"])
def test_a_tunnel_to_a_public_address_is_no_public_address(text):
    assert refusal(ip_address(text), ALL) is not None


@pytest.mark.parametrize(
    "text",
    ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "::ffff:168.63.129.16"],
)
def test_where_clouds_hand_out_secrets_is_named_as_such(text):
    assert "metadata" in str(refusal(ip_address(text), ALL))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0.1.2.3",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
        ),
        *("203.0.113.9", "240.0.0.1", "64:ff9b:1::1", "100::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1"),
        *("3fff::1", "5f00::1", "fec0::1", "2001::1", "::ffff:100.64.0.1", "64:ff9b::192.0.2.1"),
    ],
)
def test_what_is_reserved_is_refused_also_where_this_python_does_not_know_it(text, monkeypatch):
    monkeypatch.setattr(IPv4Address, "is_global", True)
    monkeypatch.setattr(IPv6Address, "is_global", True)
    assert refusal(ip_address(text), ALL) is not None

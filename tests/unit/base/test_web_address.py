"""Where news may be sent: no spelling of an address gets past the guard (no SSRF)."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.errors import AddressRefused
from voicedesk.web_address import Allowance, checked, read_url, refusal

PUBLIC = Allowance()
OWN = Allowance(private=True)
HERE = Allowance(loopback=True)
ALL = Allowance(private=True, loopback=True)
LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd12::1"]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.0.23", "fe80::1", "224.0.0.1", "ff02::1"),
    *("255.255.255.255", "240.0.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("fd00:ec2::254", "198.18.0.1", "192.0.2.1", "2001:db8::1", "198.19.255.255", "100.127.255.255", "192.0.0.8"),
    *("fec0::1", "feff::1", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "3fff::1", "3fff:fff::1", "5f00::1", "100::1"),
    *("::ffff:0:169.254.169.254", "::ffff:0:0.0.0.0", "64:ff9b::169.254.169.254", "64:ff9b::100.64.0.1"),
    *("2002:a9fe:a9fe::1", "2002:6440:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1%eth0", "fe80::1%25eth0"),
    *("::ffff:0:240.0.0.1", "2001:10::1", "2001:20::1", "2001:2::1", "192.88.99.1", "203.0.113.9", "2606:4700::1%eth0"),
]


def inside_ipv6(address: IPv4Address) -> list[IPv6Address]:
    """Every way an IPv4 address can be written into an IPv6 one."""
    number = int(address)
    return [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(number),
        IPv6Address((0x0064_FF9B << 96) | number),
        IPv6Address((0xFFFF << 48) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x2001_0000 << 96) | (number ^ 0xFFFFFFFF)),
    ]


@pytest.mark.parametrize("text", NEVER)
def test_fault_78_what_no_webhook_is_at_is_refused_whatever_is_allowed(text):
    assert all(refusal(ip_address(text), one) is not None for one in (PUBLIC, OWN, HERE, ALL))


@pytest.mark.parametrize("text", LOOPBACK)
def test_this_machine_is_refused_unless_it_alone_is_allowed(text):
    address = ip_address(text)
    assert [refusal(address, one) is None for one in (PUBLIC, OWN, HERE)] == [False, False, True]


@pytest.mark.parametrize("text", PRIVATE)
def test_the_hall_s_own_network_is_refused_unless_it_is_allowed(text):
    address = ip_address(text)
    assert [refusal(address, one) is None for one in (PUBLIC, OWN, HERE)] == [False, True, False]


@pytest.mark.parametrize("text", ["8.8.8.8", "121.51.0.1", "2400:3200::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_let_through(text):
    assert refusal(ip_address(text), PUBLIC) is None


@given(st.ip_addresses(v=4), st.sampled_from([PUBLIC, OWN, HERE, ALL]))
def test_an_ipv4_address_inside_an_ipv6_one_fares_no_better_than_by_itself(address, allowance):
    if refusal(address, allowance) is not None:
        for dressed in inside_ipv6(address):
            if int(dressed) > 1:
                assert refusal(dressed, allowance) is not None, dressed


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_without_an_allowance_only_public_addresses_pass(address):
    if refusal(address, PUBLIC) is None:
        inner = getattr(address, "ipv4_mapped", None)
        assert (inner or address).is_global or int(address) < 2**32
        assert not any((address.is_loopback, address.is_link_local, address.is_multicast))


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/"),
        *("https://127.0.0.1./", "https://localhost./", "https://good.example@127.0.0.1/", "https://a:b@host/"),
        *("https://①②⑦.0.0.1/", "https://host\\@evil/", "https://host#@evil/", "https:///x", "ftp://host/", "//host/x"),
        *("https://[fe80::1%25eth0]/", "https://[::1", "https://[1]/", "https://ho st/", "https://host/a\nb", "host/x"),
        *("https://-a.example/", "https://a..example/", "https://host:0/", "https://host:70000/", "https://host:22/"),
        *(
            "https://host:5038/",
            "https://host:6379a/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "",
            "https://é.example/",
        ),
    ],
)
def test_what_two_parsers_might_read_differently_is_no_url(url):
    with pytest.raises(AddressRefused):
        read_url(url, ALL)


def test_a_message_never_shows_what_stands_behind_the_host():
    for url in ("https://u:KEY@h/", "https://127.1/send?key=KEY", "https://h:22/KEY", "http://h/KEY", "https://h/#KEY"):
        with pytest.raises(AddressRefused) as refused:
            read_url(url, PUBLIC)
        assert "KEY" not in str(refused.value)
    assert "KEY" not in repr(read_url("https://host.example/send?key=KEY", PUBLIC))


def test_a_url_is_taken_apart_as_written():
    target = read_url("HTTPS://Gateway.Example:8443/news?to=all", PUBLIC)
    assert (target.scheme, target.host, target.port, target.path) == ("https", "gateway.example", 8443, "/news?to=all")
    assert target.authority == "gateway.example:8443"
    assert read_url("https://h?x=1", PUBLIC).path == "/?x=1"
    assert read_url("https://[2400:3200::1]", PUBLIC).authority == "[2400:3200::1]"


def test_only_hosts_that_are_allowed_may_be_told():
    robots = Allowance(hosts=("qyapi.weixin.qq.com",))
    assert read_url("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", robots).port == 443
    for host in ("evil.example", "qyapi.weixin.qq.com.evil.example", "xqyapi.weixin.qq.com"):
        with pytest.raises(AddressRefused, match="hosts"):
            read_url(f"https://{host}/", robots)


def test_clear_text_goes_nowhere_but_to_the_hall_s_own_network():
    with pytest.raises(AddressRefused, match="clear text"):
        read_url("http://gateway.example/", PUBLIC)
    target = read_url("http://gateway.example/", OWN)
    assert checked(target, ["10.1.2.3"], OWN) == [ip_address("10.1.2.3")]
    with pytest.raises(AddressRefused, match="write https"):
        checked(target, ["8.8.8.8"], OWN)


def test_one_address_that_is_not_allowed_among_many_refuses_all():
    target = read_url("https://host.example/", PUBLIC)
    assert [str(one) for one in checked(target, ["2400:3200::1", "8.8.8.8", "8.8.8.8"], PUBLIC)] == [
        *("8.8.8.8", "2400:3200::1")
    ]
    for addresses in (["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::ffff:10.0.0.1"], ["fe80::1%eth0"], ["x"], []):
        with pytest.raises(AddressRefused):
            checked(target, addresses, PUBLIC)

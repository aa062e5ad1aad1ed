"""Callbacks go to the open internet alone, however the address is dressed up."""

import ipaddress
import time

import pytest

from app.providers.address_guard import (
    BlockedTargetError,
    UnresolvedError,
    check_url,
    is_public,
    resolve_checked,
)

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - refused, not bound to
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fdff::1", "ff02::1", "fec0::1", "2001:db8::1", "3fff::1", "100::1", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001::1",
    "2001:0:4136:e378::1", "2001:20::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "not an address", "",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "192.0.1.1",
    "2606:4700::1111",
]
TARGET = check_url("https://hooks.example.com/in?x=1")


@pytest.mark.parametrize("address", PRIVATE)
def test_reserved_addresses_are_refused(address: str) -> None:
    for answers in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(BlockedTargetError, match="private network"):
            resolve_checked(TARGET, resolver=lambda _host, _port, answers=answers: answers)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert resolve_checked(TARGET, resolver=lambda _host, _port: [address]) == [address]


def test_a_mapped_public_address_passes() -> None:
    assert is_public(ipaddress.ip_address("::ffff:8.8.8.8"))


def test_a_checked_target() -> None:
    assert (TARGET.host, TARGET.port, TARGET.path, TARGET.host_header) == (
        "hooks.example.com", 443, "/in?x=1", "hooks.example.com",
    )  # fmt: skip
    assert check_url("https://Hooks.Example.COM:443").path == "/"
    assert check_url("https://bücher.example/x").host == "xn--bcher-kva.example"
    assert check_url("https://hooks.example.com./x").host == "hooks.example.com"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "ftp://hooks.example.com/", "//hooks.example.com/",
        "hooks.example.com", "", "javascript:alert(1)", "file:///etc/passwd", "https://", "https:///x",
        "https://hooks.example.com:8443/", "https://hooks.example.com:80/", "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/", "https://user@hooks.example.com/",
        "https://user:pass@hooks.example.com/", "https://@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/", "https://hooks.example.com/#x",
        "https://hooks.example.com/#", "https://127.0.0.1/", "https://127.0.0.10/",
        "https://1.0x7f/", "https://8.8.8.8/", "https://2130706433/",
        "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/", "https://0177.0.0.1/",
        "https://127.1/", "https://127.0.0.1./", "https://１２７.0.0.1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[2606:4700::1111]/",
        "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://app.localhost/",
        "https://metadata.google.internal/", "https://metadata/", "https://printer.local/",
        "https://intranet/", "https://a..example.com/", "https://-a.example.com/",
        "https://a%00.example.com/", "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/a b", "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com/\tx", "https://hooks.example.com/é",
        "https://" + "a" * 2100 + ".example.com/", "https://" + "a" * 70 + ".example.com/",
        " https://hooks.example.com/",
    ],
)  # fmt: skip
def test_hostile_urls_are_refused(url: str) -> None:
    with pytest.raises(BlockedTargetError) as failure:
        check_url(url)
    assert str(failure.value).endswith(".")


def test_our_own_hosts_are_refused() -> None:
    with pytest.raises(BlockedTargetError):
        check_url("https://App.Example.com/", own_hosts={"app.example.com"})
    assert check_url("https://other.example.com/", own_hosts={"app.example.com"})


def test_development_may_call_itself() -> None:
    target = check_url("http://127.0.0.1:8002/hooks", allow_private=True)
    assert (target.host, target.port, target.host_header) == ("127.0.0.1", 8002, "127.0.0.1:8002")
    assert resolve_checked(target, allow_private=True, resolver=lambda _host, _port: ["127.0.0.1"]) == ["127.0.0.1"]
    assert check_url("http://[::1]:8002/", allow_private=True).host_header == "[::1]:8002"
    for url in ("ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://127.0.0.1/#x"):
        with pytest.raises(BlockedTargetError):
            check_url(url, allow_private=True)


def test_a_name_without_an_address() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise OSError

    for resolver in (fail, lambda _host, _port: []):
        with pytest.raises(UnresolvedError) as failure:
            resolve_checked(TARGET, resolver=resolver)
        assert not failure.value.slow


def test_a_resolver_that_hangs_is_left_behind() -> None:
    def hang(host: str, port: int) -> list[str]:
        time.sleep(2)
        return ["8.8.8.8"]

    started = time.monotonic()
    with pytest.raises(UnresolvedError) as failure:
        resolve_checked(TARGET, resolver=hang, seconds=0.05)
    assert failure.value.slow
    assert time.monotonic() - started < 1.5

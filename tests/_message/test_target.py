"""What a URL is taken apart into."""

import pytest
from yarl import URL

from aioclient import InvalidUrlClientError, NonHttpUrlClientError
from aioclient._message.target import looks_like_an_address, target_of


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "256.0.0.1",
        "1.2.3.4.5",
        "127.0.0.01",
        "a.1",
        "a.0x",
        "1.",
        "0X7F.0.0.1",
    ],
)
def test_a_host_that_some_take_for_an_ipv4_address_is_refused(host: str) -> None:
    with pytest.raises(InvalidUrlClientError, match="IPv4 address, but not written as one"):
        target_of(URL(f"http://{host}/", encoded=True), None)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "1.2.3.4.example",
        "a1",
        "0x7f.example",
        "1a",
        "::1",
        "::ffff:1.2.3.4",
        "fe80::1%eth0.7",
        "localhost",
        "a.x1",
    ],
)
def test_names_and_addresses_are_what_they_are(host: str) -> None:
    assert not looks_like_an_address(host)


@pytest.mark.parametrize("scheme", ["unix", "tcp", "npipe"])
def test_schemes_of_a_connector_are_http_at_port_80(scheme: str) -> None:
    target = target_of(URL(f"{scheme}://a.example/b?c"), None, frozenset({scheme}))
    assert target.route[:3] == ("a.example", 80, False)
    assert (target.authority, target.path_and_query) == ("a.example", "/b?c")


@pytest.mark.parametrize("scheme", ["unix", "ftp", "ws"])
def test_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(NonHttpUrlClientError):
        target_of(URL(f"{scheme}://a.example/"), None)

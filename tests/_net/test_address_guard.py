"""Which addresses are public, and who may say what is allowed."""

from ipaddress import ip_address
from typing import Any

import pytest

from aioclient._net.address_guard import address_guard, is_allowed, is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "93.184.216.34",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "64:ff9b:1::1",
    ],
)
def test_addresses_of_private_and_special_networks_are_not(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_function_of_the_caller_s_is_asked() -> None:
    guard = address_guard(lambda address: address.packed[0] == 10)
    assert guard is not None
    assert is_allowed(guard, "10.0.0.1")
    assert not is_allowed(guard, "11.0.0.1")


def test_the_zone_of_an_address_is_not_part_of_it() -> None:
    guard = address_guard("public")
    assert guard is not None
    assert not is_allowed(guard, "fe80::1%eth0")


def test_without_a_wish_there_is_no_guard() -> None:
    assert address_guard(None) is None


@pytest.mark.parametrize("wish", ["private", "", True, 7, ["public"]])
def test_anything_else_is_a_type_error(wish: Any) -> None:
    with pytest.raises(TypeError, match="allowed_addresses"):
        address_guard(wish)

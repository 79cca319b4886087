"""`allowed_addresses`: what is connected to is looked at, not what the URL says."""

from ipaddress import ip_address

import pytest
from fake_resolver import FakeResolver
from origin import Origin
from running import asynchronous
from scripted import ScriptedServer, answers

from aioclient import AddressNotAllowedError, ClientConnectorError, ClientSession, TCPConnector

LOCAL = ip_address("127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "inside.example"])
@asynchronous
async def test_a_private_address_is_not_connected_to(host: str) -> None:
    resolver = FakeResolver({"inside.example": ["127.0.0.1"], "localhost": ["::1", "127.0.0.1"]})
    connector = TCPConnector(allowed_addresses="public", resolver=resolver)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        with pytest.raises(AddressNotAllowedError) as raised:
            await session.get(origin.url("/json", host=host))
        assert isinstance(raised.value, ClientConnectorError)
        assert set(raised.value.addresses) <= {"127.0.0.1", "::1"}
        assert "is allowed: " in str(raised.value)
        assert origin.accepted == 0


@asynchronous
async def test_a_redirect_into_a_private_network_is_not_followed() -> None:
    resolver = FakeResolver({"outside.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]})
    connector = TCPConnector(allowed_addresses=lambda a: a == LOCAL, resolver=resolver)
    async with ScriptedServer(answers(b"")) as inside:
        head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
        location = inside.url(host="inside.example").encode()
        async with (
            ScriptedServer(answers(head + location + b"\r\n\r\n")) as outside,
            ClientSession(connector=connector) as session,
        ):
            with pytest.raises(AddressNotAllowedError, match=r"inside\.example"):
                await session.get(outside.url(host="outside.example"))
        assert inside.accepted == 0


@asynchronous
async def test_a_name_that_changes_its_address_is_looked_at_again() -> None:
    names = {"changing.example": ["127.0.0.1"]}
    connector = TCPConnector(
        allowed_addresses=lambda a: a == LOCAL,
        resolver=FakeResolver(names),
        use_dns_cache=False,
        force_close=True,
    )
    async with Origin() as origin, ClientSession(connector=connector) as session:
        url = origin.url("/json", host="changing.example")
        assert (await session.get(url)).status == 200
        names["changing.example"] = ["127.0.0.2"]
        with pytest.raises(AddressNotAllowedError):
            await session.get(url)


@asynchronous
async def test_of_several_addresses_those_that_are_allowed_are_tried() -> None:
    resolver = FakeResolver({"both.example": ["::1", "127.0.0.2", "127.0.0.1"]})
    connector = TCPConnector(allowed_addresses=lambda a: a == LOCAL, resolver=resolver)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        response = await session.get(origin.url("/json", host="both.example"))
        assert response.connection.peername is not None
        assert response.connection.peername[0] == "127.0.0.1"

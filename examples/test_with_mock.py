"""A part of a program, and its tests, which need no network.

pytest examples/test_with_mock.py
"""

import asyncio

import pytest

import aioclient
from aioclient.testing import MockConnector, MockRequest, MockResponse

SERVICE = "https://service.example"


# The part of the program.


async def prices(session: aioclient.ClientSession, *names: str) -> dict[str, float | None]:
    """Ask for prices, all at once; None is for what the service does not have."""

    async def price(name: str) -> float | None:
        async with session.get(f"{SERVICE}/prices/{name}") as response:
            if response.status == 404:
                return None
            response.raise_for_status()
            return float((await response.json())["price"])

    found = await asyncio.gather(*map(price, names))
    return dict(zip(names, found, strict=True))


async def order(session: aioclient.ClientSession, token: str, **counts: int) -> str:
    """Order so many of each; gives where the order is found."""
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(f"{SERVICE}/orders", json=counts, headers=headers) as response:
        response.raise_for_status()
        return response.headers["Location"]


# Its tests.


def test_prices_are_asked_for_all_at_once() -> None:
    together = asyncio.Barrier(3)  # who asks for one after another waits for ever

    async def service(request: MockRequest) -> MockResponse:
        await together.wait()
        if request.url.name == "gold":
            return MockResponse(404)
        return MockResponse(json={"price": len(request.url.name)})

    async def main() -> None:
        timeout = aioclient.ClientTimeout(total=5)
        connector = MockConnector(service)
        async with aioclient.ClientSession(connector=connector, timeout=timeout) as session:
            found = await prices(session, "pen", "gold", "paper")
        assert found == {"pen": 3.0, "gold": None, "paper": 5.0}

    asyncio.run(main())


def test_order_is_sent_with_the_token() -> None:
    async def main() -> None:
        mock = MockConnector().post(f"{SERVICE}/orders", status=201, headers={"Location": "/1"})
        async with aioclient.ClientSession(connector=mock) as session:
            assert await order(session, "abc", pen=2) == "/1"
        headers = {"Authorization": "Bearer abc"}
        mock.assert_sent("POST", f"{SERVICE}/orders", times=1, json={"pen": 2}, headers=headers)

    asyncio.run(main())


@pytest.mark.parametrize("answer", [MockResponse(503), MockResponse(error="refused")])
def test_order_that_fails_is_an_error(answer: MockResponse) -> None:
    async def main() -> None:
        mock = MockConnector({f"{SERVICE}/orders": answer})
        async with aioclient.ClientSession(connector=mock) as session:
            with pytest.raises(aioclient.ClientError):
                await order(session, "abc", pen=2)

    asyncio.run(main())

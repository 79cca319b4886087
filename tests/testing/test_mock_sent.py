"""What a `MockConnector` says of what was sent."""

import re

import pytest
from running import asynchronous

import aioclient
from aioclient.testing import MockConnector

URL = "http://a.example/"


async def sent(*requests, **options):
    """A connector to which these requests were sent: method, URL and options of each."""
    mock = MockConnector(**options).add("*", re.compile(".*"))
    async with aioclient.ClientSession(connector=mock) as session:
        for method, url, said in requests:
            await session.request(method, url, **said)
    return mock


async def message(assertion, **expected):
    with pytest.raises(AssertionError) as caught:
        assertion(**expected)
    return str(caught.value)


@asynchronous
async def test_requests_are_found_by_what_they_bring():
    mock = await sent(
        ("GET", URL, {}),
        ("POST", URL, {"json": {"a": [1]}, "headers": {"X-Own": "1"}}),
        ("POST", URL, {"data": b"abc"}),
        ("POST", f"{URL}?q=1", {"data": "\u00fc"}),
    )
    assert mock.assert_sent("GET", URL) == [mock.requests[0]]
    assert mock.assert_sent("POST", URL, times=2) == mock.requests[1:3]
    assert mock.assert_sent("post", URL, json={"a": (1,)}) == [mock.requests[1]]
    assert mock.assert_sent("*", URL, headers={"x-own": "1"}, times=1) == [mock.requests[1]]
    assert mock.assert_sent("POST", URL, headers={"x-own": None}, times=1) == [mock.requests[2]]
    assert mock.assert_sent("POST", URL, body=b"abc") == [mock.requests[2]]
    assert mock.assert_sent("POST", "/", body="\u00fc", ignore_query=True) == [mock.requests[3]]
    assert mock.assert_sent("DELETE", URL, times=0) == []
    mock.assert_not_sent("POST", URL, json={"a": [2]})
    mock.assert_not_sent("POST", f"{URL}?q=2")


@asynchronous
async def test_request_that_is_missing_is_named_with_what_was_sent():
    mock = MockConnector()
    text = await message(mock.assert_sent, method="GET", url=URL)
    assert text == f"GET {URL} was not sent; sent was: nothing"
    mock = await sent(("GET", f"{URL}x", {}), ("PUT", URL, {"data": b""}))
    text = await message(mock.assert_sent, method="GET", url=URL)
    assert text == f"GET {URL} was not sent; sent was:\n  1. GET {URL}x\n  2. PUT {URL}"
    text = await message(mock.assert_sent, method="PUT", url=URL, times=2)
    assert text.startswith(f"PUT {URL} was sent once, not 2 times; sent was:")


@asynchronous
async def test_what_is_otherwise_is_said():
    mock = await sent(("POST", URL, {"json": {"a": 1}, "headers": {"X-Own": "1"}}))
    text = await message(
        mock.assert_sent,
        method="POST",
        url=URL,
        json={"a": 2},
        headers={"X-Own": "2", "X-Other": "1", "Accept": None},
    )
    assert text == (
        f"POST {URL} was not sent as expected; sent was:\n  1. POST {URL}"
        "\n       header X-Own was '1', expected '2'"
        "\n       header X-Other was missing, expected '1'"
        "\n       header Accept was '*/*', expected missing"
        "\n       body was {'a': 1}, expected JSON {'a': 2}"
    )
    text = await message(mock.assert_sent, method="POST", url=URL, body=b"x")
    assert "body was {'a': 1}, expected 1 other bytes" in text


@asynchronous
async def test_request_that_should_not_be_there_is_named():
    mock = await sent(("GET", URL, {}))
    text = await message(mock.assert_not_sent, method="GET", url=URL)
    assert text == f"GET {URL} was sent; sent was:\n  1. GET {URL}"


@asynchronous
async def test_messages_show_no_credentials():
    mock = await sent(
        (
            "POST",
            "http://me:planted1@a.example/?api_key=planted2&q=1&token=planted3",
            {
                "json": {"password": "planted4", "list": [{"token": "planted5"}]},
                "headers": {"X-Api-Key": "planted7"},
                "cookies": {"session": "planted8"},
            },
        ),
        (
            "POST",
            f"{URL}?q=1",
            {
                "data": {"password": "planted9", "name": "me"},
                "headers": {"Authorization": "Bearer planted6"},
            },
        ),
    )
    text = await message(
        mock.assert_sent,
        method="POST",
        url=f"{URL}?q=1",
        ignore_query=True,
        json={"password": "planted10"},
        headers={"Authorization": "planted11", "X-Api-Key": "planted12", "Cookie": "planted13"},
    )
    text += await message(mock.assert_sent, method="GET", url="http://me:planted14@a.example/")
    text += await message(mock.assert_not_sent, method="POST", url=re.compile(".*"))
    assert "planted" not in text
    assert f"{URL}?api_key=***&q=1&token=***" in text
    assert "[('password', '***'), ('name', 'me')]" in text


@asynchronous
async def test_long_lists_and_bodies_are_cut():
    mock = await sent(*[("GET", URL, {})] * 100, ("PUT", URL, {"data": b"x" * 10_000}))
    assert len(await message(mock.assert_sent, method="DELETE", url=URL)) < 1000
    assert len(await message(mock.assert_sent, method="PUT", url=URL, body=b"")) < 2000


@asynchronous
async def test_answers_that_were_not_given_are_told():
    mock = MockConnector().get("/a").get("/a").post("/b", times=3)
    async with aioclient.ClientSession(connector=mock) as session:
        await session.get(f"{URL}a")
        await session.post(f"{URL}b")
        text = await message(mock.assert_all_used)
        assert text == "not asked for: GET /a (1 of its answers), POST /b (2 of its answers)"
        await session.get(f"{URL}a")
        for _ in range(2):
            await session.post(f"{URL}b")
    mock.assert_all_used()


@asynchronous
async def test_strict_connector_says_so_when_it_is_closed():
    mock = MockConnector({"/": []}, strict=True).get("/")
    with pytest.raises(AssertionError, match="not asked for: GET /"):
        await mock.close()
    assert mock.closed
    await mock.close()


@asynchronous
async def test_what_was_sent_is_a_copy():
    mock = await sent(("GET", URL, {}))
    mock.requests.clear()
    assert len(mock.requests) == 1


@asynchronous
async def test_strict_connector_does_not_replace_another_error():
    async def block():
        async with aioclient.ClientSession(connector=MockConnector(strict=True).get("/")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await block()

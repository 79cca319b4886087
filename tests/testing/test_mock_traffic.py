"""What goes over the connections of a `MockConnector` is HTTP, with all that belongs to it."""

import asyncio
import gzip
import math

import pytest
from running import asynchronous, settled, started, until

import aioclient
from aioclient.testing import MockConnector, MockResponse, NoAnswerError

URL = "http://a.example/"


def session(mock, **options):
    return aioclient.ClientSession(connector=mock, **options)


async def pieces(*data, before=None):
    for piece in data:
        yield piece
        if before is not None:
            await before.wait()


# --- what a session does with answers -------------------------------------------------------------


@asynchronous
async def test_redirects_are_followed_and_recorded():
    mock = MockConnector().get("/", status=302, headers={"Location": "https://b.example/next"})
    mock.get("https://b.example/next", text="there")
    async with session(mock) as client, client.get(URL) as response:
        assert await response.text() == "there"
        assert [each.status for each in response.history] == [302]
    assert [str(request) for request in mock.requests] == [
        f"GET {URL}",
        "GET https://b.example/next",
    ]


@asynchronous
async def test_cookies_are_kept_and_secure_ones_go_by_https_only():
    cookies = [("Set-Cookie", "a=1; Secure"), ("Set-Cookie", "b=2")]
    mock = MockConnector().get("https://a.example/", headers=cookies).get(URL)
    async with session(mock) as client:
        for url in "https://a.example/", "https://a.example/", URL:
            await client.get(url)
    assert [r.cookies for r in mock.requests] == [{}, {"a": "1", "b": "2"}, {"b": "2"}]


@asynchronous
async def test_coded_bodies_are_decoded():
    data = gzip.compress(b"hello" * 100)
    mock = MockConnector().get("/", body=data, headers={"Content-Encoding": "gzip"})
    async with session(mock) as client, client.get(URL) as response:
        assert await response.read() == b"hello" * 100


@asynchronous
async def test_basic_credentials_are_sent_and_seen_by_nobody():
    mock = MockConnector()
    async with session(mock) as client:
        with pytest.raises(NoAnswerError) as caught:
            await client.get("http://me:secret@a.example/")
    assert mock.requests[0].headers["Authorization"].startswith("Basic ")
    assert "secret" not in str(caught.value) + repr(mock.requests)


@asynchronous
async def test_tracing_hears_of_connections():
    told = []
    config = aioclient.TraceConfig()

    async def hear(name):
        async def handler(session, context, params):
            told.append(name)

        getattr(config, name).append(handler)

    for name in "on_connection_create_end", "on_connection_reuseconn", "on_request_end":
        await hear(name)
    async with session(MockConnector().get("/"), trace_configs=[config]) as client:
        await client.get(URL)
        await client.get(URL)
    assert told == [
        "on_connection_create_end",
        "on_request_end",
        "on_connection_reuseconn",
        "on_request_end",
    ]


@asynchronous
async def test_response_limits_hold():
    mock = MockConnector().get("/", headers={"X": "y" * 10_000})
    async with session(mock, max_field_size=8190) as client:
        with pytest.raises(aioclient.HeadLimitError):
            await client.get(URL)


def test_it_does_not_connect_through_proxies():
    with pytest.raises(ValueError, match="MockConnector does not connect through proxies"):
        aioclient.ClientSession(connector=MockConnector(), proxy="http://proxy.example")


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", [None, "counted", "chunked", "close"])
@asynchronous
async def test_body_has_the_framing_that_was_asked_for(framing):
    mock = MockConnector().get("/", body=b"abc", framing=framing)
    async with session(mock) as client:
        for _ in range(2):
            async with client.get(URL) as response:
                assert await response.read() == b"abc"
                assert ("Content-Length" in response.headers) == (framing in (None, "counted"))
                assert ("Transfer-Encoding" in response.headers) == (framing == "chunked")
    assert [r.connection for r in mock.requests] == ([1, 2] if framing == "close" else [1, 1])


@asynchronous
async def test_body_comes_piece_by_piece_as_it_is_made():
    go_on = asyncio.Event()
    mock = MockConnector().get("/", body=pieces(b"one", b"two", before=go_on))
    async with session(mock) as client, client.get(URL) as response:
        assert await response.content.readany() == b"one"
        go_on.set()
        assert await response.content.readany() == b"two"
        assert await response.content.read() == b""


@asynchronous
async def test_generator_function_makes_a_body_for_each_answer():
    mock = MockConnector().get("/a", body=lambda: pieces(b"x", b"y")).get("/b", body=pieces(b"z"))
    async with session(mock) as client:
        for _ in range(2):
            assert await (await client.get(f"{URL}a")).read() == b"xy"
        assert await (await client.get(f"{URL}b")).read() == b"z"
        with pytest.raises((RuntimeError, aioclient.ClientPayloadError), match="given already"):
            await (await client.get(f"{URL}b")).read()


@asynchronous
async def test_announced_length_makes_a_stream_counted():
    mock = MockConnector().get("/", body=lambda: pieces(b"x"), headers={"Content-Length": "1"})
    async with session(mock) as client, client.get(URL) as response:
        assert response.headers["Content-Length"] == "1"
        assert await response.read() == b"x"


@asynchronous
async def test_body_that_is_shorter_than_announced_is_an_error():
    mock = MockConnector().get("/", body=b"abc", headers={"Content-Length": "10"})
    async with session(mock) as client, client.get(URL) as response:
        with pytest.raises(aioclient.ClientPayloadError, match="expected 10 bytes, got 3"):
            await response.read()


@asynchronous
async def test_reader_that_is_slow_holds_the_answer_back():
    made = 0

    async def much():
        nonlocal made
        for _ in range(100):
            made += 1
            yield bytes(100_000)

    mock = MockConnector().get("/", body=much)
    async with session(mock) as client, client.get(URL) as response:
        await settled(200)
        assert made < 20
        assert len(await response.read()) == 10_000_000
    assert made == 100


@asynchronous
async def test_large_body_of_known_length_arrives_whole():
    data = bytes(range(256)) * 20_000
    mock = MockConnector().get("/", body=data)
    async with session(mock) as client, client.get(URL) as response:
        assert await response.read() == data


@asynchronous
async def test_upload_is_held_back_by_a_handler_that_does_not_read():
    go_on = asyncio.Event()
    tracker = aioclient.UploadTracker()

    async def handler(request):
        await go_on.wait()
        size = 0
        async for piece in request.iter():
            size += len(piece)
        return MockResponse(json=size)

    mock = MockConnector(handler, stream_requests=True)
    body = (bytes(10_000) for _ in range(100))

    async def data():
        for piece in body:
            yield piece

    async with session(mock) as client:
        asking = await started(client.post(URL, data=data(), upload_tracker=tracker), turns=50)
        assert 0 < tracker.bytes_written < 300_000
        go_on.set()
        async with await asking as response:
            assert await response.json() == 1_000_000
    request = mock.requests[0]
    assert not request.is_read
    with pytest.raises(RuntimeError, match=r"await request.read\(\)"):
        _ = request.body
    with pytest.raises(RuntimeError, match="in pieces already"):
        await request.read()


@asynchronous
async def test_handler_can_answer_while_it_reads():
    async def handler(request):
        async def echo():
            async for piece in request.iter():
                yield piece.upper()

        return MockResponse(body=echo())

    said = asyncio.Event()

    async def data():
        yield b"one"
        await said.wait()
        yield b"two"

    mock = MockConnector(handler, stream_requests=True)
    async with session(mock) as client, client.post(URL, data=data()) as response:
        assert await response.content.readany() == b"ONE"
        said.set()
        assert await response.content.readany() == b"TWO"
        assert await response.read() == b""


@asynchronous
async def test_early_answer_ends_the_upload():
    mock = MockConnector(stream_requests=True).put("/", status=413)
    tracker = aioclient.UploadTracker()

    async def data():
        while True:
            yield bytes(10_000)

    async with session(mock) as client:
        async with client.put(URL, data=data(), upload_tracker=tracker) as response:
            assert response.status == 413
        with pytest.raises(aioclient.UploadAbortedError):
            await tracker.upload_complete


@pytest.mark.parametrize("streams", [True, False])
@asynchronous
async def test_client_that_asks_first_sends_its_body_only_to_who_wants_it(streams):
    mock = MockConnector(stream_requests=streams).put("/", status=200)
    tracker = aioclient.UploadTracker()
    options = {"data": b"abc", "expect100": True, "upload_tracker": tracker}
    async with session(mock, expect100_timeout=60) as client, client.put(URL, **options):
        pass
    assert tracker.bytes_written == (0 if streams else 3)
    assert mock.requests[0].is_read == (not streams)


@asynchronous
async def test_request_body_that_is_too_large_is_the_error_of_the_request():
    mock = MockConnector(max_body_bytes=3).put("/")
    async with session(mock) as client:
        await client.put(URL, data=b"abc")
        with pytest.raises(ValueError, match=r"max_body_bytes \(3\)"):
            await client.put(URL, data=b"abcd")


# --- the pool -------------------------------------------------------------------------------------


@asynchronous
async def test_connections_are_used_again():
    mock = MockConnector().get("/", text="x")
    async with session(mock) as client:
        for _ in range(3):
            async with client.get(URL) as response:
                await response.read()
        assert mock.stats().created == 1
        assert mock.stats().reused == 2
        await client.get("https://a.example/")
        await client.get("http://b.example/")
    assert [request.connection for request in mock.requests] == [1, 1, 1, 2, 3]


@asynchronous
async def test_server_can_wish_to_close():
    mock = MockConnector().get("/", headers={"Connection": "close"})
    async with session(mock) as client:
        await client.get(URL)
        await client.get(URL)
    assert [request.connection for request in mock.requests] == [1, 2]


@asynchronous
async def test_limit_holds():
    most = now = 0

    async def handler(request):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return MockResponse()

    async with session(MockConnector(handler, limit=3)) as client:
        await asyncio.gather(*(client.get(URL) for _ in range(10)))
    assert most == 3


@asynchronous
async def test_closing_ends_what_is_under_way():
    mock = MockConnector().get("/", delay=math.inf)
    client = session(mock)
    asking = await started(client.get(URL))
    await until(lambda: mock.requests)
    await client.close()
    with pytest.raises(aioclient.ClientConnectionError):
        await asking
    assert mock.closed


@asynchronous
async def test_connector_that_was_not_closed_is_warned_of():
    mock = MockConnector().get("/")
    client = session(mock, connector_owner=False)
    await client.get(URL)
    await client.close()
    del client
    with pytest.warns(ResourceWarning, match="Unclosed connector"):
        del mock
    await settled()


@asynchronous
async def test_head_and_no_content_have_no_body():
    mock = MockConnector().head("/", body=b"abc").delete("/", status=204).options("/").patch("/")
    async with session(mock) as client:
        async with client.head(URL) as response:
            assert response.headers["Content-Length"] == "3"
            assert await response.read() == b""
        for method in "DELETE", "OPTIONS", "PATCH":
            async with client.request(method, URL) as response:
                assert await response.read() == b""
    assert mock.stats().created == 1


@pytest.mark.parametrize("size", [10, 200_000])
@asynchronous
async def test_request_follows_one_whose_body_was_not_read(size):
    mock = MockConnector(stream_requests=True).post("/", text="x")
    async with session(mock) as client:
        for _ in range(3):
            async with client.post(URL, data=bytes(size)) as response:
                assert await response.text() == "x"
    if size == 10:
        assert mock.stats().created == 1


@asynchronous
async def test_request_that_is_too_large_for_the_server_is_refused():
    mock = MockConnector().get("/")
    async with session(mock) as client:
        response = await client.get(URL, headers={"X": "y" * 300_000})
        assert response.status == 431
        assert "more than 262144 bytes" in await response.text()
    assert mock.requests == []

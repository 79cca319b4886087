"""A `ScriptedServer` plays its scripts, and says what was not as they say."""

import asyncio
import re
import ssl
import time

import pytest
import trustme
from running import asynchronous, settled, started

import aioclient
from aioclient.testing import (
    ScriptedServer,
    announce,
    close,
    expect,
    expect_request,
    pause,
    reset,
    send,
    send_in_pieces,
    wait_for,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = re.compile(rb"GET / HTTP/1.1\r\n(.|\r|\n)*\r\n\r\n")


async def text_of(url, method="GET", **options):
    async with (
        aioclient.ClientSession() as session,
        session.request(method, url, **options) as response,
    ):
        return await response.text()


async def raw(server, data=b"", reads=True):
    """What a server says to a client that sends this and nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read() if reads else None
    except ConnectionError:
        return None
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "script",
    [
        [expect(HEAD), send(OK)],
        [expect_request(), send_in_pieces(OK), close()],
        [expect_request("GET", "/", b""), send_in_pieces(OK, 7)],
        [expect(b"GET / HTTP/1.1\r\n"), expect(re.compile(rb"(.+\r\n)+\r\n")), send(OK)],
        [expect_request(), pause(0.001), send(OK), close()],
    ],
    ids=str,
)
@asynchronous
async def test_script_is_played(script):
    async with ScriptedServer(script) as server:
        assert await text_of(server.url()) == "ok"
    (received,) = server.received
    assert received.startswith(b"GET / HTTP/1.1\r\nHost: ")


@asynchronous
async def test_requests_with_bodies_are_expected():
    async def pieces():
        yield b"ab"
        yield b"c"

    script = [expect_request("PUT", "/a?b", b"abc"), send(OK)] * 2
    async with ScriptedServer(script) as server, aioclient.ClientSession() as session:
        for body in b"abc", pieces():
            async with session.put(server.url("/a?b"), data=body) as response:
                assert await response.text() == "ok"


@asynchronous
async def test_connections_get_their_scripts_in_order():
    async with ScriptedServer(
        [expect_request(target="/1"), send(OK), close()],
        [expect_request(target="/2"), send(OK), close()],
    ) as server:
        assert await text_of(server.url("/1")) == "ok"
        assert await text_of(server.url("/2")) == "ok"
    assert [line.split()[1] for line in server.received] == [b"/1", b"/2"]


@asynchronous
async def test_last_script_can_be_for_all_others():
    async with ScriptedServer([expect_request(), send(OK), close()], repeat=True) as server:
        for _ in range(3):
            assert await text_of(server.url()) == "ok"
    assert len(server.received) == 3


@asynchronous
async def test_script_can_be_a_function():
    async def echo(reader, writer):
        writer.write((await reader.readexactly(3)).upper())

    async with ScriptedServer([echo, expect(b"d"), send(b"D"), close()]) as server:
        assert await raw(server, b"abcd") == b"ABCD"
    async with ScriptedServer(echo) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"abc")
        assert await reader.readexactly(3) == b"ABC"
        writer.transport.abort()


@asynchronous
async def test_test_and_script_wait_for_each_other():
    asked, go_on = asyncio.Event(), asyncio.Event()
    script = [expect_request(), announce(asked), wait_for(go_on), send(OK)]
    async with ScriptedServer(script) as server:
        asking = await started(text_of(server.url()))
        await asked.wait()
        await settled()
        assert not asking.done()
        go_on.set()
        assert await asking == "ok"


@asynchronous
async def test_connection_can_be_reset_and_closed():
    async with ScriptedServer([expect_request(), reset()], [expect_request(), close()]) as server:
        with pytest.raises(aioclient.ClientOSError):
            await text_of(server.url())
        with pytest.raises(aioclient.ServerDisconnectedError):
            await text_of(server.url())


@asynchronous
async def test_server_can_speak_tls():
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    script = [expect_request(), send(OK), close()]
    async with ScriptedServer(script, ssl_context=context) as server:
        assert server.url("/x").startswith("https://127.0.0.1:")
        assert await text_of(server.url(), ssl=trusting) == "ok"


# --- what is not as it should be ------------------------------------------------------------------


async def failure(server, data=b"", **options):
    with pytest.raises(AssertionError) as caught:
        async with server:
            await raw(server, data, **options)
    first, *lines = str(caught.value).split("\n  ")
    assert first == "scripts were not played as written:"
    return lines


@asynchronous
async def test_other_bytes_end_the_script():
    assert await failure(ScriptedServer([expect(b"abcdef"), send(b"x")]), b"abx") == [
        "connection 1: step 1 of 2, expect(b'abcdef'): got b'abx'"
    ]


@asynchronous
async def test_bytes_that_are_missing_end_the_script():
    assert await failure(ScriptedServer([expect(b"ab"), expect(re.compile(b"c+d"))]), b"abcc") == [
        "connection 1: step 2 of 2, expect(b'c+d'): the client ended the connection after b'cc'"
    ]


@pytest.mark.parametrize(
    ("step", "data", "why"),
    [
        (expect_request("GET"), b"PUT / HTTP/1.1\r\n\r\n", "the method was 'PUT'"),
        (expect_request(target="/a"), b"PUT / HTTP/1.1\r\n\r\n", "the target was '/'"),
        (
            expect_request(body=b"a"),
            b"PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\nb",
            "the body was b'b'",
        ),
        (expect_request(), b"hello\r\n\r\n", "no request came: bad request line b'hello'"),
        (expect_request(), b"GET /", "the client ended the connection after b'GET /'"),
    ],
)
@asynchronous
async def test_other_request_ends_the_script(step, data, why):
    assert await failure(ScriptedServer(step), data) == [
        f"connection 1: step 1 of 1, {step}: {why}"
    ]


@asynchronous
async def test_bytes_after_the_end_of_the_script_are_told():
    assert await failure(ScriptedServer([expect(b"a")]), b"abc") == [
        "connection 1: got b'bc' after the end of its script"
    ]


@asynchronous
async def test_connections_that_are_missing_or_too_many_are_told():
    assert await failure(ScriptedServer([expect(b"a"), close()], [send(b"b")]), b"a") == [
        "connection 2: was not made"
    ]
    assert await failure(ScriptedServer(), b"a") == ["connection 1: there is no script for it"]


@asynchronous
async def test_step_has_a_time_limit():
    server = ScriptedServer([expect(b"a"), wait_for(asyncio.Event())], time_limit=0.01)
    (line,) = await failure(server, b"a")
    assert line.startswith("connection 1: step 2 of 2, wait_for(an event): took longer than 0.01 s")
    assert line.endswith("(so far it had got b'a')")


@asynchronous
async def test_script_that_is_not_at_its_end_is_given_a_moment_and_no_more():
    began = time.monotonic()
    server = ScriptedServer([send(b"a"), wait_for(asyncio.Event())])
    assert await failure(server, reads=False) == [
        "connection 1: step 2 of 2, wait_for(an event): the server was closed"
    ]
    assert time.monotonic() - began < 3


@asynchronous
async def test_error_of_a_function_is_the_cause():
    async def failing(reader, writer):
        raise ZeroDivisionError("mine")

    with pytest.raises(AssertionError, match="failing: ZeroDivisionError") as caught:
        async with ScriptedServer(failing) as server:
            await raw(server)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@asynchronous
async def test_error_of_the_block_is_noted_upon():
    with pytest.raises(aioclient.ClientOSError) as caught:
        async with ScriptedServer([expect_request("PUT"), send(OK)], [send(b"")]) as server:
            await text_of(server.url())
    (note,) = caught.value.__notes__
    assert note.startswith("ScriptedServer:\n  connection 1: step 1 of 2, expect_request(method=")
    assert "connection 2: was not made" in note


@asynchronous
async def test_messages_show_no_credentials():
    lines = await failure(
        ScriptedServer([expect(re.compile(b"x"))], [send(b"")]),
        b"GET / HTTP/1.1\r\nAuthorization: planted\r\nX-Api-Key: planted\r\n\r\n",
    )
    assert "Authorization: ***" in lines[0]
    assert "planted" not in str(lines)


@asynchronous
async def test_block_that_is_cancelled_leaves_nothing_behind():
    async def block():
        async with ScriptedServer([wait_for(asyncio.Event())]) as server:
            await raw(server)

    task = await started(block(), turns=20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@asynchronous
async def test_server_is_for_one_use():
    server = ScriptedServer()
    async with server:
        pass
    with pytest.raises(RuntimeError, match="for one use"):
        async with server:
            pass


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="steps and functions"):
        ScriptedServer([b"abc"])
    with pytest.raises(TypeError, match="expect takes bytes"):
        expect("abc")
    with pytest.raises(ValueError, match="size must be"):
        send_in_pieces(b"", 0)
    with pytest.raises(ValueError, match="time_limit"):
        ScriptedServer(time_limit=0)

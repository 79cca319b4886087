"""An `ASGIConnector` calls its app as a server does."""

import asyncio
import logging
import math

import pytest
from running import asynchronous, cancelled, settled, started, until

import aioclient
from aioclient.testing import ASGIConnector

URL = "http://a.example/"


def session(app, **options):
    """A session whose requests an app answers, which knows of no lifespan."""
    connector = ASGIConnector(app, lifespan="off", **options)
    return aioclient.ClientSession(connector=connector)


def start(status=200, *headers):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data=b"", more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


async def respond(send, data=b"", status=200, *headers):
    await send(start(status, *headers))
    await send(body(data))


async def body_of(receive):
    data, more = b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        data += message["body"]
        more = message["more_body"]
    return data


@asynchronous
async def test_app_is_told_of_the_request():
    scopes = []

    async def app(scope, receive, send):
        scopes.append(scope)
        await respond(send, await body_of(receive))

    client = ("10.0.0.1", 5)
    async with session(app, client=client, root_path="/app") as http:
        url = "https://a.example:8443/%C3%BC%20x?q=%20"
        async with http.post(url, data=b"abc", headers={"X-Own": "1"}) as response:
            assert await response.read() == b"abc"
            assert response.connection.sockname == client
    (scope,) = scopes
    headers = scope.pop("headers")
    assert (b"x-own", b"1") in headers
    assert (b"host", b"a.example:8443") in headers
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/app/\u00fc x",
        "raw_path": b"/app/%C3%BC%20x",
        "query_string": b"q=%20",
        "root_path": "/app",
        "client": client,
        "server": ("a.example", 8443),
        "state": {},
        "extensions": {},
    }


@asynchronous
async def test_response_is_that_of_the_app():
    async def app(scope, receive, send):
        await respond(send, b"abc", 201, (b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"))

    async with session(app) as http, http.get(URL) as response:
        assert response.status == 201
        assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert response.headers["Content-Length"] == "3"
        assert await response.read() == b"abc"


@asynchronous
async def test_bodies_are_streams_both_ways():
    async def app(scope, receive, send):
        await send(start())
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send(body(message["body"].upper(), more))

    said = asyncio.Event()

    async def data():
        yield b"one"
        await said.wait()
        yield b"two"

    async with session(app) as http, http.post(URL, data=data()) as response:
        assert await response.content.readany() == b"ONE"
        said.set()
        assert await response.content.read() == b"TWO"


@asynchronous
async def test_reader_that_is_slow_holds_the_app_back():
    sent = 0

    async def app(scope, receive, send):
        nonlocal sent
        await send(start())
        for _ in range(100):
            await send(body(bytes(100_000), True))
            sent += 1
        await send(body())

    async with session(app) as http, http.get(URL) as response:
        await settled(200)
        assert sent < 20
        assert len(await response.read()) == 10_000_000


@asynchronous
async def test_app_that_does_not_receive_holds_the_upload_back():
    go_on = asyncio.Event()
    tracker = aioclient.UploadTracker()

    async def app(scope, receive, send):
        await go_on.wait()
        await respond(send, b"%d" % len(await body_of(receive)))

    async with session(app) as http:
        asking = await started(http.put(URL, data=bytes(2**20), upload_tracker=tracker), turns=50)
        assert 0 < tracker.bytes_written < 300_000
        go_on.set()
        async with await asking as response:
            assert await response.text() == "1048576"


@asynchronous
async def test_client_that_asks_first_is_answered_when_the_app_receives():
    tracker = aioclient.UploadTracker()

    async def app(scope, receive, send):
        if scope["path"] == "/refuse":
            await respond(send, status=403)
        else:
            await respond(send, await body_of(receive))

    options = {"data": b"abc", "expect100": True}
    async with session(app) as http:
        async with http.put(URL, **options) as response:
            assert await response.read() == b"abc"
        async with http.put(f"{URL}refuse", **options, upload_tracker=tracker) as response:
            assert response.status == 403
    assert tracker.bytes_written == 0


@asynchronous
async def test_app_is_told_of_the_end_of_the_response_and_of_a_client_that_leaves():
    told = []

    async def app(scope, receive, send):
        await body_of(receive)
        await send(start())
        await send(body(b"x", True))
        if scope["path"] == "/whole":
            await send(body())
        told.append((await receive())["type"])
        with pytest.raises((OSError, RuntimeError)):
            await send(body(b"more"))

    async with session(app) as http:
        async with http.get(f"{URL}whole") as response:
            assert await response.read() == b"x"
        await until(lambda: told)
        response = await http.get(URL)
        response.close()
        await until(lambda: len(told) == 2)
    assert told == ["http.disconnect"] * 2


@asynchronous
async def test_requests_go_over_one_connection():
    async def app(scope, receive, send):
        await respond(send, scope["path"].encode())

    async with session(app) as http:
        for path in "abc":
            async with http.get(URL + path) as response:
                assert await response.text() == f"/{path}"
        assert http.connector.stats().created == 1


@asynchronous
async def test_task_in_the_background_holds_up_nothing_but_closing():
    ended = []
    go_on = asyncio.Event()

    async def app(scope, receive, send):
        await respond(send, b"x")
        await go_on.wait()
        ended.append(scope["path"])

    async with session(app) as http:
        for _ in range(2):
            async with http.get(URL) as response:
                assert await response.read() == b"x"
        assert http.connector.stats().created == 1
        go_on.set()
    assert ended == ["/", "/"]


@asynchronous
async def test_task_that_does_not_end_is_cancelled():
    cancelled_ones = []

    async def app(scope, receive, send):
        await respond(send)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled_ones.append(1)

    async with session(app, shutdown_limit=0.01) as http:
        await http.get(URL)
    assert cancelled_ones == [1]


@asynchronous
async def test_request_that_is_cancelled_disconnects():
    told = []

    async def app(scope, receive, send):
        await body_of(receive)
        told.append((await receive())["type"])

    async with session(app) as http:
        asking = await started(http.get(URL), turns=10)
        await cancelled(asking)
        await until(lambda: told)
    assert told == ["http.disconnect"]


@asynchronous
async def test_time_limits_work():
    async def app(scope, receive, send):
        await asyncio.sleep(math.inf if scope["path"] == "/" else 0)

    async with session(app, shutdown_limit=0.01) as http:
        with pytest.raises(aioclient.TotalTimeoutError):
            await http.get(URL, timeout=aioclient.ClientTimeout(total=0.01))


@asynchronous
async def test_head_has_no_body():
    async def app(scope, receive, send):
        await respond(send, b"abc")

    async with session(app) as http, http.head(URL) as response:
        assert response.headers["Content-Length"] == "3"
        assert await response.read() == b""


# --- errors of the app ----------------------------------------------------------------------------


async def failing(scope, receive, send):
    path = scope["path"]
    if path == "/late":
        await respond(send, b"x")
    elif path == "/answered":
        await respond(send, b"sorry", 500)
    elif path != "/":
        await send(start())
        await send(body(b"abc", True))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    raise ZeroDivisionError(path)


@pytest.mark.parametrize("path", ["", "answered", "middle"])
@asynchronous
async def test_error_of_the_app_is_that_of_the_request(path):
    async with session(failing) as http:
        with pytest.raises(ZeroDivisionError, match=f"/{path}"):
            async with http.get(URL + path) as response:
                await response.read()


@asynchronous
async def test_app_can_let_the_test_fail():
    async def app(scope, receive, send):
        pytest.fail("no request wanted")

    async with session(app) as http:
        with pytest.raises(pytest.fail.Exception) as caught:
            await http.get(URL)
    assert "the app raised it here:" in caught.value.__notes__[0]


@asynchronous
async def test_request_follows_one_whose_body_the_app_has_not_received():
    async def app(scope, receive, send):
        await respond(send, b"x")

    async with session(app) as http:
        for _ in range(3):
            async with http.post(URL, data=b"abc") as response:
                assert await response.read() == b"x"
        assert http.connector.stats().created == 1
        for _ in range(3):
            async with http.post(URL, data=bytes(500_000)) as response:
                assert await response.read() == b"x"


@asynchronous
async def test_late_error_is_raised_by_close():
    with pytest.raises(ZeroDivisionError, match="/late"):
        async with session(failing) as http, http.get(f"{URL}late") as response:
            assert await response.read() == b"x"


@asynchronous
async def test_late_error_does_not_replace_another(caplog):
    async def block():
        async with session(failing) as http:
            for _ in range(2):
                await http.get(f"{URL}late")
            raise KeyError

    with pytest.raises(KeyError) as caught:
        await block()
    assert caught.value.__notes__ == [
        "ASGIConnector: the app failed, too: ZeroDivisionError('/late')"
    ]
    assert len(caplog.records) == 2


@asynchronous
async def test_errors_can_be_those_of_a_server(caplog):
    async with session(failing, raise_app_exceptions=False) as http:
        async with http.get(URL) as response:
            assert (response.status, await response.text()) == (500, "Internal Server Error")
        async with http.get(f"{URL}answered") as response:
            assert (response.status, await response.text()) == (500, "sorry")
        async with http.get(f"{URL}late") as response:
            assert await response.read() == b"x"
        async with http.get(f"{URL}middle") as response:
            with pytest.raises(aioclient.ClientOSError):
                await response.read()
    assert [r.message for r in caplog.records] == [
        f"the app failed in GET /{path}" for path in ("", "answered", "late", "middle")
    ]
    assert {(r.name, r.levelno) for r in caplog.records} == {("aioclient.testing", logging.ERROR)}


@asynchronous
async def test_500_of_an_app_that_does_not_fail_is_its_response():
    async def app(scope, receive, send):
        await body_of(receive)
        await respond(send, b"busy", 503)
        assert (await receive())["type"] == "http.disconnect"

    async with session(app) as http:
        for _ in range(2):
            async with http.get(URL) as response:
                assert (response.status, await response.read()) == (503, b"busy")
        assert http.connector.stats().created == 1


async def says_nothing(scope, receive, send):
    pass


async def says_half(scope, receive, send):
    await send(start())


async def says_too_little(scope, receive, send):
    await respond(send, b"abc", 200, (b"content-length", b"4"))


async def says_too_much(scope, receive, send):
    await respond(send, b"abc", 200, (b"content-length", b"2"))


async def says_it_twice(scope, receive, send):
    await send(start())
    await send(start())


async def says_body_first(scope, receive, send):
    await send(body())


async def says_what_nobody_knows(scope, receive, send):
    await send({"type": "http.response.unknown"})


@pytest.mark.parametrize(
    ("app", "why"),
    [
        (says_nothing, "the app has not responded to GET /"),
        (says_half, "the app has not completed its response to GET /"),
        (says_too_much, "Content-Length is 2"),
        (says_it_twice, "unexpected message 'http.response.start'"),
        (says_body_first, "unexpected message 'http.response.body'"),
        (says_what_nobody_knows, "unexpected message 'http.response.unknown'"),
    ],
)
@asynchronous
async def test_app_that_breaks_the_rules_is_told_so(app, why):
    async with session(app) as http:
        with pytest.raises((RuntimeError, ValueError), match=why):
            await http.get(URL)


@asynchronous
async def test_body_that_is_too_short_is_an_error_of_app_and_reader():
    http = session(says_too_little)
    response = await http.get(URL)
    with pytest.raises(aioclient.ClientPayloadError):
        await response.read()
    with pytest.raises(RuntimeError, match="shorter than its Content-Length"):
        await http.close()


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="must be an ASGI app"):
        ASGIConnector(None)
    with pytest.raises(ValueError, match="lifespan must be"):
        ASGIConnector(failing, lifespan="maybe")


# --- lifespan -------------------------------------------------------------------------------------


def with_lifespan(told, fails=None):
    """An app that notes its start and end, and fails at one of them."""

    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await respond(send, scope["state"]["word"])
            return
        for name in "startup", "shutdown":
            assert (await receive())["type"] == f"lifespan.{name}"
            told.append(name)
            if fails == name:
                await send({"type": f"lifespan.{name}.failed", "message": "Traceback\nno luck"})
                raise ZeroDivisionError
            if fails == f"{name} by returning":
                await send({"type": f"lifespan.{name}.failed", "message": "no luck"})
                return
            scope["state"]["word"] = b"from the start"
            await send({"type": f"lifespan.{name}.complete"})

    return app


@asynchronous
async def test_app_starts_before_the_first_request_and_ends_after_the_last():
    told = []
    connector = ASGIConnector(with_lifespan(told))
    async with aioclient.ClientSession(connector=connector) as http:
        assert told == []
        await asyncio.gather(*(http.get(URL) for _ in range(3)))
        async with http.get(URL) as response:
            assert await response.read() == b"from the start"
        assert told == ["startup"]
    assert told == ["startup", "shutdown"]
    await connector.close()


@asynchronous
async def test_app_starts_with_the_block_of_its_connector():
    told = []
    async with ASGIConnector(with_lifespan(told), lifespan="on"):
        assert told == ["startup"]
    assert told == ["startup", "shutdown"]


@pytest.mark.parametrize("fails", ["startup", "startup by returning"])
@asynchronous
async def test_app_that_cannot_start_answers_nothing(fails):
    told = []
    async with aioclient.ClientSession(connector=ASGIConnector(with_lifespan(told, fails))) as http:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="the app could not start: no luck") as caught:
                await http.get(URL)
        assert isinstance(caught.value.__cause__, ZeroDivisionError | None)
    assert told == ["startup"]


@pytest.mark.parametrize("fails", ["shutdown", "shutdown by returning"])
@asynchronous
async def test_app_that_cannot_shut_down_says_so(fails):
    with pytest.raises(RuntimeError, match="the app failed in its shutdown"):
        async with ASGIConnector(with_lifespan([], fails)):
            pass


@asynchronous
async def test_app_need_not_know_of_lifespans_unless_it_must():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await respond(send, b"x")

    async def quiet(scope, receive, send):
        if scope["type"] == "http":
            await respond(send, b"x")

    for each in app, quiet:
        connector = ASGIConnector(each)
        async with aioclient.ClientSession(connector=connector) as http:
            assert await (await http.get(URL)).read() == b"x"
        with pytest.raises(RuntimeError, match="the app could not start"):
            async with ASGIConnector(each, lifespan="on"):
                pass


@asynchronous
async def test_app_that_does_not_start_or_end_is_cancelled():
    async def never_starts(scope, receive, send):
        await asyncio.Event().wait()

    async def never_ends(scope, receive, send):
        await send({"type": "lifespan.startup.complete"})
        await asyncio.Event().wait()

    connector = ASGIConnector(never_starts)
    async with aioclient.ClientSession(connector=connector) as http:
        with pytest.raises(aioclient.ConnectionTimeoutError):
            await http.get(URL, timeout=aioclient.ClientTimeout(connect=0.01))
    with pytest.raises(RuntimeError, match="did not shut down within"):
        async with ASGIConnector(never_ends, shutdown_limit=0.01):
            pass

"""The opening handshake of WebSockets: what is asked, and which answers open one (RFC 6455 4)."""

import asyncio
import base64
import ssl
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from pages import Pages
from running import asynchronous, until
from scripted import ScriptedServer, answers, head_of, silent
from server_frames import CLOSE, PING, TEXT, frame
from websocket_site import (
    Peer,
    WebSocketSite,
    accept_of,
    agreeing,
    deaf,
    echo,
    fields_of,
    listening,
    sending,
    switching,
)
from yarl import URL

from aioclient import (
    BasicAuth,
    ClientConnectionError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientWebSocketResponse,
    InvalidURL,
    NonHttpUrlRedirectClientError,
    ServerProtocolError,
    TotalTimeoutError,
    WSMsgType,
    WSServerHandshakeError,
)

# --- what is asked -------------------------------------------------------------------------------


@asynchronous
async def test_what_is_asked_is_a_get_with_the_fields_of_the_rfc() -> None:
    async with WebSocketSite(listening) as site, ClientSession() as session:
        async with session.ws_connect(site.url("/chat?room=1")):
            pass
        peer = site.peers[0]
        assert peer.head.startswith(b"GET /chat?room=1 HTTP/1.1\r\n")
        fields = peer.fields
        assert fields.pop("host") == f"127.0.0.1:{site.port}"
        assert fields.pop("upgrade").lower() == "websocket"
        assert fields.pop("connection") == "Upgrade"
        assert fields.pop("sec-websocket-version") == "13"
        assert len(base64.b64decode(fields.pop("sec-websocket-key"))) == 16
        assert set(fields) == {"accept", "accept-encoding", "user-agent"}


@asynchronous
async def test_each_handshake_has_a_key_of_its_own() -> None:
    async with WebSocketSite(listening) as site, ClientSession() as session:
        for _ in range(2):
            await (await session.ws_connect(site.url())).close()
        keys = {peer.fields["sec-websocket-key"] for peer in site.peers}
        assert len(keys) == 2


ASKED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "origin": ({"origin": "http://page.test"}, ("origin", "http://page.test")),
    "protocols": (
        {"protocols": ["chat", "superchat"]},
        ("sec-websocket-protocol", "chat, superchat"),
    ),
    "header": ({"headers": {"X-Id": "7"}}, ("x-id", "7")),
    "cookie": ({"cookies": {"a": "1"}}, ("cookie", "a=1")),
    "auth": ({"headers": {"Authorization": "Bearer me"}}, ("authorization", "Bearer me")),
    "compress": (
        {"compress": 15},
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ),
    "window": (
        {"compress": 10},
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits=10"),
    ),
}


@pytest.mark.parametrize("name", ASKED)
@asynchronous
async def test_an_option_of_the_handshake_is_sent(name: str) -> None:
    options, (field, value) = ASKED[name]
    async with WebSocketSite(listening) as site, ClientSession() as session:
        async with session.ws_connect(site.url(), **options):
            pass
        assert site.peers[0].fields[field] == value


@asynchronous
async def test_what_the_session_has_for_all_requests_is_sent() -> None:
    async with WebSocketSite(listening) as site:
        async with (
            ClientSession(
                site.http_url("/base/"),
                headers={"X-Id": "7"},
                cookies={"a": "1"},
                auth=BasicAuth("me", "secret"),
            ) as session,
            session.ws_connect("chat", params={"q": "1"}),
        ):
            pass
        peer = site.peers[0]
        assert peer.target == "/base/chat?q=1"
        assert peer.fields["x-id"] == "7"
        assert peer.fields["cookie"] == "a=1"
        assert peer.fields["authorization"].startswith("Basic ")


@pytest.mark.parametrize("scheme", ["ws", "http", "WS"])
@asynchronous
async def test_a_websocket_may_be_asked_for_by_its_scheme_or_http(scheme: str) -> None:
    async with (
        WebSocketSite(listening) as site,
        ClientSession() as session,
        session.ws_connect(site.url().replace("ws", scheme, 1)) as ws,
    ):
        assert ws.response.url == URL(site.http_url())


@pytest.mark.parametrize("scheme", ["wss", "https"])
@asynchronous
async def test_a_websocket_over_tls(
    scheme: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        WebSocketSite(echo, ssl_context=server_tls) as site,
        ClientSession() as session,
        session.ws_connect(site.url().replace("wss", scheme, 1), ssl=trusting) as ws,
    ):
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"
        assert ws.get_extra_info("ssl_object") is not None


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "wsx://127.0.0.1/", "ws://", "/chat"])
@asynchronous
async def test_another_url_is_refused(url: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(InvalidURL):
            await session.ws_connect(url)


WRONG: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "unknown": ({"nonsense": 1}, TypeError),
    "protocols is one string": ({"protocols": "chat"}, TypeError),
    "protocol is no token": ({"protocols": ["a b"]}, ValueError),
    "protocol twice": ({"protocols": ["a", "a"]}, ValueError),
    "heartbeat of 0": ({"heartbeat": 0}, ValueError),
    "window too large": ({"compress": 16}, ValueError),
    "compress is a flag": ({"compress": True}, TypeError),
    "max_msg_size below 0": ({"max_msg_size": -1}, ValueError),
    "max_msg_size is text": ({"max_msg_size": "1"}, TypeError),
    "header with a line end": ({"headers": {"X": "a\r\nb"}}, ValueError),
    "origin with a line end": ({"origin": "a\r\nb"}, ValueError),
}


@pytest.mark.parametrize("name", WRONG)
@asynchronous
async def test_a_wrong_option_is_refused_before_anything_is_sent(name: str) -> None:
    options, error = WRONG[name]
    async with WebSocketSite(listening) as site, ClientSession() as session:
        with pytest.raises(error):
            await session.ws_connect(site.url(), **options)
        assert not site.heads


@asynchronous
async def test_a_closed_session_opens_none() -> None:
    session = ClientSession()
    await session.close()
    with pytest.raises(RuntimeError, match="session is closed"):
        await session.ws_connect("ws://127.0.0.1:1/")


# --- answers that open one -----------------------------------------------------------------------


def with_lines(*lines: str) -> Callable[[bytes], bytes]:
    """A 101 with the Accept and just these lines."""

    def answer(head: bytes) -> bytes:
        accept = f"Sec-WebSocket-Accept: {accept_of(head)}"
        return "\r\n".join(("HTTP/1.1 101 Yes", accept, *lines, "", "")).encode()

    return answer


GOOD = {
    "as in the RFC": ("Upgrade: websocket", "Connection: Upgrade"),
    "other letters": ("upgrade: WebSocket", "CONNECTION: UPGRADE"),
    "in a list": ("Upgrade: websocket", "Connection: keep-alive, Upgrade"),
    "first of a list": ("Upgrade: websocket, other", "Connection: Upgrade ,keep-alive"),
    "in several fields": ("Upgrade: websocket", "Connection: keep-alive", "Connection: upgrade"),
    "with more fields": ("Upgrade: websocket", "Connection: Upgrade", "Server: x", "Date: y"),
    "with a length of 0": ("Upgrade: websocket", "Connection: Upgrade", "Content-Length: 0"),
}


@pytest.mark.parametrize("name", GOOD)
@asynchronous
async def test_an_answer_that_opens_a_websocket(name: str) -> None:
    async with (
        WebSocketSite(echo, with_lines(*GOOD[name])) as site,
        ClientSession() as session,
        session.ws_connect(site.url()) as ws,
    ):
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_the_answer_is_there_to_be_read() -> None:
    answer = agreeing("X-Room: 7", "Set-Cookie: a=1", "Sec-WebSocket-Protocol: chat")
    async with WebSocketSite(listening, answer) as site, ClientSession() as session:
        async with session.ws_connect(site.url("/a"), protocols=["superchat", "chat"]) as ws:
            assert ws.protocol == "chat"
            assert ws.response.status == 101
            assert ws.response.headers["X-Room"] == "7"
            assert ws.response.url.path == "/a"
            assert ws.get_extra_info("peername") == ("127.0.0.1", site.port)
            assert ws.connection.peername == ("127.0.0.1", site.port)
        assert [cookie.key for cookie in session.cookie_jar] == []  # of an address, unless unsafe
        assert ws.response.cookies["a"].value == "1"


@asynchronous
async def test_a_cookie_of_the_answer_is_sent_with_the_next_request() -> None:
    answer = agreeing("Set-Cookie: a=1")
    async with WebSocketSite(listening, answer) as site, ClientSession() as session:
        for _ in range(2):
            await (await session.ws_connect(site.url(host="localhost"))).close()
        assert "cookie" not in site.peers[0].fields
        assert site.peers[1].fields["cookie"] == "a=1"


@asynchronous
async def test_no_protocol_of_those_that_were_offered_is_fine() -> None:
    async with (
        WebSocketSite(listening) as site,
        ClientSession() as session,
        session.ws_connect(site.url(), protocols=["chat"]) as ws,
    ):
        assert ws.protocol is None


@asynchronous
async def test_interim_responses_before_the_101() -> None:
    def answer(head: bytes) -> bytes:
        return b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + switching(head)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await head_of(reader)) + frame(TEXT, b"hello"))
        await reader.read()

    async with ScriptedServer(talk) as server, ClientSession() as session:
        ws = await session.ws_connect(server.url())
        assert await ws.receive_str() == "hello"


# --- bytes behind the 101 ------------------------------------------------------------------------


@asynchronous
async def test_what_comes_with_the_101_is_the_first_message() -> None:
    def answer(head: bytes) -> bytes:
        return switching(head) + frame(TEXT, b"hello")

    async with (
        WebSocketSite(listening, answer) as site,
        ClientSession() as session,
        session.ws_connect(site.url()) as ws,
    ):
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_an_answer_and_messages_cut_anywhere() -> None:
    messages = frame(TEXT, b"one") + frame(TEXT, b"two" * 50)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        at = int(head.split(b" ")[1].removeprefix(b"/"))
        data = switching(head) + messages
        writer.write(data[:at])
        await asyncio.sleep(0.001)
        writer.write(data[at:])
        await reader.read()

    length = len(switching(b"x\r\nSec-WebSocket-Key: a\r\n\r\n")) + len(messages)

    async def ask(session: ClientSession, url: str) -> None:
        async with session.ws_connect(url) as ws:
            assert await ws.receive_str() == "one"
            assert await ws.receive_str() == "two" * 50
            ws.response.close()

    async with ScriptedServer(talk) as server, ClientSession() as session:
        for begin in range(1, length, 60):
            await asyncio.gather(
                *(
                    ask(session, server.url(f"/{at}"))
                    for at in range(begin, min(begin + 60, length))
                )
            )


@asynchronous
async def test_a_close_that_comes_with_the_101_is_received() -> None:
    def answer(head: bytes) -> bytes:
        return switching(head) + frame(TEXT, b"bye") + frame(8, b"\x03\xe9")

    async def talk(peer: Peer) -> None:
        assert await peer.closed() == b"\x03\xe9"

    async with WebSocketSite(talk, answer) as site, ClientSession() as session:
        ws = await session.ws_connect(site.url())
        assert [message.data async for message in ws] == ["bye"]
        assert ws.close_code == 1001


@asynchronous
async def test_a_server_that_is_gone_with_its_101_is_lost() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"bye"))

    async with WebSocketSite(talk) as site, ClientSession() as session:
        ws = await session.ws_connect(site.url())
        assert await ws.receive_str() == "bye"
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.close_code == 1006


@asynchronous
async def test_a_link_that_is_lost_behind_the_101_cannot_be_answered() -> None:
    """What came with the 101 wants an answer, and is looked at when nobody is there any more."""

    async def closing(request: ClientRequest, handler: Any) -> ClientResponse:
        response: ClientResponse = await handler(request)
        assert request.session.connector is not None
        await request.session.connector.close()
        return response

    def answer(head: bytes) -> bytes:
        return switching(head) + frame(PING, b"?") + frame(TEXT, b"hi") + frame(CLOSE, b"\x03\xe9")

    async with WebSocketSite(deaf, answer) as site, ClientSession() as session:
        ws = await session.ws_connect(site.url(), middlewares=[closing])
        assert [message.data async for message in ws] == ["hi"]
        assert ws.close_code == 1001


@asynchronous
async def test_many_small_messages_with_the_101_stop_the_reading_until_they_are_received() -> None:
    sent = 0

    def answer(head: bytes) -> bytes:
        return switching(head) + frame(TEXT) * 10_000

    async def talk(peer: Peer) -> None:
        nonlocal sent
        while True:
            peer.writer.write(frame(TEXT, b"x" * 60_000))
            await peer.writer.drain()
            sent += 60_000

    async with WebSocketSite(talk, answer) as site, ClientSession() as session:
        ws = await session.ws_connect(site.url())
        before = -1
        while before != sent:  # until the server can send no more
            before = sent
            await asyncio.sleep(0.1)
            assert sent < 50_000_000
        for _ in range(10_001):
            message = await ws.receive()
        assert len(message.data) == 60_000
        ws.response.close()


# --- answers that open none ----------------------------------------------------------------------

BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no Upgrade": (with_lines("Connection: Upgrade"), "Upgrade is missing"),
    "another protocol": (with_lines("Upgrade: h2c", "Connection: Upgrade"), "Upgrade is"),
    "no Connection": (with_lines("Upgrade: websocket"), "Connection is missing"),
    "Connection without it": (
        with_lines("Upgrade: websocket", "Connection: keep-alive"),
        "Connection is",
    ),
    "no Accept": (
        lambda _: b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "Sec-WebSocket-Accept is missing",
    ),
    "wrong Accept": (
        lambda head: switching(head).replace(b"Accept: ", b"Accept: x"),
        "Sec-WebSocket-Accept is",
    ),
    "Accept twice": (
        lambda head: switching(head, f"Sec-WebSocket-Accept: {accept_of(head)}"),
        "Sec-WebSocket-Accept is",
    ),
    "protocol not offered": (agreeing("Sec-WebSocket-Protocol: other"), "is not one of the 1"),
    "two protocols": (agreeing("Sec-WebSocket-Protocol: chat, chat"), "is not one of the 1"),
    "extension not offered": (
        agreeing("Sec-WebSocket-Extensions: permessage-deflate"),
        "was not offered",
    ),
}


@pytest.mark.parametrize("name", BAD)
@asynchronous
async def test_an_answer_that_opens_no_websocket(name: str) -> None:
    answer, words = BAD[name]

    async def gone(peer: Peer) -> None:
        assert not await peer.reader.read()  # the client hangs up, and says nothing

    async with WebSocketSite(gone, answer) as site, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError, match=words) as caught:
            await session.ws_connect(site.url(), protocols=["chat"])
        assert caught.value.status == 101


def refusing(status: int, body: bytes, *lines: str) -> bytes:
    fields = (f"HTTP/1.1 {status} No", f"Content-Length: {len(body)}", "X-Why: you", *lines, "", "")
    return "\r\n".join(fields).encode() + body


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 404, 426, 500, 503])
@asynchronous
async def test_another_status_is_an_error_with_headers_and_body(status: int) -> None:
    body = b"" if status in (204, 304) else b"not here"
    answer = refusing(status, body) if body else b"HTTP/1.1 %d No\r\nX-Why: you\r\n\r\n" % status
    async with ScriptedServer(answers(answer)) as server, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(server.url("/chat"))
        error = caught.value
        assert (error.status, error.body) == (status, body)
        assert error.headers is not None
        assert error.headers["X-Why"] == "you"
        assert error.request_info.url.path == "/chat"
        assert str(status) in str(error)


@asynchronous
async def test_the_body_of_a_refusal_is_bounded() -> None:
    answer = refusing(500, b"x" * 1_000_000)
    async with ScriptedServer(answers(answer)) as server, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
        # Of one that is longer it is what came with the head, perhaps less than there may be.
        body = caught.value.body
        assert body == b"x" * len(body)
        assert 30_000 < len(body) <= 65536


@asynchronous
async def test_a_refusal_that_never_ends_is_not_waited_for() -> None:
    answer = b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nsome"
    async with (
        ScriptedServer(answers(answer, stays_open=True)) as server,
        ClientSession() as session,
    ):
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
        assert caught.value.body == b"some"


@asynchronous
async def test_raise_for_status_of_the_session_does_not_come_before_the_handshake_s_error() -> None:
    answer = refusing(404, b"not here")
    async with (
        ScriptedServer(answers(answer)) as server,
        ClientSession(raise_for_status=True) as session,
    ):
        with pytest.raises(WSServerHandshakeError, match="404"):
            await session.ws_connect(server.url())


@asynchronous
async def test_an_error_of_the_handshake_shows_no_credentials() -> None:
    async with ScriptedServer(answers(refusing(401, b""))) as server, ClientSession() as session:
        url = server.url().replace("http://", "ws://me:secret@")
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(url, headers={"X-Token": "secret"})
        assert "secret" not in f"{caught.value} {caught.value!r}"


# A token in the place of a protocol: all that a page in a browser can send.
@pytest.mark.parametrize(
    "options",
    [
        {"protocols": ["chat", "bearer.hunter2"]},
        {"protocols": ["chat", "hunter2="]},
        {"protocols": ["hunter2", "hunter2"]},
        {"protocols": "hunter2"},
        {"headers": {"Sec-WebSocket-Protocol": "hunter2"}},
    ],
)
@asynchronous
async def test_an_error_of_the_handshake_shows_no_protocol(options: dict[str, Any]) -> None:
    def repeats(head: bytes) -> bytes:
        offered = fields_of(head)["sec-websocket-protocol"]
        return switching(head, f"Sec-WebSocket-Protocol: {offered}")

    async with WebSocketSite(deaf, repeats) as site, ClientSession() as session:
        with pytest.raises((WSServerHandshakeError, ValueError, TypeError)) as caught:
            await session.ws_connect(site.url(), **options)
    assert "hunter2" not in "".join(traceback.format_exception_only(caught.value))


@asynchronous
async def test_a_kept_connection_serves_again_after_a_refusal() -> None:
    async with Pages(no=refusing(404, b"no")) as pages, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect(pages.url("/no"))
        async with session.get(pages.url()) as response:
            assert await response.text() == "ok"


@asynchronous
async def test_101_is_no_answer_to_an_ordinary_request() -> None:
    async with (
        ScriptedServer(answers(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n")) as server,
        ClientSession() as session,
    ):
        with pytest.raises(ServerProtocolError, match="101"):
            await session.get(server.url(), headers={"Upgrade": "websocket"})


@asynchronous
async def test_a_server_that_hangs_up_is_a_lost_connection() -> None:
    async with ScriptedServer(answers()) as server, ClientSession() as session:
        with pytest.raises(ClientConnectionError):
            await session.ws_connect(server.url())


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_session", [True, False])
@asynchronous
async def test_a_server_that_does_not_answer_meets_the_total_limit(of_session: bool) -> None:
    limit: dict[str, Any] = {"timeout": 0.05} if of_session else {}
    options: dict[str, Any] = {} if of_session else {"handshake_timeout": 0.05}
    async with ScriptedServer(silent) as server, ClientSession(**limit) as session:
        with pytest.raises(TotalTimeoutError):
            await session.ws_connect(server.url(), **options)


@asynchronous
async def test_the_total_limit_is_over_when_the_websocket_is_open() -> None:
    async def late(peer: Peer) -> None:
        await asyncio.sleep(0.3)
        await sending(frame(TEXT, b"late"))(peer)

    async with (
        WebSocketSite(late) as site,
        ClientSession(timeout=0.15) as session,
        session.ws_connect(site.url()) as ws,
    ):
        assert await ws.receive_str() == "late"


# --- middlewares ---------------------------------------------------------------------------------


@asynchronous
async def test_middlewares_see_the_handshake() -> None:
    seen = []

    async def middleware(request: Any, handler: Any) -> ClientResponse:
        request.headers["X-Token"] = "abc"
        response: ClientResponse = await handler(request)
        seen.append((request.method, request.url.scheme, response.status))
        return response

    async with (
        WebSocketSite(listening) as site,
        ClientSession(middlewares=[middleware]) as session,
    ):
        async with session.ws_connect(site.url()):
            pass
        assert site.peers[0].fields["x-token"] == "abc"
        assert seen == [("GET", "http", 101)]


@asynchronous
async def test_a_middleware_may_ask_again() -> None:
    async def twice(request: Any, handler: Any) -> ClientResponse:
        response: ClientResponse = await handler(request)
        return await handler(request) if response.status == 401 else response

    statuses = iter([401, 101])

    def answer(head: bytes) -> bytes:
        return switching(head) if next(statuses) == 101 else refusing(401, b"who?")

    async with WebSocketSite(listening, answer) as site, ClientSession() as session:
        async with session.ws_connect(site.url(), middlewares=[twice]) as ws:
            assert not ws.closed
        assert len(site.heads) == 2


@asynchronous
async def test_a_101_before_the_whole_request_is_refused() -> None:
    async def adding_a_body(request: ClientRequest, handler: Any) -> ClientResponse:
        await request.update_body(bytes(10_000_000))
        response: ClientResponse = await handler(request)
        return response

    async def discard(peer: Peer) -> None:
        while await peer.reader.read(65536):
            pass

    async with WebSocketSite(discard) as site, ClientSession() as session:
        with pytest.raises(ServerProtocolError, match="before it had the whole request"):
            await session.ws_connect(site.url(), middlewares=[adding_a_body])
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_a_101_that_a_middleware_drops_is_closed() -> None:
    async def dropping(request: Any, handler: Any) -> ClientResponse:
        await handler(request)
        response: ClientResponse = await handler(request)
        return response

    async with (
        WebSocketSite(echo) as site,
        ClientSession() as session,
        session.ws_connect(site.url(), middlewares=[dropping]) as ws,
    ):
        await until(lambda: (site.accepted, site.open) == (2, 1))
        assert session.connector is not None
        assert session.connector.stats().active == 1
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_a_middleware_that_fails_behind_a_101_leaves_nothing_open() -> None:
    async def failing(request: Any, handler: Any) -> ClientResponse:
        await handler(request)
        raise ValueError("of a middleware")

    async with WebSocketSite(listening) as site, ClientSession() as session:
        with pytest.raises(ValueError, match="of a middleware"):
            await session.ws_connect(site.url(), middlewares=[failing])
        await until(lambda: (site.accepted, site.open) == (1, 0))
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_a_class_of_the_caller_s_that_fails_leaves_nothing_open() -> None:
    class Failing(ClientWebSocketResponse[Any]):
        def __init__(self, *_args: Any, **_options: Any) -> None:
            raise ValueError("of a class")

    async with (
        WebSocketSite(listening) as site,
        ClientSession(ws_response_class=Failing) as session,
    ):
        with pytest.raises(ValueError, match="of a class") as caught:  # with all frames
            await session.ws_connect(site.url())
        await until(lambda: (site.accepted, site.open) == (1, 0))
        assert session.connector is not None
        assert session.connector.stats().active == 0
    assert caught.tb is not None


@asynchronous
async def test_a_session_does_not_wait_for_what_nobody_took() -> None:
    async def failing(request: Any, handler: Any) -> ClientResponse:
        await handler(request)
        raise ValueError("of a middleware")

    async with WebSocketSite(listening) as site:
        session = ClientSession(middlewares=[failing])
        with pytest.raises(ValueError, match="of a middleware"):
            await session.ws_connect(site.url())
        begin = time.monotonic()
        await session.close()
        assert time.monotonic() - begin < 0.5


# --- redirects -----------------------------------------------------------------------------------

SECRETS: dict[str, Any] = {
    "headers": {"Authorization": "Bearer me", "X-Api-Key": "key", "Cookie": "a=1"},
    "protocols": ["chat"],
    "origin": "http://page.test",
}


@asynchronous
async def test_a_redirect_within_the_origin_takes_all_along() -> None:
    def answer(head: bytes) -> bytes:
        if head.startswith(b"GET /old "):
            return refusing(302, b"", "Location: /new")
        return switching(head, "Sec-WebSocket-Protocol: chat")

    async with WebSocketSite(listening, answer) as site, ClientSession() as session:
        async with session.ws_connect(site.url("/old"), **SECRETS) as ws:
            assert [response.status for response in ws.response.history] == [302]
        fields = site.peers[0].fields
        assert site.peers[0].target == "/new"
        assert fields["authorization"] == "Bearer me"
        assert fields["x-api-key"] == "key"
        assert fields["origin"] == "http://page.test"


@asynchronous
async def test_a_redirect_to_another_origin_takes_the_handshake_along_and_no_secret() -> None:
    async with (
        WebSocketSite(listening) as site,
        Pages().redirect("old", site.http_url("/new")) as pages,
        ClientSession() as session,
    ):
        async with session.ws_connect(pages.url("/old"), **SECRETS) as ws:
            assert ws.protocol is None
        fields = site.peers[0].fields
        assert {"authorization", "x-api-key", "cookie"}.isdisjoint(fields)
        assert "sec-websocket-protocol" not in fields  # some put a token there
        assert fields["origin"] == "http://page.test"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@asynchronous
async def test_each_kind_of_redirect_is_followed_by_a_get(status: int) -> None:
    async with (
        WebSocketSite(listening) as site,
        Pages().redirect("old", site.http_url("/new"), status) as pages,
        ClientSession() as session,
        session.ws_connect(pages.url("/old")),
    ):
        assert site.heads[0].startswith(b"GET /new ")


@asynchronous
async def test_a_redirect_leads_to_http_only() -> None:
    # RFC 6455 section 4.1 speaks of HTTP's redirects, and a handshake is asked for by HTTP.
    async with Pages().redirect("old", "ws://127.0.0.1:1/") as pages, ClientSession() as session:
        with pytest.raises(NonHttpUrlRedirectClientError):
            await session.ws_connect(pages.url("/old"))


# --- the pool ------------------------------------------------------------------------------------


@asynchronous
async def test_a_kept_connection_opens_a_websocket() -> None:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        head = await head_of(reader)
        writer.write(switching(head) + frame(TEXT, b"hello"))
        await reader.read()

    async with ScriptedServer(keep) as server, ClientSession() as session:
        await (await session.get(server.url())).read()
        ws = await session.ws_connect(server.url())
        assert await ws.receive_str() == "hello"
        assert server.accepted == 1
        ws.response.close()


@asynchronous
async def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        if head.startswith(b"GET /first "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await head_of(reader)  # and is gone
            return
        writer.write(switching(head))
        await listening(Peer(head, reader, writer))

    async with ScriptedServer(once) as server, ClientSession() as session:
        await (await session.get(server.url("/first"))).read()
        async with session.ws_connect(server.url("/ws")) as ws:
            assert ws.response.attempts == 2
        assert server.accepted == 2

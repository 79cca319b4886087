"""Section 2 of the reference: ClientSession, its methods and properties."""

import asyncio
import gc
import json
from typing import Any

import pytest
from multidict import CIMultiDict, istr
from origin import Origin
from pages import Pages
from reference import Call, Difference, Line, Missing, Names
from running import asynchronous, result_of, run, settled

from aioclient import (
    BasicAuth,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    HttpVersion11,
    TCPConnector,
)

_LIMITS = "the defaults fit sites that browsers read"
_URL = "url, *, allow_redirects=True"
_DATA = "url, *, data=None"

ROWS = (
    Call(
        "ClientSession",
        """base_url=None, *, connector=None, loop=None, cookies=None, headers=None, proxy=None,
        proxy_auth=None, skip_auto_headers=None, auth=None, json_serialize=json.dumps,
        json_serialize_bytes=None, request_class=SENT, response_class=ClientResponse,
        ws_response_class=SENT, version=HttpVersion11, cookie_jar=None, connector_owner=True,
        raise_for_status=False, read_timeout=SENT, conn_timeout=None, timeout=SENT,
        auto_decompress=True, trust_env=False, requote_redirect_url=True, trace_configs=None,
        read_bufsize=2**18, max_line_size=8190, max_field_size=8190, max_headers=128,
        fallback_charset_resolver=SENT, middlewares=(), ssl_shutdown_timeout=SENT""",
        {
            "max_line_size": Difference(64 * 1024, _LIMITS),
            "max_field_size": Difference(64 * 1024, _LIMITS),
            "max_headers": Difference(256, _LIMITS),
        },
    ),
    # Methods.
    Call("ClientSession.request", "method, url"),
    Call("ClientSession.get", _URL),
    Call("ClientSession.options", _URL),
    Call("ClientSession.head", "url, *, allow_redirects=False"),
    Call("ClientSession.post", _DATA),
    Call("ClientSession.put", _DATA),
    Call("ClientSession.patch", _DATA),
    Call("ClientSession.delete", "url"),
    Call("ClientSession.close", is_async=True),
    Call("ClientSession.detach"),
    Line(
        "request and the verbs can be awaited, and be used with async with",
        "test_every_verb_can_be_awaited_and_be_a_block",
    ),
    Line("get and options follow redirects, head does not", "test_head_alone_does_not_follow"),
    Line("other methods go by request", "test_methods_without_a_verb_of_their_own_are_sent"),
    Line(
        "close closes the connector if the session owns it, and may be called twice",
        "test_closing_twice_does_no_harm test_connector_of_others_stays_open",
    ),
    Line("detach gives the connector up; then the session is closed", "test_detached_is_closed"),
    Line("async with closes", "test_block_closes_the_session"),
    Line("with raises TypeError", "test_plain_with_is_a_type_error"),
    Names("ClientSession", "__aenter__ __aexit__ __enter__"),
    Line(
        "an unclosed session is a ResourceWarning and a call of the loop's exception handler",
        "test_unclosed_session_is_said_aloud test_unclosed_session_of_a_closed_loop_is_a_warning",
    ),
    # Properties.
    Names(
        "ClientSession",
        """closed connector version requote_redirect_url loop timeout headers skip_auto_headers auth
        json_serialize connector_owner raise_for_status auto_decompress trust_env
        trace_configs""",
        settable="requote_redirect_url",
    ),
    Line(
        "properties say what the arguments said",
        "test_properties_say_what_was_given test_properties_without_arguments",
    ),
    Line("headers are a CIMultiDict that can be changed", "test_headers_are_live_and_a_copy"),
    Line(
        "loop and the setter of requote_redirect_url are deprecated",
        """tests/_session/test_session.py::test_a_loop_that_is_given_has_no_effect_but_a_warning
        tests/_session/test_session.py::test_requote_redirect_url_can_still_be_changed""",
    ),
    Missing("ClientSession", "ATTRS", "`ClientSession.ATTRS`"),
    # Making one.
    Line(
        "a session has to be made in a running loop",
        "test_session_can_be_made_outside_of_a_loop",
        "A session can be made outside of a running loop; it belongs to the loop of its first "
        "request.",
    ),
    Line(
        "a connector of another loop is a RuntimeError",
        "test_connector_of_another_loop_is_refused_at_the_first_request",
        "That a connector belongs to another loop is found at the first request, too.",
    ),
    Line(
        "subclassing and unknown attributes are warned of",
        "test_session_can_be_subclassed_without_a_warning",
        "Subclasses of `ClientSession` and attributes of one's own are not warned of.",
    ),
    Line(
        "loop, read_timeout, conn_timeout and ssl_shutdown_timeout are deprecated",
        """tests/_session/test_session.py::test_deprecated_limits_of_time_are_those_of_the_timeout
        test_deprecated_arguments_are_a_warning""",
    ),
)

VERBS = ("get", "options", "head", "post", "put", "patch", "delete")


# --- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
@asynchronous
async def test_every_verb_can_be_awaited_and_be_a_block(verb: str) -> None:
    async with Pages() as server, ClientSession() as session:
        send = getattr(session, verb)
        response = await send(server.url())
        assert (response.method, server.last.method) == (verb.upper(), verb.upper())
        async with send(server.url()) as response:
            assert isinstance(response, ClientResponse)
        async with session.request(verb, server.url()) as response:
            assert response.method == verb.upper()
        assert (await session.request(verb.upper(), server.url())).status == 200


@pytest.mark.parametrize("verb", VERBS)
@asynchronous
async def test_head_alone_does_not_follow(verb: str) -> None:
    async with Pages().redirect("a", "/b") as server, ClientSession() as session:
        async with getattr(session, verb)(server.url("/a")) as response:
            assert response.status == (302 if verb == "head" else 200)
        async with getattr(session, verb)(server.url("/a"), allow_redirects=True) as response:
            assert response.status == 200
        async with getattr(session, verb)(server.url("/a"), allow_redirects=False) as response:
            assert response.status == 302


@pytest.mark.parametrize("method", ["TRACE", "QUERY", "PROPFIND"])
@asynchronous
async def test_methods_without_a_verb_of_their_own_are_sent(method: str) -> None:
    async with Pages() as server, ClientSession() as session:
        assert (await session.request(method, server.url())).status == 200
        assert server.last.method == method


@asynchronous
async def test_closing_twice_does_no_harm() -> None:
    connector = TCPConnector()
    session = ClientSession(connector=connector)
    assert not session.closed
    await session.close()
    await session.close()
    assert session.closed
    assert connector.closed
    assert session.connector is None


@asynchronous
async def test_connector_of_others_stays_open() -> None:
    connector = TCPConnector()
    async with ClientSession(connector=connector, connector_owner=False) as session:
        assert not session.connector_owner
    assert session.closed
    assert not connector.closed
    await connector.close()


@asynchronous
async def test_detached_is_closed() -> None:
    connector = TCPConnector()
    session = ClientSession(connector=connector)
    session.detach()
    assert session.closed
    assert session.connector is None
    assert not connector.closed
    await connector.close()


@asynchronous
async def test_block_closes_the_session() -> None:
    async with ClientSession() as session:
        pass
    assert session.closed
    with pytest.raises(RuntimeError, match="closed"):
        await session.get("http://127.0.0.1:1/")


@asynchronous
async def test_plain_with_is_a_type_error() -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="async with"), session:  # type: ignore[attr-defined]
            pass


def forget(sessions: list[ClientSession]) -> None:
    sessions.clear()
    gc.collect()


def test_unclosed_session_is_said_aloud() -> None:
    heard: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        async with Origin() as origin:
            sessions = [ClientSession()]
            await (await sessions[0].get(origin.url("/json"))).read()
            made = repr(sessions[0])
            with pytest.warns(ResourceWarning, match="Unclosed client session"):
                forget(sessions)
            await settled()
            assert [context["message"] for context in heard] == ["Unclosed client session"]
            assert repr(heard.pop()["client_session"]) == made

    run(main())


def test_unclosed_session_of_a_closed_loop_is_a_warning() -> None:
    async def main() -> ClientSession:
        session = ClientSession()
        with pytest.raises(ClientError):
            await session.get("http://127.0.0.1:1/")
        return session

    sessions = [result_of(main())]
    with pytest.warns(ResourceWarning, match="Unclosed client session"):
        forget(sessions)


# --- properties ----------------------------------------------------------------------------------


@asynchronous
async def test_properties_say_what_was_given() -> None:
    connector, timeout, auth = TCPConnector(), ClientTimeout(5), BasicAuth("me", "secret")

    async def judge(response: ClientResponse) -> None:
        raise LookupError(response.status)

    async with ClientSession(
        connector=connector,
        timeout=timeout,
        headers={"X-A": "1"},
        skip_auto_headers=["User-Agent"],
        auth=auth,
        json_serialize=str,
        json_serialize_bytes=str.encode,
        raise_for_status=judge,
        auto_decompress=False,
        requote_redirect_url=False,
        version=HttpVersion11,
    ) as session:
        assert session.connector is connector
        assert session.timeout is timeout
        assert session.headers == CIMultiDict({"X-A": "1"})
        assert session.skip_auto_headers == frozenset({istr("User-Agent")})
        assert session.auth == auth
        assert session.json_serialize is str
        assert session.raise_for_status is judge
        assert session.auto_decompress is False
        assert session.requote_redirect_url is False
        assert session.version == (1, 1)


@asynchronous
async def test_properties_without_arguments() -> None:
    async with ClientSession() as session:
        assert isinstance(session.connector, TCPConnector)
        assert session.timeout == ClientTimeout(total=300, sock_connect=30)
        assert session.headers == CIMultiDict()
        assert session.skip_auto_headers == frozenset()
        assert session.auth is None
        assert session.json_serialize is json.dumps
        assert session.raise_for_status is False
        assert session.auto_decompress is True
        assert session.requote_redirect_url is True
        assert session.connector_owner is True
        assert session.trust_env is False
        assert session.version == HttpVersion11
        assert session.closed is False


@asynchronous
async def test_headers_are_live_and_a_copy() -> None:
    given = {"X-A": "1"}
    async with Pages() as server, ClientSession(headers=given) as session:
        assert isinstance(session.headers, CIMultiDict)
        given["X-A"] = "2"
        session.headers["X-B"] = "3"
        await session.get(server.url())
        assert (server.last.headers["X-A"], server.last.headers["X-B"]) == ("1", "3")
        del session.headers["X-B"]
        await session.get(server.url())
        assert "X-B" not in server.last.headers


# --- making it -----------------------------------------------------------------------------------


def test_session_can_be_made_outside_of_a_loop() -> None:
    session = ClientSession()

    async def main() -> None:
        async with Origin() as origin, session:
            assert (await session.get(origin.url("/json"))).status == 200

    run(main())


def test_connector_of_another_loop_is_refused_at_the_first_request() -> None:
    async def ask(connector: TCPConnector) -> None:
        session = ClientSession(connector=connector)
        try:
            await session.get("http://127.0.0.1:1/")
        finally:
            session.detach()

    connector = TCPConnector()
    with pytest.raises(ClientError):
        result_of(ask(connector))
    with pytest.raises(RuntimeError, match="event loop"):
        result_of(ask(connector))


@asynchronous
async def test_session_can_be_subclassed_without_a_warning() -> None:
    class Own(ClientSession):
        pass

    async with Own() as session:
        session.note = "mine"  # type: ignore[attr-defined]
        assert session.note == "mine"  # type: ignore[attr-defined]


@asynchronous
async def test_deprecated_arguments_are_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="loop") as caught:
        await ClientSession(loop=asyncio.get_running_loop()).close()
    with pytest.warns(DeprecationWarning, match="ssl_shutdown_timeout") as more:
        await ClientSession(ssl_shutdown_timeout=0).close()
    assert {warning.filename for warning in (*caught, *more)} == {__file__}

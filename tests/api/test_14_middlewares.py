"""Section 14 of the reference: client middlewares, and the requests that they see."""

from typing import Any

import pytest
from pages import Pages, page
from reference import Line, Missing, Names
from running import asynchronous

from aioclient import ClientHandlerType, ClientRequest, ClientResponse, ClientSession

_OWN = "tests/loopback/test_middlewares.py::"

ROWS = (
    Names("aioclient", "ClientMiddlewareType ClientHandlerType ClientRequest ConnectionKey"),
    Line(
        "the first of the list is the outermost",
        f"{_OWN}test_the_first_middleware_is_the_outermost",
    ),
    Line(
        "the chain runs again for each redirect and for the automatic second sending",
        f"{_OWN}test_middlewares_run_for_each_redirect "
        f"{_OWN}test_middlewares_run_again_when_a_kept_connection_was_closed",
    ),
    Line(
        "a middleware may call its handler several times, or return another response",
        f"{_OWN}test_a_handler_may_be_called_many_times "
        f"{_OWN}test_a_middleware_may_answer_by_itself",
    ),
    Line(
        "a middleware may change the URL",
        f"{_OWN}test_credentials_do_not_go_along_to_another_origin",
        "Another `url` of a `ClientRequest`",
    ),
    Line(
        "a response that a middleware drops does not hold its connection",
        f"{_OWN}test_a_dropped_response_does_not_hold_its_connection",
        "A response that a middleware drops",
    ),
    Line(
        "requests that a middleware makes pass middlewares=()",
        "test_nested_requests_do_not_come_to_the_middleware",
    ),
    Line("a middleware may add headers", "test_pattern_of_headers_that_are_added"),
    Line("a middleware may refresh a token", "test_pattern_of_a_token_that_is_refreshed"),
    Line("a middleware may send again", "test_pattern_of_retries"),
    Line(
        "a middleware may log",
        "tests/guide/test_03_middlewares.py::test_the_order_decides_whether_each_attempt_is_logged",
    ),
    Line(
        "requests can be kept out of private networks by a middleware, or by the connector",
        "test_pattern_of_hosts_that_are_refused "
        "tests/loopback/test_allowed_addresses.py::"
        "test_a_redirect_into_a_private_network_is_not_followed",
    ),
    Names(
        "ClientRequest",
        """method url original_url headers body auth version chunked compress proxy proxy_auth
        proxy_headers server_hostname ssl skip_auto_headers request_info session host port
        connection_key response_class GET_METHODS POST_METHODS ALL_METHODS is_ssl update_body
        update_headers update_cookies update_auth update_body_from_data""",
        settable="method url body",
    ),
    Names(
        "ConnectionKey",
        "host port is_ssl ssl proxy proxy_auth proxy_headers_hash server_hostname",
    ),
    Missing(
        "ClientRequest",
        """DEFAULT_HEADERS update_host update_version update_auto_headers update_content_encoding
        update_transfer_encoding update_expect_continue update_proxy write_bytes send close
        terminate response""",
        "`ClientRequest` is made by the session alone",
    ),
)


@asynchronous
async def test_nested_requests_do_not_come_to_the_middleware() -> None:
    paths: list[str] = []

    async def asking(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        paths.append(request.url.path)
        token = await request.session.get(request.url.with_path("/token"), middlewares=())
        request.headers["X-Token"] = await token.text()
        return await handler(request)

    async with Pages(token=page(b"abc")) as server, ClientSession(middlewares=[asking]) as session:
        await session.get(server.url("/"))
        assert paths == ["/"]
        assert [seen.target for seen in server.seen] == ["/token", "/"]
        assert server.last.headers["X-Token"] == "abc"


@asynchronous
async def test_pattern_of_headers_that_are_added() -> None:
    async def adding(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers["X-Request-ID"] = "7"
        return await handler(request)

    async with Pages() as server, ClientSession(middlewares=[adding]) as session:
        await session.get(server.url())
        assert server.last.headers["X-Request-ID"] == "7"


@asynchronous
async def test_pattern_of_a_token_that_is_refreshed() -> None:
    tokens = iter(["old", "new"])
    token = next(tokens)

    async def refreshing(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        nonlocal token
        request.headers["Authorization"] = f"Bearer {token}"
        response = await handler(request)
        if response.status != 401:
            return response
        token = next(tokens)
        request.headers["Authorization"] = f"Bearer {token}"
        return await handler(request)

    class Strict(Pages):
        def page_for(self, seen: Any) -> Any:
            is_good = seen.headers["Authorization"] == "Bearer new"
            return page() if is_good else page(status="401 Unauthorized")

    async with Strict() as server, ClientSession(middlewares=[refreshing]) as session:
        for _ in range(2):
            response = await session.post(server.url(), data=b"hello")
            assert response.status == 200
        assert [seen.body for seen in server.seen] == [b"hello"] * 3
        assert server.accepted == 1


@asynchronous
async def test_pattern_of_retries() -> None:
    async def retrying(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        for _ in range(2):
            response = await handler(request)
            if response.ok:
                return response
        return await handler(request)

    busy = page(status="503 X")
    async with (
        Pages(a=[busy, busy, page()]) as server,
        ClientSession(middlewares=[retrying]) as session,
    ):
        response = await session.get(server.url("/a"))
        assert (response.status, response.attempts) == (200, 3)


@asynchronous
async def test_pattern_of_hosts_that_are_refused() -> None:
    class Refused(Exception):
        pass

    async def guarding(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.host in ("localhost", "::1"):
            raise Refused(request.url.host)
        return await handler(request)

    async with Pages() as server, ClientSession(middlewares=[guarding]) as session:
        server.redirect("a", server.url("/b", "localhost"))
        for url in (server.url("/", "localhost"), server.url("/a")):
            with pytest.raises(Refused, match="localhost"):
                await session.get(url)
        assert [seen.target for seen in server.seen] == ["/a"]

"""What tools that know aiohttp's session from inside replace, and look at."""

from typing import Any, Self
from unittest.mock import AsyncMock, patch

import pytest
from origin import Origin
from running import asynchronous
from yarl import URL

import aioclient
from aioclient import ClientSession, ClientTimeout


class Recorder:
    """Stands in for `_request`, remembers what it was asked, and asks the one before."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.before = ClientSession._request

    def __enter__(self) -> Self:
        recorder = self

        async def record(session: ClientSession, method: str, url: Any, **options: Any) -> Any:
            recorder.asked.append((method, str(url), options))
            return await recorder.before(session, method, url, **options)

        self._patch = patch.object(ClientSession, "_request", record)
        self._patch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._patch.stop()


@asynchronous
async def test_what_replaces_request_is_given_every_request() -> None:
    async with Origin() as origin, ClientSession() as session:
        url = origin.url("/echo")
        with Recorder() as recorder:
            for method in ("get", "options", "head", "post", "put", "patch", "delete"):
                response = await getattr(session, method)(url, headers={"A": "b"})
                await response.read()
                assert response.status == 200
            async with session.request("get", url) as response:
                assert (await response.json())["method"] == "GET"
        asked = list(recorder.asked)
        async with session.get(url) as response:
            assert response.status == 200
        assert recorder.asked == asked  # no more, once it was put back
    given = {"headers": {"A": "b"}}
    assert asked == [
        ("GET", url, given | {"allow_redirects": True}),
        ("OPTIONS", url, given | {"allow_redirects": True}),
        ("HEAD", url, given | {"allow_redirects": False}),
        ("POST", url, given | {"data": None}),
        ("PUT", url, given | {"data": None}),
        ("PATCH", url, given | {"data": None}),
        ("DELETE", url, given),
        ("GET", url, {"allow_redirects": True}),
    ]


@asynchronous
async def test_a_session_that_was_made_before_is_watched_too() -> None:
    async with Origin() as origin, ClientSession() as session:
        await (await session.get(origin.url("/json"))).read()
        with Recorder() as recorder:
            await (await session.get(origin.url("/json"))).read()
        assert len(recorder.asked) == 1


@asynchronous
async def test_a_subclass_may_replace_request() -> None:
    class Refusing(ClientSession):
        async def _request(self, method: str, str_or_url: Any, **options: Any) -> Any:
            raise PermissionError(f"{method} {str_or_url}")

    async with Refusing() as session:
        with pytest.raises(PermissionError, match=r"GET http://a\.example/"):
            await session.get("http://a.example/")


@asynchronous
async def test_request_may_be_replaced_in_one_session_only() -> None:
    async with Origin() as origin, ClientSession() as session, ClientSession() as other:
        before = session._request
        with patch.object(session, "_request", AsyncMock(side_effect=before)) as request:
            async with session.post(origin.url("/echo"), data=b"x") as response:
                assert response.status == 200
            await (await other.get(origin.url("/json"))).read()
        request.assert_awaited_once_with("POST", origin.url("/echo"), data=b"x")
        async with session.get(origin.url("/json")) as response:
            assert response.status == 200
        assert request.await_count == 1  # no more, once it was put back


class StandIn:
    """What a test gives for a response: entered and left, and nothing else."""

    def __init__(self) -> None:
        self.left: list[type[BaseException] | None] = []

    async def __aenter__(self) -> str:
        return "entered"

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.left.append(kind)


@asynchronous
async def test_what_is_no_response_is_entered_and_left_itself() -> None:
    stand_in = StandIn()
    async with ClientSession() as session:
        with patch.object(ClientSession, "_request", AsyncMock(return_value=stand_in)):
            async with session.get("http://a.example/") as entered:
                assert entered == "entered"
            with pytest.raises(LookupError):
                async with session.get("http://a.example/"):
                    raise LookupError
            async with aioclient.request("GET", "http://a.example/") as entered:
                assert entered == "entered"
            assert await session.get("http://a.example/") is stand_in
    assert stand_in.left == [None, LookupError, None]


@asynchronous
async def test_aioclient_request_goes_through_what_replaces_it() -> None:
    async with Origin() as origin:
        with Recorder() as recorder:
            async with aioclient.request("GET", origin.url("/json")) as response:
                await response.read()
    assert [asked[:2] for asked in recorder.asked] == [("GET", origin.url("/json"))]


@asynchronous
async def test_what_a_session_has_can_be_looked_at() -> None:
    async with ClientSession(
        "http://a.example/b/", headers={"A": "1", "B": "2"}, timeout=7, raise_for_status=True
    ) as session:
        assert session._base_url == URL("http://a.example/b/")
        assert session._build_url("c") == URL("http://a.example/b/c")
        assert session._build_url("http://other.example/") == URL("http://other.example/")
        assert session._cookie_jar is session.cookie_jar
        assert dict(session._prepare_headers({"b": "3", "C": "4"})) == {
            "A": "1",
            "b": "3",
            "C": "4",
        }
        assert session._prepare_headers(None) == session.headers
        assert session._default_headers is session.headers
        assert session._timeout == ClientTimeout(7, sock_connect=30)
        assert session._raise_for_status is True
        assert session._default_auth is None
        assert session._loop.is_running()
        assert session._connector is session.connector
    async with ClientSession() as session:
        assert session._build_url("http://a.example/") == URL("http://a.example/")


@asynchronous
async def test_a_trace_config_of_aiohttp_is_taken_for_ours() -> None:
    told: list[tuple[object, str]] = []

    async def started(session: Any, context: Any, params: Any) -> None:
        told.append((context.trace_request_ctx, params.method))

    aiohttp = pytest.importorskip("aiohttp")
    config = aiohttp.TraceConfig()
    config.on_request_start.append(started)
    async with Origin() as origin, ClientSession(trace_configs=[config]) as session:  # type: ignore[list-item]  # see above
        await (await session.get(origin.url("/json"), trace_request_ctx="mine")).read()
    assert told == [("mine", "GET")]

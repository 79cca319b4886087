"""Redirects over real sockets: what is sent where, and what the caller gets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from running import asynchronous
from scripted import ScriptedServer, head_of
from yarl import URL

from aioclient import (
    BasicAuth,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    InvalidUrlRedirectClientError,
    NextRequest,
    NonHttpUrlRedirectClientError,
    TooManyRedirects,
    TotalTimeoutError,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Site:
    """Answers each path with what it was told; notes requests as (method, path, headers, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def redirect(self, path: str, location: str, status: int = 302, body: bytes = b"") -> None:
        fields = f"Location: {location}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answers[path] = f"HTTP/1.1 {status} Moved\r\n{fields}".encode() + body

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await head_of(reader)).decode()
            start, *lines = head.split("\r\n")[:-2]
            method, path, _ = start.split(" ")
            headers = {name.lower(): value for name, value in (line.split(": ") for line in lines)}
            body = b""
            if "content-length" in headers:
                body = await reader.readexactly(int(headers["content-length"]))
            elif "transfer-encoding" in headers:
                while size := int(await reader.readline(), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
                await reader.readexactly(2)
            self.seen.append((method, path, headers, body))
            writer.write(self.answers.get(path, OK))
            await writer.drain()

    def requests(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _, _ in self.seen]


@asynchronous
async def test_a_chain_is_followed_on_one_connection() -> None:
    site = Site()
    site.redirect("/a?x=1", "b")
    site.redirect("/b", "/c/d?e#part", 301, b"moved")
    async with ScriptedServer(site) as server, ClientSession() as session:
        async with session.get(server.url("/a"), params={"x": "1"}) as response:
            assert await response.read() == b"ok"
            assert str(response.url) == server.url("/c/d?e")
            assert str(response.real_url) == server.url("/c/d?e#part")
            first, second = response.history
            assert (first.status, second.status) == (302, 301)
            assert str(first.url) == server.url("/a?x=1")
            assert second.headers["Location"] == "/c/d?e#part"
            assert first.history == ()
            assert second.history == (first,)
            assert first.closed
        assert server.accepted == 1
    assert site.requests() == [("GET", "/a?x=1"), ("GET", "/b"), ("GET", "/c/d?e")]


@asynchronous
async def test_a_fragment_is_inherited() -> None:
    site = Site()
    site.redirect("/a", "/b")
    async with ScriptedServer(site) as server, ClientSession() as session:
        response = await session.get(server.url("/a#part"))
        assert str(response.real_url) == server.url("/b#part")


@pytest.mark.parametrize(
    ("method", "status", "then", "body"),
    [
        ("POST", 301, "GET", b""),
        ("POST", 302, "GET", b""),
        ("POST", 303, "GET", b""),
        ("POST", 307, "POST", b"hello"),
        ("POST", 308, "POST", b"hello"),
        ("PUT", 301, "PUT", b"hello"),
        ("PUT", 303, "GET", b""),
        ("DELETE", 302, "DELETE", b"hello"),
        ("HEAD", 303, "HEAD", b""),
    ],
)
@asynchronous
async def test_method_and_body(method: str, status: int, then: str, body: bytes) -> None:
    site = Site()
    site.redirect("/a", "/b", status)
    async with ScriptedServer(site) as server, ClientSession() as session:
        data = None if method == "HEAD" else b"hello"
        async with session.request(method, server.url("/a"), data=data) as response:
            assert response.status == 200
            assert response.method == then
    seen_method, _, headers, seen_body = site.seen[1]
    assert (seen_method, seen_body) == (then, body)
    assert ("content-type" in headers) == bool(body)
    assert headers.get("content-length", "0") == str(len(body))


async def pieces() -> AsyncIterator[bytes]:
    yield b"hello"


@asynchronous
async def test_a_body_that_is_gone_cannot_follow() -> None:
    site = Site()
    site.redirect("/a", "/b", 307)
    async with ScriptedServer(site) as server, ClientSession() as session:
        with pytest.raises(ClientPayloadError, match=r"redirected to 127\.0\.0\.1.*sent again"):
            await session.post(server.url("/a"), data=pieces())
        site.redirect("/a", "http://xn--b.invalid/", 307)  # which cannot be decoded
        with pytest.raises(ClientPayloadError, match=r"redirected to xn--b\.invalid"):
            await session.post(server.url("/a"), data=pieces())
        site.redirect("/a", "/b", 303)
        assert (await session.post(server.url("/a"), data=pieces())).status == 200
    assert site.requests() == [("POST", "/a"), ("POST", "/a"), ("POST", "/a"), ("GET", "/b")]


@pytest.mark.parametrize("options", [{}, {"chunked": True}])
@asynchronous
async def test_a_file_follows(options: dict[str, bool], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0" + b"x" * 1_000_000)
    site = Site()
    site.redirect("/a", "/b", 308)
    async with ScriptedServer(site) as server, ClientSession() as session:
        with path.open("rb") as file:
            file.seek(1)
            response = await session.put(server.url("/a"), data=file, **options)  # type: ignore[arg-type]
            assert response.status == 200
    assert [len(body) for *_, body in site.seen] == [1_000_000] * 2
    assert ("transfer-encoding" in site.seen[1][2]) == bool(options)


# --- origins -------------------------------------------------------------------------------------


SECRETS = {"Authorization": "Bearer secret", "Cookie": "a=secret", "X-Api-Key": "secret"}


@pytest.mark.parametrize("where", ["session", "request"])
@asynchronous
async def test_secrets_stay_with_their_origin(where: str) -> None:
    site, other = Site(), Site()
    async with ScriptedServer(site) as server, ScriptedServer(other) as elsewhere:
        site.redirect("/a", "/b")
        site.redirect("/b", elsewhere.url("/c"))
        other.redirect("/c", "/d")
        other.redirect("/d", server.url("/e"))
        session_headers, headers = (SECRETS, {}) if where == "session" else ({}, SECRETS)
        headers = {**headers, "Accept-Language": "nl", "X-Trace": "1"}
        async with ClientSession(headers=session_headers) as session:
            response = await session.get(
                server.url("/a"), headers=headers, cross_origin_headers=["X-Trace"]
            )
            assert len(response.history) == 4
    for _, path, seen, _ in (*site.seen, *other.seen):
        knows = path in ("/a", "/b")
        assert all((name.lower() in seen) == knows for name in SECRETS)
        assert ("secret" in str(seen)) == knows
        assert (seen["accept-language"], seen["x-trace"]) == ("nl", "1")
    assert other.seen[0][2]["host"] == f"127.0.0.1:{elsewhere.port}"


@asynchronous
async def test_auth_of_the_session_is_for_its_origin_alone() -> None:
    site, other = Site(), Site()
    async with ScriptedServer(site) as server, ScriptedServer(other) as elsewhere:
        site.redirect("/a", elsewhere.url("/b"))
        other.redirect("/b", server.url("/c"))
        async with ClientSession(auth=BasicAuth("me", "secret")) as session:
            assert (await session.get(server.url("/a"))).status == 200
    assert "authorization" in site.seen[0][2]
    assert "authorization" not in other.seen[0][2]
    assert "authorization" in site.seen[1][2]  # it is looked up again for each request


@asynchronous
async def test_user_info_of_a_redirect_is_used_and_not_shown() -> None:
    site, other = Site(), Site()
    async with ScriptedServer(site) as server, ScriptedServer(other) as elsewhere:
        site.redirect("/a", elsewhere.url("/b").replace("//", "//you:hidden@"))
        async with ClientSession() as session:
            response = await session.get(server.url("/a"), auth=BasicAuth("me", "secret"))
            assert str(response.url) == elsewhere.url("/b")
            assert "hidden" not in repr(response)
    assert other.seen[0][2]["authorization"] == BasicAuth("you", "hidden").encode()


# --- limits and wishes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda session, url: session.get(url, allow_redirects=False),
        lambda session, url: session.head(url),
    ],
)
@asynchronous
async def test_redirects_need_not_be_followed(
    call: Callable[[ClientSession, str], ClientResponse],
) -> None:
    site = Site()
    site.redirect("/a", "/b")
    async with ScriptedServer(site) as server, ClientSession() as session:
        response = await call(session, server.url("/a"))  # type: ignore[misc]
        assert response.status == 302
        assert response.history == ()
    assert len(site.seen) == 1


@asynchronous
async def test_head_follows_if_it_is_told_to() -> None:
    site = Site()
    site.redirect("/a", "/b")
    async with ScriptedServer(site) as server, ClientSession() as session:
        assert (await session.head(server.url("/a"), allow_redirects=True)).status == 200
    assert site.requests() == [("HEAD", "/a"), ("HEAD", "/b")]


@pytest.mark.parametrize(("options", "followed"), [({}, 10), ({"max_redirects": 3}, 3)])
@asynchronous
async def test_there_is_a_limit_of_redirects(options: dict[str, int], followed: int) -> None:
    site = Site()
    site.redirect("/a", "/a")
    async with ScriptedServer(site) as server, ClientSession() as session:
        with pytest.raises(TooManyRedirects, match=f"max_redirects = {followed}") as caught:
            await session.get(server.url("/a"), **options)  # type: ignore[arg-type]
        assert len(caught.value.history) == followed + 1
        assert caught.value.status == 0
        assert len(site.seen) == followed + 1
        assert server.accepted == 1


@asynchronous
async def test_no_limit_of_redirects() -> None:
    site = Site()
    for number in range(30):
        site.redirect(f"/{number}", f"/{number + 1}")
    async with ScriptedServer(site) as server, ClientSession() as session:
        response = await session.get(server.url("/0"), max_redirects=0)
        assert len(response.history) == 30


@pytest.mark.parametrize("value", [-1, 1.5, "1", True, None])
@asynchronous
async def test_a_limit_of_redirects_is_a_whole_number(value: object) -> None:
    async with ClientSession() as session:
        with pytest.raises((TypeError, ValueError), match="max_redirects"):
            await session.get("http://127.0.0.1:9/", max_redirects=value)


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("ftp://127.0.0.1/", NonHttpUrlRedirectClientError),
        ("javascript:alert(1)", NonHttpUrlRedirectClientError),
        ("http://me:secret@[::1/", InvalidUrlRedirectClientError),
        ("http:///path", InvalidUrlRedirectClientError),
    ],
)
@asynchronous
async def test_a_redirect_to_nowhere_is_an_error(location: str, error: type[Exception]) -> None:
    site = Site()
    site.redirect("/a", location)
    async with ScriptedServer(site) as server, ClientSession() as session:
        with pytest.raises(error) as caught:
            await session.get(server.url("/a"))
        assert "secret" not in str(caught.value)
        assert (await session.get(server.url("/b"))).status == 200
        assert server.accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 304 Not Modified\r\nLocation: /b\r\n\r\n",
        b"HTTP/1.1 300 Choices\r\nLocation: /b\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 201 Created\r\nLocation: /b\r\nContent-Length: 2\r\n\r\nno",
    ],
)
@asynchronous
async def test_what_does_not_redirect_is_the_answer(answer: bytes) -> None:
    site = Site()
    site.answers["/a"] = answer
    async with ScriptedServer(site) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert response.status in (201, 300, 302, 304)
        assert await response.read() in (b"no", b"")
    assert len(site.seen) == 1


@asynchronous
async def test_only_the_last_status_is_judged() -> None:
    site = Site()
    site.redirect("/a", "/b")
    site.answers["/b"] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedServer(site) as server, ClientSession(raise_for_status=True) as session:
        with pytest.raises(ClientResponseError) as caught:
            await session.get(server.url("/a"))
        assert caught.value.status == 404
        assert [response.status for response in caught.value.history] == [302]  # type: ignore[attr-defined]


@asynchronous
async def test_the_total_limit_is_for_the_whole_chain() -> None:
    site = Site()
    site.redirect("/a", "/b")

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            await asyncio.sleep(0.06)
            writer.write(site.answers["/a"])

    async with ScriptedServer(slow) as server, ClientSession() as session:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        with pytest.raises(TotalTimeoutError):
            await session.get(server.url("/a"), timeout=0.2)
        assert 0.18 < loop.time() - begin < 0.3


@asynchronous
async def test_a_large_body_of_a_redirect_is_not_waited_for() -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/a" in await head_of(reader):
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9999999\r\n\r\nx")
            await reader.read()
        else:
            writer.write(OK)
            await reader.read()

    async with ScriptedServer(talks) as server, ClientSession() as session:
        assert await (await session.get(server.url("/a"))).read() == b"ok"
        assert server.accepted == 2


# --- a policy ------------------------------------------------------------------------------------


@asynchronous
async def test_a_policy_sees_and_changes_the_next_request() -> None:
    site = Site()
    site.redirect("/a", "/b")
    seen = []

    def policy(response: ClientResponse, following: NextRequest) -> NextRequest:
        seen.append((response.status, str(following.url), following.crosses_origin))
        following.headers["X-Hop"] = "1"
        return following

    async with ScriptedServer(site) as server, ClientSession() as session:
        await session.get(server.url("/a"), redirect_policy=policy)
        assert seen == [(302, server.url("/b"), False)]
    assert site.seen[1][2]["x-hop"] == "1"


@asynchronous
async def test_a_policy_can_refuse() -> None:
    site = Site()
    site.redirect("/a", "/b", 302, b"moved")
    async with (
        ScriptedServer(site) as server,
        ClientSession(redirect_policy=lambda response, following: None) as session,
    ):
        response = await session.get(server.url("/a"))
        assert (response.status, await response.read()) == (302, b"moved")
    assert len(site.seen) == 1


@asynchronous
async def test_a_policy_cannot_take_credentials_to_another_origin_by_replacing_the_url() -> None:
    site, other = Site(), Site()
    site.redirect("/a", "/b")
    async with (
        ScriptedServer(site) as server,
        ScriptedServer(other) as elsewhere,
        ClientSession(auth=BasicAuth("me", "secret")) as session,
    ):

        def policy(response: ClientResponse, following: NextRequest) -> NextRequest:
            return following._replace(url=URL(elsewhere.url("/c")))

        with pytest.raises(ValueError, match="redirect_policy must use with_url"):
            await session.get(server.url("/a"), redirect_policy=policy)
        assert (await session.get(server.url("/b"))).status == 200
    assert other.seen == []


@pytest.mark.parametrize("result", [True, "http://example.com/"])
@asynchronous
async def test_a_policy_gives_a_next_request(result: object) -> None:
    site = Site()
    site.redirect("/a", "/b")
    async with ScriptedServer(site) as server, ClientSession() as session:
        with pytest.raises(TypeError, match="redirect_policy must give a NextRequest or None"):
            await session.get(server.url("/a"), redirect_policy=lambda *_: result)  # type: ignore[arg-type]
        assert (await session.get(server.url("/b"))).status == 200


@pytest.mark.parametrize("names", ["X-Trace", ["Authorization"], ["x y"], [5]])
@asynchronous
async def test_credentials_cannot_be_named_to_cross(names: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        ClientSession(cross_origin_headers=names)  # type: ignore[arg-type]
    async with ClientSession() as session:
        with pytest.raises((TypeError, ValueError)):
            await session.get("http://127.0.0.1:9/", cross_origin_headers=names)  # type: ignore[arg-type]

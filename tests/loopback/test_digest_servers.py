"""Digest authentication with servers that others wrote: Apache, lighttpd, httpbin."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest
from digest_programs import LOGIN, apache, lighttpd
from program import Program
from proxy_servers import Proxies
from running import asynchronous

from aioclient import (
    BearerAuthMiddleware,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    DigestAuthMiddleware,
)

#: Letters that only UTF-8 has together.
FOREIGN: Final = ("J\u00e4\u0161a", "p\u00e4\u0161s")


@pytest.fixture(scope="module")
def apache_server() -> Iterator[Program]:
    with apache() as program:
        yield program


@pytest.fixture(scope="module")
def lighttpd_server() -> Iterator[Program]:
    with lighttpd(LOGIN, FOREIGN) as program:
        yield program


class Noting:
    """Keeps what was sent and what came back, innermost."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.sent: list[str] = []

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        self.statuses.append(response.status)
        self.sent.append(request.headers.get("Authorization", ""))
        return response


def session_with(noting: Noting, login: tuple[str, str] = LOGIN, **options: Any) -> ClientSession:
    return ClientSession(middlewares=[DigestAuthMiddleware(*login), noting], **options)


async def asked(session: ClientSession, server: Program, *paths: str, method: str = "GET") -> None:
    """Requests, one after the other, each of which says what its path is."""
    for path in paths:
        url = f"http://127.0.0.1:{server.ports[0]}{path}"
        async with session.request(method, url) as response:
            assert response.status == 200
            assert await response.text() == ("" if method == "HEAD" else path)


async def all_asked(session: ClientSession, server: Program, path: str, count: int) -> None:
    await asyncio.gather(*(asked(session, server, path) for _ in range(count)))


# --- Apache --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@asynchronous
async def test_apache_is_answered_at_first_and_in_advance(
    apache_server: Program, method: str
) -> None:
    noting = Noting()
    async with session_with(noting) as session:
        await asked(session, apache_server, "/plain/a", "/plain/b", "/plain/c", method=method)
    assert noting.statuses == [401, 200, 200, 200]


@asynchronous
async def test_apache_refuses_a_wrong_password_once(apache_server: Program) -> None:
    noting = Noting()
    url = f"http://127.0.0.1:{apache_server.ports[0]}/plain/a"
    async with session_with(noting, (LOGIN[0], "wrong")) as session, session.get(url) as response:
        assert response.status == 401
    assert noting.statuses == [401, 401]


@asynchronous
async def test_nonces_that_apache_takes_once_are_followed_by_those_it_names(
    apache_server: Program,
) -> None:
    noting = Noting()
    async with session_with(noting) as session:
        await asked(session, apache_server, *["/once/a"] * 5)
        assert noting.statuses == [401] + [200] * 5
        await all_asked(session, apache_server, "/once/b", 50)
    assert noting.statuses.count(401) == 1 + 49


@asynchronous
async def test_a_nonce_that_apache_calls_too_old_is_replaced(apache_server: Program) -> None:
    noting = Noting()
    async with session_with(noting) as session:
        await asked(session, apache_server, "/short/a")
        await asyncio.sleep(1.2)  # its clock cannot be moved
        await asked(session, apache_server, "/short/a")
    assert noting.statuses == [401, 200, 401, 200]


@asynchronous
async def test_the_domain_of_apache_says_where_to_answer_in_advance(apache_server: Program) -> None:
    noting = Noting()
    async with session_with(noting) as session:
        await asked(session, apache_server, "/inside/a", "/inside/b", "/outside/a")
    assert noting.statuses == [401, 200, 200, 401, 200]


@asynchronous
async def test_apache_takes_a_thousand_answers_at_the_same_time(apache_server: Program) -> None:
    async with session_with(Noting()) as session:
        await all_asked(session, apache_server, "/plain/a", 1000)


@asynchronous
async def test_apache_is_answered_through_a_proxy(apache_server: Program, proxies: Proxies) -> None:
    """It is told path and query by the proxy, and compares them with the uri of the answer."""
    noting = Noting()
    proxy = proxies.entrance("squid", "http").url()
    async with session_with(noting, proxy=proxy) as session:
        await asked(session, apache_server, "/plain/a", "/plain/b")
    assert noting.statuses == [401, 200, 200]


# --- lighttpd ------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [LOGIN, FOREIGN], ids=["ascii", "utf-8"])
@pytest.mark.parametrize(
    ("path", "algorithm"),
    [("md5", "MD5"), ("sha256", "SHA-256"), ("both", "SHA-256"), ("hashed", "SHA-256")],
)
@asynchronous
async def test_lighttpd_is_answered_by_the_strongest_algorithm(
    lighttpd_server: Program, path: str, algorithm: str, login: tuple[str, str]
) -> None:
    noting = Noting()
    async with session_with(noting, login) as session:
        await asked(session, lighttpd_server, f"/{path}/a", f"/{path}/b")
        await all_asked(session, lighttpd_server, f"/{path}/c", 50)
    assert noting.statuses == [401] + [200] * 52


# --- httpbin -------------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", "auth-int", "both"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
@asynchronous
async def test_httpbin_is_answered(httpbin: str, algorithm: str, qop: str) -> None:
    noting = Noting()
    url = f"{httpbin}/digest-auth/{qop}/user/passwd/{algorithm}"
    async with session_with(noting, ("user", "passwd")) as session:
        for _ in range(2):
            async with session.get(url) as response:
                assert await response.json() == {"authenticated": True, "user": "user"}
    assert noting.statuses == [401, 200, 200]


@asynchronous
async def test_httpbin_takes_a_bearer_token(httpbin: str) -> None:
    async with (
        ClientSession(middlewares=[BearerAuthMiddleware("abc.def")]) as session,
        session.get(f"{httpbin}/bearer") as response,
    ):
        assert await response.json() == {"authenticated": True, "token": "abc.def"}

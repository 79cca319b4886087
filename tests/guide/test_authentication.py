"""The examples of the guide "Advanced Client Usage" under "Authentication", as programs.

The code is that of the guide with `aioclient` as `aiohttp`; its `https://example.com/protected` is
httpbin on loopback, or a server of the tests where httpbin has nothing to show.
"""

import asyncio

import pytest
from pages import Pages
from running import asynchronous

import aioclient as aiohttp
from aioclient import BasicAuth, ClientSession, DigestAuthMiddleware


@asynchronous
async def test_basic_auth_is_for_a_session(httpbin: str) -> None:
    auth = BasicAuth(login="user", password="passwd")
    async with ClientSession(auth=auth) as session:
        async with session.get(f"{httpbin}/basic-auth/user/passwd") as resp:
            assert await resp.json() == {"authenticated": True, "user": "user"}


@asynchronous
async def test_basic_auth_is_for_a_request(httpbin: str) -> None:
    auth = BasicAuth(login="user", password="passwd")
    async with ClientSession() as session:
        async with session.get(f"{httpbin}/basic-auth/user/passwd", auth=auth) as resp:
            assert resp.status == 200
        async with session.get(f"{httpbin}/basic-auth/user/passwd") as resp:
            assert resp.status == 401


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
@asynchronous
async def test_digest_auth_middleware(
    httpbin: str, algorithm: str, qop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Create the middleware with your credentials
    digest_auth = DigestAuthMiddleware(login="user", password="password")

    # Pass it to the ClientSession as a tuple
    async with ClientSession(middlewares=(digest_auth,)) as session:
        # The middleware will automatically handle auth challenges
        async with session.get(f"{httpbin}/digest-auth/{qop}/user/password/{algorithm}") as resp:
            print(await resp.text())
    assert '"authenticated": true' in capsys.readouterr().out


@asynchronous
async def test_credentials_of_a_redirect_supersede_those_before() -> None:
    async with Pages() as pages:
        other_user = pages.url("/b").replace("//", "//other_user@")
        pages.redirect("a", other_user)
        user = pages.url("/a").replace("//", "//user@")
        async with ClientSession() as session:
            async with session.get(user) as resp:
                assert resp.status == 200
        sent = [BasicAuth.decode(seen.headers["Authorization"]).login for seen in pages.seen]
        assert sent == ["user", "other_user"]


@asynchronous
async def test_auth_and_authentication_in_the_url_exclude_each_other(httpbin: str) -> None:
    url = httpbin.replace("//", "//user:passwd@")
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="auth"):
            await session.get(url, auth=BasicAuth("user", "passwd"))


@asynchronous
async def test_the_authorization_header_can_be_set_directly(httpbin: str) -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with ClientSession(headers=headers) as session:
        async with session.get(f"{httpbin}/bearer") as resp:
            assert await resp.json() == {"authenticated": True, "token": "eyJh...0M30"}


@asynchronous
async def test_the_authorization_header_of_a_session_may_be_updated(httpbin: str) -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with ClientSession(headers=headers) as session:
        session.headers["Authorization"] = "Bearer eyJh...1OH0"
        async with session.get(f"{httpbin}/bearer") as resp:
            assert (await resp.json())["token"] == "eyJh...1OH0"


@asynchronous
async def test_updating_the_original_dictionary_has_no_effect(httpbin: str) -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with ClientSession(headers=headers) as session:
        headers["Authorization"] = "Bearer eyJh...1OH0"
        async with session.get(f"{httpbin}/bearer") as resp:
            assert (await resp.json())["token"] == "eyJh...0M30"


@asynchronous
async def test_a_task_may_update_the_header_in_the_background(httpbin: str) -> None:
    async with aiohttp.ClientSession() as session:

        async def renew() -> None:
            session.headers["Authorization"] = "Bearer eyJh...1OH0"

        await asyncio.create_task(renew())
        async with session.get(f"{httpbin}/bearer") as resp:
            assert (await resp.json())["token"] == "eyJh...1OH0"


@asynchronous
async def test_the_authorization_header_is_removed_on_the_way_to_another_host() -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with Pages() as pages, Pages() as other:
        pages.redirect("a", other.url("/b"))
        async with ClientSession(headers=headers) as session:
            async with session.get(pages.url("/a")) as resp:
                assert resp.status == 200
        assert pages.last.headers["Authorization"] == "Bearer eyJh...0M30"
        assert "Authorization" not in other.last.headers

"""The guide, "Authentication".

The code is that of the guide with `aioclient` as `aiohttp`; its `https://example.com/protected` is
httpbin on loopback, or a server of the tests where httpbin has nothing to show.
"""

import asyncio
import ssl

import pytest
import trustme
from digest_site import DigestSite
from multidict import CIMultiDict
from origin import Origin
from pages import Pages
from running import asynchronous

from aioclient import BasicAuth, ClientSession, DigestAuthMiddleware

# --- Authentication: Basic -----------------------------------------------------------------------


@asynchronous
async def test_a_session_has_a_login(httpbin: str) -> None:
    auth = BasicAuth(login="...", password="...")
    async with ClientSession(auth=auth) as session:
        async with session.get(f"{httpbin}/basic-auth/.../...") as resp:
            assert await resp.json() == {"authenticated": True, "user": "..."}
        async with session.get(f"{httpbin}/basic-auth/somebody/else") as resp:
            assert resp.status == 401


@asynchronous
async def test_a_request_has_a_login(httpbin: str) -> None:
    auth = BasicAuth(login="...", password="...")
    async with ClientSession() as session:
        async with session.get(f"{httpbin}/basic-auth/.../...", auth=auth) as resp:
            assert await resp.json() == {"authenticated": True, "user": "..."}
        async with session.get(f"{httpbin}/basic-auth/.../...") as resp:
            assert resp.status == 401


# --- Authentication: Digest ----------------------------------------------------------------------


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


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("is_session", [False, True], ids=["", "-sess"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA", "SHA-256", "SHA-512"])
@asynchronous
async def test_digest_supports_standard_hash_algorithms_and_both_qops(
    algorithm: str, is_session: bool, qop: str
) -> None:
    digest_auth = DigestAuthMiddleware(login="user", password="password")
    name = algorithm + "-sess" * is_session
    async with DigestSite(algorithm=name, qop=qop, login=("user", "password")) as site:
        async with ClientSession(middlewares=(digest_auth,)) as session:
            async with session.post(site.url("/protected"), data=b"body") as resp:
                assert resp.status == 200
    assert site.statuses == [401, 200]  # it was challenged, and the request sent again
    (answered,) = site.answered
    assert (answered.parameters["algorithm"], answered.parameters["qop"]) == (name, qop)


# --- Authentication: credentials in URLs ---------------------------------------------------------


@pytest.mark.parametrize("status", [302, 307])
@asynchronous
async def test_credentials_of_the_redirect_supersede_those_before(status: int) -> None:
    async with Pages() as pages:
        pages.redirect("a", pages.url("/b").replace("//", "//other_user@"), status)
        async with ClientSession() as session:
            async with session.get(pages.url("/a").replace("//", "//user@")) as resp:
                assert resp.status == 200
                assert [each.status for each in resp.history] == [status]
        sent = [seen.headers["Authorization"] for seen in pages.seen]
        assert sent == [BasicAuth("user").encode(), BasicAuth("other_user").encode()]


@pytest.mark.parametrize("login", ["user", "user:password"])
@asynchronous
async def test_auth_and_a_login_in_the_first_url_exclude_each_other(
    login: str, httpbin: str
) -> None:
    url = httpbin.replace("//", f"//{login}@") + "/headers"
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="auth"):
            await session.get(url, auth=BasicAuth("user", "password"))


# --- Authentication: the header ------------------------------------------------------------------


@asynchronous
async def test_the_authorization_header_can_be_set_directly_and_updated(httpbin: str) -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with ClientSession(headers=headers) as session:
        async with session.get(f"{httpbin}/bearer") as resp:
            assert await resp.json() == {"authenticated": True, "token": "eyJh...0M30"}

        session.headers["Authorization"] = "Bearer eyJh...1OH0"

        async with session.get(f"{httpbin}/bearer") as resp:
            assert await resp.json() == {"authenticated": True, "token": "eyJh...1OH0"}


@asynchronous
async def test_the_headers_of_a_session_are_a_copy(httpbin: str) -> None:
    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with ClientSession(headers=headers) as session:
        headers["Authorization"] = "Bearer other"
        assert isinstance(session.headers, CIMultiDict)
        assert session.headers["authorization"] == "Bearer eyJh...0M30"
        async with session.get(f"{httpbin}/bearer") as resp:
            assert (await resp.json())["token"] == "eyJh...0M30"


@asynchronous
async def test_a_task_can_update_the_headers_of_a_session(httpbin: str) -> None:
    expired = asyncio.Event()

    async def renew(session: ClientSession) -> None:
        await expired.wait()
        session.headers["Authorization"] = "Bearer new"

    async with ClientSession(headers={"Authorization": "Bearer old"}) as session:
        task = asyncio.create_task(renew(session))
        tokens = []
        for _ in range(2):
            async with session.get(f"{httpbin}/bearer") as resp:
                tokens.append((await resp.json())["token"])
            expired.set()
            await task
    assert tokens == ["old", "new"]


@asynchronous
async def test_authorization_is_removed_on_the_way_to_another_host(httpbin: str) -> None:
    elsewhere = httpbin.replace("127.0.0.1", "localhost")
    async with ClientSession(headers={"Authorization": "Bearer eyJh...0M30"}) as session:
        async with session.get(f"{httpbin}/redirect-to", params={"url": "/headers"}) as resp:
            assert "Authorization" in (await resp.json())["headers"]
        params = {"url": f"{elsewhere}/headers"}
        async with session.get(f"{httpbin}/redirect-to", params=params) as resp:
            assert resp.host == "localhost"
            assert "Authorization" not in (await resp.json())["headers"]
            assert "Authorization" in resp.history[0].request_info.headers


@asynchronous
async def test_authorization_is_removed_on_the_way_to_another_protocol(httpbin: str) -> None:
    authority = trustme.CA()
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    headers = {"Authorization": "Bearer eyJh...0M30"}
    async with Origin(server_tls) as origin, ClientSession(headers=headers) as session:
        params = {"url": origin.url("/echo")}
        async with session.get(f"{httpbin}/redirect-to", params=params, ssl=trusting) as resp:
            assert resp.url.scheme == "https"
            seen = CIMultiDict((await resp.json())["headers"])
            assert "Authorization" not in seen
            assert "Authorization" in resp.history[0].request_info.headers

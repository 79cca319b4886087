"""What docs/migration_from_httpx.md and docs/migration_from_requests.md say of the three clients.

Each is asked for the same, from one server, so that a release that does otherwise is found.
"""

import asyncio
import gc
import json
import re
import ssl
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from misbehaving import echoes, resets, says
from pages import Pages, page
from running import asynchronous, closed_port
from scripted import ScriptedServer, silent

import aioclient

httpx = pytest.importorskip("httpx")
requests = pytest.importorskip("requests")

DOCS = Path(__file__).parent.parent / "docs"
JSON = "Content-Type: application/json"
#: Reading those of certifi takes its time.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Site(Pages):
    """Tells what was sent to it, and redirects to itself under another name."""

    def page_for(self, seen):
        name = seen.target.partition("?")[0].removeprefix("/")
        if name == "away":
            return page(b"", f"Location: {self.url('/seen', 'localhost')}", status="302 Found")
        if name in self.pages:
            return super().page_for(seen)
        return page(json.dumps([seen.method, seen.target, dict(seen.headers)]).encode(), JSON)


SITE = {
    "plain": page(b'{"a": 1}', "Content-Type: text/plain"),
    "empty": page(b"", JSON),
    "latin": page("é".encode("latin-1"), "Content-Type: text/plain"),
    "utf": page("é".encode(), "Content-Type: text/plain"),
    "twice": page(b"", "X-A: 1", "X-A: 2", "Set-Cookie: a=1; Path=/"),
    "missing": page(b"gone", status="404 Not Found"),
    "old": page(b"", "Location: /seen", status="302 Found"),
    "next": page(b"", 'Link: </seen>; rel="next"'),
}


class Answers(NamedTuple):
    """What came of the same question: what was asked for, or the exception's class."""

    httpx: Any
    requests: Any
    here: Any


async def ask(
    url, of_httpx, of_requests, here, *, method="GET", more=None, httpx_more=None, here_more=None
):
    """Ask by each client; what follows the URL is called with its response.

    `more` are arguments for all three, `httpx_more` and `here_more` for one of them.
    """
    more = more or {}

    def by_httpx():
        with httpx.Client(verify=NO_AUTHORITIES) as client:
            return of_httpx(client.request(method, url, **more, **(httpx_more or {})))

    def by_requests():
        with requests.Session() as session, session.request(method, url, **more) as response:
            return of_requests(response)

    async def by_us():
        async with (
            aioclient.ClientSession() as session,
            session.request(method, url, **more, **(here_more or {})) as response,
        ):
            return await here(response)

    answers = []
    for coroutine in (asyncio.to_thread(by_httpx), asyncio.to_thread(by_requests), by_us()):
        try:
            answers.append(await coroutine)
        except Exception as error:
            answers.append(type(error))
    gc.collect()  # connections of theirs
    return Answers(*answers)


def asking(test):
    """A test that gets a function to ask a `Site` of its own."""

    @asynchronous
    async def wrapper():
        async with Site(**SITE) as site:

            async def of_site(path, *args, **options):
                return await ask(site.url(path), *args, **options)

            await test(of_site)

    wrapper.__name__ = test.__name__
    return wrapper


def as_json(response):
    return response.json()


def target(response):
    return response.json()[1]


async def our_target(response):
    return (await response.json())[1]


async def our_json(response):
    return await response.json()


# --- requests ------------------------------------------------------------------------------------


@asking
async def test_params_are_added_here_and_replaced_by_httpx(of_site):
    answers = await of_site("/seen?a=1", target, target, our_target, more={"params": {"b": 2}})
    assert answers == ("/seen?b=2", "/seen?a=1&b=2", "/seen?a=1&b=2")


@asking
async def test_params_that_are_none_or_a_bool(of_site):
    answers = await of_site("/seen", target, target, our_target, more={"params": {"a": None}})
    assert answers == ("/seen?a=", "/seen", TypeError)
    answers = await of_site("/seen", target, target, our_target, more={"params": {"a": True}})
    assert answers == ("/seen?a=true", "/seen?a=True", TypeError)


@asking
async def test_a_login_as_a_pair(of_site):
    def sent(response):
        return "Authorization" in response.json()[2]

    answers = await of_site("/seen", sent, sent, our_json, more={"auth": ("me", "secret")})
    assert answers == (True, True, TypeError)


@pytest.mark.parametrize(
    ("body", "kind"), [("text", "text/plain; charset=utf-8"), (b"x", "application/octet-stream")]
)
def test_content_types_of_bodies(body, kind):
    def sent(response):
        return response.json()[2].get("Content-Type")

    async def ours(response):
        return sent_of(await response.json())

    def sent_of(value):
        return value[2].get("Content-Type")

    async def test(of_site):
        more = {"method": "POST", "httpx_more": {"content": body}, "here_more": {"data": body}}
        answers = await of_site("/seen", sent, sent, ours, **more)
        assert (answers.httpx, answers.here) == (None, kind)
        answers = await of_site("/seen", sent, sent, ours, method="POST", more={"data": body})
        assert answers.requests is None

    asking(test)()


@asking
async def test_unknown_arguments(of_site):
    for option in ({"verify": False}, {"stream": True}, {"follow_redirects": True}):
        answers = await of_site("/seen", target, target, our_target, here_more=option)
        assert answers.here is TypeError


@asynchronous
async def test_paths_behind_a_base_url():
    async with Site() as site:
        async with httpx.AsyncClient(base_url=site.url("/api"), verify=NO_AUTHORITIES) as client:
            assert target(await client.get("/items")) == "/api/items"
        async with aioclient.ClientSession(site.url("/api")) as session:
            for path, expected in (("/items", "/items"), ("items", "/api/items")):
                async with session.get(path) as response:
                    assert await our_target(response) == expected


# --- redirects -----------------------------------------------------------------------------------


def met(response):
    return response.status_code, len(response.history)


async def we_met(response):
    return response.status, len(response.history)


@asking
async def test_redirects_are_followed_but_by_httpx(of_site):
    assert await of_site("/old", met, met, we_met) == ((302, 0), (200, 1), (200, 1))
    answers = await of_site("/old", met, met, we_met, method="HEAD")
    assert answers.here == (200, 1)  # by `request`; not by `head`


@asking
async def test_headers_of_ones_own_stay_here_only(of_site):
    def sent(response):
        return [name for name in ("X-Api-Key", "Authorization") if name in response.json()[2]]

    async def ours(response):
        return [
            name for name in ("X-Api-Key", "Authorization") if name in (await response.json())[2]
        ]

    headers = {"X-Api-Key": "1", "Authorization": "Bearer x"}
    follow = {"follow_redirects": True}
    answers = await of_site("/away", sent, sent, ours, more={"headers": headers}, httpx_more=follow)
    assert answers == (["X-Api-Key"], ["X-Api-Key"], [])


@asking
async def test_a_put_that_is_answered_with_302(of_site):
    def method(response):
        return response.json()[0]

    async def ours(response):
        return (await response.json())[0]

    follow = {"follow_redirects": True}
    answers = await of_site("/old", method, method, ours, method="PUT", httpx_more=follow)
    assert answers == ("GET", "GET", "PUT")
    answers = await of_site("/old", method, method, ours, method="POST", httpx_more=follow)
    assert answers == ("GET", "GET", "GET")


@asynchronous
async def test_how_many_redirects_are_followed():
    assert requests.Session().max_redirects == 30
    async with Pages().redirect("loop", "/loop") as site, aioclient.ClientSession() as session:
        with pytest.raises(aioclient.TooManyRedirects) as caught:
            await session.get(site.url("/loop"))
        assert len(caught.value.history) == 11


# --- responses -----------------------------------------------------------------------------------


@asking
async def test_json_of_another_type(of_site):
    answers = await of_site("/plain", as_json, as_json, our_json)
    assert answers == ({"a": 1}, {"a": 1}, aioclient.ContentTypeError)


@asking
async def test_json_of_an_empty_body(of_site):
    answers = await of_site("/empty", as_json, as_json, our_json)
    assert answers == (json.JSONDecodeError, requests.JSONDecodeError, None)


@asking
async def test_text_without_a_charset(of_site):
    def text(response):
        return response.text

    async def ours(response):
        return await response.text()

    assert await of_site("/utf", text, text, ours) == ("é", "Ã©", "é")
    assert await of_site("/latin", text, text, ours) == ("\ufffd", "é", UnicodeDecodeError)


@asking
async def test_raise_for_status(of_site):
    def raised(response):
        return response.raise_for_status() is response

    async def ours(response):
        return response.raise_for_status()

    assert await of_site("/seen", raised, raised, ours) == (True, False, None)
    answers = await of_site("/missing", raised, raised, ours)
    assert answers == (httpx.HTTPStatusError, requests.HTTPError, aioclient.ClientResponseError)
    follow = {"allow_redirects": False}
    answers = await of_site("/old", raised, raised, ours, here_more=follow)
    assert answers == (httpx.HTTPStatusError, False, None)


@asking
async def test_headers_with_several_values_and_urls(of_site):
    def values(response):
        return response.headers["X-A"], response.url == str(response.url)

    async def ours(response):
        return response.headers["X-A"], response.url == str(response.url)

    answers = await of_site("/twice", values, values, ours)
    assert answers == (("1, 2", True), ("1, 2", True), ("1", False))


@asking
async def test_what_is_true_of_a_response(of_site):
    async def ours(response):
        return bool(response), response.ok

    answers = await of_site("/missing", bool, bool, ours)
    assert answers == (True, False, (True, False))


@asking
async def test_links(of_site):
    def url(response):
        return response.links["next"]["url"]

    async def ours(response):
        return response.links["next"]["url"].path

    assert await of_site("/next", url, url, ours) == ("/seen", "/seen", "/seen")


# --- sessions ------------------------------------------------------------------------------------


@asynchronous
async def test_whom_credentials_and_cookies_of_a_session_are_for():
    async with Site(**SITE) as site:
        urls = site.url("/seen"), site.url("/seen", "localhost")

        def sent(value):
            return [name for name in ("Authorization", "Cookie") if name in value[2]]

        def by_others():
            with httpx.Client(auth=("me", "x"), cookies={"a": "1"}) as client:
                for url in urls:
                    assert sent(client.get(url).json()) == ["Authorization", "Cookie"]
            with requests.Session() as session:
                session.auth = ("me", "x")
                session.cookies["a"] = "1"
                for url in urls:
                    assert sent(session.get(url).json()) == ["Authorization", "Cookie"]

        await asyncio.to_thread(by_others)
        gc.collect()
        login = aioclient.BasicAuth("me", "x")
        async with aioclient.ClientSession(auth=login, cookies={"a": "1"}) as session:
            for url, expected in zip(urls, (["Authorization", "Cookie"], []), strict=True):
                async with session.get(url) as response:
                    assert sent(await response.json()) == expected


@asynchronous
async def test_cookies_that_an_address_sets():
    async with Site(**SITE) as site:
        urls = site.url("/twice"), site.url("/seen")

        def by_others():
            with httpx.Client() as client, requests.Session() as session:
                for each in (client, session):
                    each.get(urls[0])
                    assert each.get(urls[1]).json()[2]["Cookie"] == "a=1"

        await asyncio.to_thread(by_others)
        gc.collect()
        for jar, expected in ((None, None), (aioclient.CookieJar(unsafe=True), "a=1")):
            async with aioclient.ClientSession(cookie_jar=jar) as session:
                await (await session.get(urls[0])).read()
                async with session.get(urls[1]) as response:
                    assert (await response.json())[2].get("Cookie") == expected


def test_the_netrc_file(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    ask_with_netrc(netrc)


@asynchronous
async def ask_with_netrc(netrc):
    basic = aioclient.encode_basic_auth("me", "secret")
    async with Site() as site:
        url = site.url("/seen")
        headers = {"Authorization": "mine"}

        def sent(response):
            return response.json()[2].get("Authorization")

        def by_others():
            with httpx.Client() as client, requests.Session() as session:
                assert sent(client.get(url)) is None
                assert sent(client.get(url, auth=httpx.NetRCAuth(str(netrc)))) == basic
                assert sent(session.get(url)) == basic
                assert sent(session.get(url, headers=headers)) == basic

        await asyncio.to_thread(by_others)
        gc.collect()
        for trust_env, given, expected in (
            (False, None, None),
            (True, None, basic),
            (True, headers, "mine"),
        ):
            async with (
                aioclient.ClientSession(trust_env=trust_env) as session,
                session.get(url, headers=given) as response,
            ):
                assert (await response.json())[2].get("Authorization") == expected


@asynchronous
async def test_defaults():
    async with httpx.AsyncClient() as client:
        assert client.timeout == httpx.Timeout(5)
        assert client.trust_env
    assert requests.Session().trust_env
    async with aioclient.ClientSession() as session:
        limits = session.timeout
        assert (limits.total, limits.sock_connect, limits.sock_read) == (300, 30, None)
        assert not session.trust_env


# --- errors --------------------------------------------------------------------------------------


def row_of(page_name, theirs):
    """The exceptions of ours that the table names in the row of one of theirs, in all columns."""
    section = (DOCS / page_name).read_text("utf-8").partition("\n## Errors\n")[2]
    for first, *others in re.findall(r"^\| (.*?) \| (.*?) \| (.*?) ?\|$", section, re.MULTILINE):
        if f"`{theirs.__name__}`" in first:
            return re.findall(r"`([A-Z]\w+Error|TooManyRedirects)`", " ".join(others))
    raise AssertionError(f"{theirs.__name__} is not in the table of {page_name}")


def assert_said(answers):
    """The tables say of these errors what they are here."""
    assert answers.here.__name__ in row_of("migration_from_httpx.md", answers.httpx)
    assert answers.here.__name__ in row_of("migration_from_requests.md", answers.requests)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
SERVERS = {
    "not HTTP": (echoes, httpx.RemoteProtocolError, requests.ConnectionError),
    "hung up": (says(b""), httpx.RemoteProtocolError, requests.ConnectionError),
    "cut off": (
        says(HEAD + b"\r\nabc"),
        httpx.RemoteProtocolError,
        requests.exceptions.ChunkedEncodingError,
    ),
    "no gzip": (
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n123456789"),
        httpx.DecodingError,
        requests.exceptions.ContentDecodingError,
    ),
    "slow": (silent, httpx.ReadTimeout, requests.ReadTimeout),
}


@pytest.mark.parametrize("what", SERVERS)
def test_what_errors_of_servers_are(what):
    ask_wrong_server(*SERVERS[what])


@asynchronous
async def ask_wrong_server(handler, theirs, of_requests):
    async with ScriptedServer(handler) as server:
        more = {
            "httpx_more": {"timeout": 0.2},
            "here_more": {"timeout": aioclient.ClientTimeout(sock_read=0.2)},
        }
        answers = await ask_with_limit(server.url(), more)
        assert answers[:2] == (theirs, of_requests)
        assert_said(answers)


async def ask_with_limit(url, more):
    def content(response):
        return response.content

    async def ours(response):
        return await response.read()

    with pytest.MonkeyPatch.context() as patch:
        plain = requests.Session.request
        patch.setattr(
            requests.Session, "request", lambda *args, **more: plain(*args, timeout=0.2, **more)
        )
        return await ask(url, content, content, ours, **more)


@asynchronous
async def test_what_errors_of_connecting_are():
    answers = await ask_with_limit(f"http://127.0.0.1:{closed_port()}/", {})
    assert answers[:2] == (httpx.ConnectError, requests.ConnectionError)
    assert_said(answers)
    async with ScriptedServer(resets) as server:
        answers = await ask_with_limit(server.url(), {})
        assert answers[0] is httpx.ReadError
        assert answers.here.__name__ in row_of("migration_from_httpx.md", answers.httpx)
    async with ScriptedServer(says(b"no TLS")) as server:
        answers = await ask_with_limit(server.url().replace("http:", "https:"), {})
        assert issubclass(answers.here, aioclient.ClientSSLError)
        assert answers[:2] == (httpx.ConnectError, requests.exceptions.SSLError)


@pytest.mark.parametrize(
    ("url", "of_requests"),
    [
        ("ftp://service.example/", requests.exceptions.InvalidSchema),
        ("service.example", requests.exceptions.MissingSchema),
    ],
)
def test_what_errors_of_urls_are(url, of_requests):
    @asynchronous
    async def asked():
        answers = await ask_with_limit(url, {})
        assert answers[:2] == (httpx.UnsupportedProtocol, of_requests)
        assert_said(answers)

    asked()

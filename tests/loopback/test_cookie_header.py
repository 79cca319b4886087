"""What requests say in their Cookie header, over real sockets: of all places that have cookies.

And jars that users write, and what is never shown of a cookie.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie
from typing import Any

import pytest
from jars import A, B, named_session, sent
from pages import Pages, page
from running import asynchronous, closed_port, until
from yarl import URL

from aioclient import (
    AbstractCookieJar,
    ClientError,
    ClientSession,
    CookieJar,
    TCPConnector,
)

SECRET = "xyzzy"


def jar_with(cookies: Mapping[str, str], url: URL = A) -> CookieJar:
    jar = CookieJar()
    jar.update_cookies(cookies, url)
    return jar


# --- which comes before which --------------------------------------------------------------------


@asynchronous
async def test_cookies_of_the_request_come_before_the_jar_and_that_before_the_session() -> None:
    jar = jar_with(dict.fromkeys("bcd", "jar"))
    async with (
        Pages() as server,
        named_session(jar, cookies=dict.fromkeys("abcd", "session")) as session,
    ):
        await session.get(
            server.url(host="a.example"),
            headers={"Cookie": "c=header; d=header"},
            cookies={"d": "request"},
        )
        assert sent(server) == ["a=session; b=jar; c=header; d=request"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "a=jar; b=jar"),
        ({"cookies": {"b": "own"}}, "a=jar; b=own"),
        ({"cookies": {"c": "own"}}, "a=jar; b=jar; c=own"),
        ({"cookies": {}}, "a=jar; b=jar"),
        ({"headers": {"Cookie": "a=own; a=too"}}, "b=jar; a=own; a=too"),
        ({"headers": [("Cookie", "a=own"), ("cookie", "c=own")]}, "b=jar; a=own; c=own"),
        ({"headers": {"Cookie": "text"}}, "a=jar; b=jar; text"),
        ({"headers": {"Cookie": ""}}, "a=jar; b=jar"),
        ({"data": b"x"}, "a=jar; b=jar"),
        ({"headers": {"X-A": "b"}}, "a=jar; b=jar"),
    ],
    ids=str,
)
@asynchronous
async def test_cookies_of_a_request_replace_those_of_the_jar_by_name(
    options: dict[str, Any], expected: str
) -> None:
    jar = jar_with({"a": "jar", "b": "jar"})
    async with Pages() as server, named_session(jar) as session:
        await session.post(server.url(host="a.example"), **options)
        assert sent(server) == [expected]


@asynchronous
async def test_a_name_of_the_request_replaces_all_that_the_jar_has_of_it() -> None:
    jar = jar_with({"a": "wide"})
    jar.update_cookies({"a": "deep"}, A / "deep/")
    async with Pages() as server, named_session(jar) as session:
        await session.get(server.url("/deep/x", host="a.example"))
        await session.get(server.url("/deep/x", host="a.example"), cookies={"a": "own"})
        assert sent(server) == ["a=deep; a=wide", "a=own"]


@asynchronous
async def test_a_cookie_header_of_the_session_is_for_all_its_requests() -> None:
    async with Pages() as server, named_session(jar_with({"a": "jar", "b": "jar"})) as session:
        session.headers["Cookie"] = "a=header"
        await session.get(server.url(host="a.example"))
        await session.get(server.url(host="b.example"))
        await session.post(server.url(host="a.example"), data=b"x")
        await session.get(server.url(host="a.example"), headers={"Cookie": "b=own"})
        del session.headers["Cookie"]
        await session.get(server.url(host="a.example"))
        assert sent(server) == [
            "b=jar; a=header",
            "a=header",
            "b=jar; a=header",
            "a=jar; b=own",
            "a=jar; b=jar",
        ]


@asynchronous
async def test_what_a_request_was_given_is_not_kept() -> None:
    async with Pages() as server, named_session(cookies={"s": "1"}) as session:
        await session.get(
            server.url(host="a.example"), cookies={"a": "1"}, headers={"Cookie": "b=2"}
        )
        assert len(session.cookie_jar) == 0
        await session.get(server.url(host="a.example"))
        assert sent(server) == ["s=1; b=2; a=1", "s=1"]


@pytest.mark.parametrize(
    ("jar", "expected"),
    [
        (None, 's="a b"; r="c d"; k="e f"'),
        (CookieJar(), 's="a b"; r="c d"; k="e f"'),
        (CookieJar(quote_cookie=False), "s=a b; r=c d; k=e f"),
    ],
    ids=["no jar", "quotes", "quotes nothing"],
)
@asynchronous
async def test_the_jar_says_whether_cookies_of_a_program_are_quoted(
    jar: CookieJar | None, expected: str
) -> None:
    async with Pages() as server, named_session(jar, cookies={"s": "a b"}) as session:
        url = server.url(host="a.example")
        await session.get(url, cookies={"r": "c d"})
        session.cookie_jar.update_cookies({"k": "e f"}, URL(url))
        await session.get(url, cookies={"r": "c d"})
        seen = sorted(str(sent(server)[-1]).split("; "))
        assert seen == sorted(expected.split("; "))


@pytest.mark.parametrize("quotes", [True, False])
@pytest.mark.parametrize("value", ['"a b"', "a b", 'a"b', '"a\\054b"', "a,b", "", "%22", "\u00e9"])
@asynchronous
async def test_what_a_server_sets_is_sent_back_as_it_came(value: str, quotes: bool) -> None:
    pages = {"set": page(b"", f"Set-Cookie: a={value}; Path=/")}
    jar = CookieJar(quote_cookie=quotes)
    async with Pages(**pages) as server, named_session(jar) as session:
        await session.get(server.url("/set", host="a.example"))
        await session.get(server.url("/", host="a.example"))
        assert sent(server) == [None, f"a={value}"]


# --- redirects -----------------------------------------------------------------------------------


@asynchronous
async def test_cookies_of_the_caller_stay_with_their_origin() -> None:
    jar = jar_with({"jar": "a"})
    jar.update_cookies({"jar": "b"}, B)
    async with (
        Pages() as server,
        Pages() as other,
        named_session(jar, cookies={"s": "1"}) as session,
    ):
        server.redirect("start", "/on")
        server.redirect("on", other.url("/there", host="b.example"))
        other.redirect("there", server.url("/back", host="a.example"))
        own: dict[str, Any] = {"cookies": {"r": "2"}, "headers": {"Cookie": "h=3"}}
        await session.get(server.url("/start", host="a.example"), **own)
        # What was dropped stays dropped: another origin chose the last URL.
        assert sent(server) == ["s=1; jar=a; h=3; r=2"] * 2 + ["s=1; jar=a"]
        assert sent(other) == ["jar=b"]


@asynchronous
async def test_cookies_of_the_caller_go_along_within_their_origin() -> None:
    jar = jar_with({"jar": "1"})
    async with Pages() as server, named_session(jar) as session:
        for number in range(3):
            server.redirect(str(number), f"/{number + 1}", fields=f"Set-Cookie: jar={number}\r\n")
        await session.get(server.url("/0", host="a.example"), cookies={"own": "x"})
        jars = ["1", "0", "1", "2"]
        assert sent(server) == [f"jar={value}; own=x" for value in jars]


@asynchronous
async def test_cookies_of_the_caller_come_before_what_a_redirect_sets() -> None:
    async with Pages() as server, named_session() as session:
        fields = "Set-Cookie: a=server\r\nSet-Cookie: b=server\r\n"
        server.redirect("start", "/end", fields=fields)
        await session.get(server.url("/start", host="a.example"), cookies={"a": "own"})
        await session.get(server.url("/end", host="a.example"))
        assert sent(server) == ["a=own", "b=server; a=own", "a=server; b=server"]


@asynchronous
async def test_a_cookie_header_of_the_session_crosses_to_no_other_origin() -> None:
    async with Pages() as server, Pages() as other, named_session() as session:
        session.headers["Cookie"] = "a=1"
        server.redirect("start", other.url("/", host="b.example"))
        await session.get(server.url("/start", host="a.example"))
        assert (sent(server), sent(other)) == (["a=1"], [None])


@asynchronous
async def test_a_policy_sees_and_changes_the_cookies_of_the_caller_alone() -> None:
    seen = []

    def policy(response: Any, following: Any) -> Any:
        seen.append(following.headers.get("Cookie"))
        following.headers["Cookie"] = "own=2"
        return following

    jar = jar_with({"jar": "1"})
    async with Pages() as server, named_session(jar, redirect_policy=policy) as session:
        server.redirect("start", "/end")
        await session.get(server.url("/start", host="a.example"), cookies={"own": "1"})
        assert seen == ["own=1"]
        assert sent(server) == ["jar=1; own=1", "jar=1; own=2"]


# --- jars of users -------------------------------------------------------------------------------


class Own(AbstractCookieJar):
    """Keeps the last cookie of each name, for everybody; fails where it is told to."""

    unsafe = True
    quote_cookie = False

    def __init__(self, fails: str = "") -> None:
        super().__init__(loop=None)  # as jars do that are also aiohttp's
        self.fails = fails
        self.kept: SimpleCookie = SimpleCookie()
        #: What it was called with.
        self.calls: list[str] = []

    @property
    def cookies(self) -> Mapping[tuple[str, str], SimpleCookie]:
        return {("", "/"): self.kept}

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return frozenset()

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(self.kept.values())

    def __len__(self) -> int:
        return len(self.kept)

    def clear(self, predicate: Any = None) -> None:
        self.kept.clear()

    def clear_domain(self, domain: str) -> None:
        self.kept.clear()

    def update_cookies(self, cookies: Any, response_url: URL = A) -> None:
        self._called("keep", response_url)
        self.kept.update(cookies)

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        self._called("give", request_url)
        return self.kept

    def _called(self, what: str, url: URL) -> None:
        self.calls.append(f"{what} {url.host}{url.path}")
        if what == self.fails.partition(" ")[0] and url.path.endswith(self.fails.split()[-1]):
            raise LookupError("the jar is broken")


@asynchronous
async def test_a_jar_of_a_user_is_asked_for_each_hop() -> None:
    jar = Own()
    async with Pages(end=page(b"", "Set-Cookie: b=2")) as server, named_session(jar) as session:
        server.redirect("start", "/end", fields="Set-Cookie: a=1\r\n")
        response = await session.get(server.url("/start", host="a.example"))
        await session.get(server.url("/", host="b.example"), cookies={"c": "x y"})
        assert list(response.cookies) == ["b"]
        assert sent(server) == [None, "a=1", "a=1; b=2; c=x y"]
        assert jar.calls == [
            "give a.example/start",
            "keep a.example/start",
            "give a.example/end",
            "keep a.example/end",
            "give b.example/",
        ]
        assert session.cookie_jar is jar


@pytest.mark.parametrize("fails", ["give /start", "keep /start", "give /end", "keep /end"])
@asynchronous
async def test_a_jar_that_fails_leaves_no_connection_behind(fails: str) -> None:
    # Of each body most is missing, so that nothing ends by itself.
    fields = b"Content-Length: 100000\r\nSet-Cookie: a=1\r\n"
    pages = {
        "start": b"HTTP/1.1 302 Found\r\nLocation: /end\r\n" + fields + b"\r\nhello",
        "end": b"HTTP/1.1 200 OK\r\n" + fields + b"\r\nhello",
    }
    async with Pages(**pages) as server, named_session(Own(fails)) as session:
        with pytest.raises(LookupError, match="the jar is broken"):
            await session.get(server.url("/start", host="a.example"))
        assert isinstance(session.connector, TCPConnector)
        assert session.connector.stats().active == 0
        await until(lambda: server.open == 0)


@asynchronous
async def test_a_jar_that_gives_what_cannot_be_sent_is_an_error_without_values() -> None:
    jar = Own()
    jar.kept["a"] = "x"
    morsel = jar.kept["a"]
    morsel.__setstate__({"key": "a", "value": SECRET, "coded_value": f"{SECRET};b"})  # type: ignore[attr-defined]  # typeshed lacks it
    async with Pages() as server, named_session(jar) as session:
        with pytest.raises(ValueError, match="cookie 'a'") as caught:
            await session.get(server.url(host="a.example"))
        assert SECRET not in str(caught.value)
        assert server.accepted == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, None),
        ({"a": "1", "b": "2"}, "a=1; b=2"),
        ({"a": "x y"}, 'a="x y"'),
        (SimpleCookie({"a": "x y"}), 'a="x y"'),
        ([("a", "1")], "a=1"),
    ],
    ids=str,
)
@asynchronous
async def test_a_jar_may_give_whatever_has_names_and_values(given: Any, expected: str) -> None:
    class Loose(CookieJar):
        def filter_cookies(self, request_url: URL = A) -> Any:
            return given

    async with Pages() as server, named_session(Loose()) as session:
        await session.get(server.url(host="a.example"))
        assert sent(server) == [expected]


@pytest.mark.parametrize("given", ["a=1", 1, {"a": 1}, [1]], ids=repr)
@asynchronous
async def test_a_jar_that_gives_anything_else_is_an_error(given: Any) -> None:
    class Wrong(CookieJar):
        def filter_cookies(self, request_url: URL = A) -> Any:
            return given

    async with Pages() as server, named_session(Wrong()) as session:
        with pytest.raises(TypeError, match=r"cookie.* must be"):
            await session.get(server.url(host="a.example"))
        assert server.accepted == 0


@asynchronous
async def test_a_subclass_that_changes_what_is_kept_sends_as_the_jar_does() -> None:
    class Picky(CookieJar):
        """Keeps what one host sets."""

        def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
            if response_url.host == "a.example":
                super().update_cookies_from_headers(headers, response_url)

    fields = [f"Set-Cookie: {cookie}" for cookie in ("a=1", "a=2; Path=/x", "nameless")]
    async with Pages(set=page(b"", *fields)) as server, named_session(Picky()) as session:
        for path in ("/set", "/x"):
            for host in ("a.example", "b.example"):
                await session.get(server.url(path, host=host))
        assert sent(server) == [None, None, "a=2; a=1; nameless", None]


@asynchronous
async def test_a_subclass_of_the_jar_decides_what_is_sent() -> None:
    class Modest(CookieJar):
        """Sends cookies to a path only."""

        def filter_cookies(self, request_url: URL = A) -> BaseCookie[str]:
            found = super().filter_cookies(request_url)
            return found if request_url.path == "/wanted" else SimpleCookie()

    jar = Modest()
    jar.update_cookies({"a": "x y"}, A)
    async with Pages() as server, named_session(jar) as session:
        for path in ("/", "/wanted"):
            await session.get(server.url(path, host="a.example"))
        assert sent(server) == [None, 'a="x y"']


def test_a_jar_must_be_one() -> None:
    with pytest.raises(TypeError, match="cookie_jar must be an AbstractCookieJar, not dict"):
        ClientSession(cookie_jar={})  # type: ignore[arg-type]  # that is the test


# --- what is shown of them -----------------------------------------------------------------------


@asynchronous
async def test_a_response_has_all_cookies_that_it_sets_and_none_that_were_sent() -> None:
    fields = ("Set-Cookie: refused=1; Domain=com", "Set-Cookie: kept=2")
    async with Pages(set=page(b"", *fields)) as server, named_session() as session:
        await session.get(server.url("/set", host="a.example"))
        response = await session.get(server.url("/set", host="a.example"))
        assert list(response.cookies) == ["refused", "kept"]
        assert response.request_info.headers["Cookie"] == "kept=2"
        assert not (await session.get(server.url("/", host="a.example"))).cookies


@asynchronous
async def _sets(session: ClientSession, fields: list[str]) -> None:
    lines = [f"Set-Cookie: {field}" for field in fields]
    async with Pages(set=page(b"", *lines)) as server, session:
        response = await session.get(server.url("/set", host="a.example"))
        assert response.status == 200


def test_refused_cookies_are_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    refused = [f"a={SECRET}; Domain=com", f"b={SECRET}; Secure", f"__Host-c={SECRET}"]
    _sets(named_session(), [*refused, f"d={SECRET}"])
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("aioclient.cookies", logging.WARNING)
    text = "Set-Cookie: 3 of 4 ignored: cookie 'a' is for another domain than its host's"
    assert record.getMessage() == text


def test_no_log_has_the_value_of_a_cookie(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    attributes = ("Secure", "Domain=com", "Domain=\u00e9.example", "SameSite=None")
    fields = [f"a={SECRET}; {attribute}" for attribute in attributes]
    _sets(named_session(), [*fields, SECRET, f"a={SECRET}" + "x" * 4096, f"__Host-{SECRET}"])
    assert SECRET not in caplog.text.replace(f"__Host-{SECRET}", "")


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Cookie": f"a={SECRET}\n"}},
        {"cookies": {"a;": SECRET}},
        {"cookies": {"a": f"{SECRET}\ud800"}},
        {"cookies": {"a": SECRET.encode()}},
        {"url": f"http://127.0.0.1:{closed_port()}/"},
        {"max_redirects": 1},
        {"raise_for_status": True},
    ],
    ids=["control", "name", "value", "bytes", "refused", "redirects", "status"],
)
@pytest.mark.parametrize("has_jar", [False, True])
@asynchronous
async def test_no_error_shows_the_value_of_a_cookie(options: dict[str, Any], has_jar: bool) -> None:
    jar = jar_with({"j": SECRET}) if has_jar else None
    async with Pages(end=page(b"", status="500 Oh")) as server, named_session(jar) as session:
        server.redirect("start", "/on", fields=f"Set-Cookie: a={SECRET}\r\n")
        server.redirect("on", "/end", fields=f"Set-Cookie: b={SECRET}\r\n")
        wished = {"url": server.url("/start", host="a.example"), **options}
        with pytest.raises((ClientError, ValueError, TypeError)) as caught:
            await session.get(**wished)
        assert SECRET not in f"{caught.value} {caught.value!r}"

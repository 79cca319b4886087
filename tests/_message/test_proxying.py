"""Which proxy a request goes through, and who is told what."""

from typing import Any

import pytest
from multidict import CIMultiDict
from preparing import fields_of, prepared, preparer
from yarl import URL

from aioclient import BasicAuth, InvalidURL, InvalidUrlClientError, encode_basic_auth
from aioclient._http1.head_writer import write_field_lines
from aioclient._message.proxying import Proxying, proxy_of, proxying_with
from aioclient._message.redirect import NextRequest, Redirected
from aioclient._message.request import Request
from aioclient._net.proxy_environment import ProxyEnvironment
from aioclient._net.route import Proxy

HTTP = "http://a.example/path?query"
HTTPS = "https://a.example/path?query"
PROXY = "http://proxy.example:3128"
SECRET = "xyzzy"

pytestmark = pytest.mark.filterwarnings("ignore:proxy_auth is deprecated")


def of_session(environ: dict[str, str] | None = None, **said: Any) -> Proxying | None:
    """What a session says of proxies."""
    environment = None if environ is None else ProxyEnvironment(environ)
    start = Proxying(environment=environment, netrc=said.pop("netrc", None))
    arguments = [said.pop(name, None) for name in ("proxy", "auth", "headers", "tls")]
    assert not said
    return proxying_with(start, *arguments)


def request_of(proxying: Proxying | None, url: str = HTTP, **options: Any) -> Request:
    return preparer(proxying=proxying).prepare("GET", url, options)  # type: ignore[arg-type]


def proxy_for(request: Request) -> Proxy:
    assert request.route.proxy is not None
    return request.route.proxy


# --- URLs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://p.example", Proxy("http", "p.example", 80)),
        ("https://p.example", Proxy("https", "p.example", 443)),
        ("http://p.example:3128/", Proxy("http", "p.example", 3128)),
        (URL("http://P.example:3128/path?a#b"), Proxy("http", "p.example", 3128)),
        ("http://[::1]:1", Proxy("http", "::1", 1)),
        ("http://[fe80::1%25eth0]:1", Proxy("http", "fe80::1%eth0", 1)),
        ("http://[fe80::1%eth0]:1", Proxy("http", "fe80::1%eth0", 1)),
        ("socks4://p.example", Proxy("socks4", "p.example", 1080)),
        ("socks4a://p.example", Proxy("socks4a", "p.example", 1080)),
        ("socks5://p.example", Proxy("socks5", "p.example", 1080)),
        ("socks5h://p.example:9050", Proxy("socks5h", "p.example", 9050)),
        ("http://me:s%3Ac@p.example", Proxy("http", "p.example", 80, auth=BasicAuth("me", "s:c"))),
        ("http://me@p.example", Proxy("http", "p.example", 80, auth=BasicAuth("me"))),
        ("http://bücher.example", Proxy("http", "xn--bcher-kva.example", 80)),
    ],
)
def test_a_url_of_a_proxy(url: str | URL, expected: Proxy) -> None:
    proxy = proxy_of(url)
    if expected.auth is not None:
        expected = expected._replace(auth=expected.auth._replace(encoding="utf-8"))
    assert proxy == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "proxy.example",
        "proxy.example:3128",
        "ftp://proxy.example",
        "socks://proxy.example",
        "socks6://proxy.example",
        "http://",
        "http:///path",
        "http://proxy.example:0",
        "http://proxy.example:70000",
        "http://127.1:80",
        f"http://me:{SECRET}@[fe80::1%25]:80",
        f"me:{SECRET}@proxy.example",
        f"ftp://me:{SECRET}@proxy.example",
        f"//me:{SECRET}@proxy.example:3128",
        f"http://me:{SECRET}@",
        f"http://me:{SECRET}@proxy.example:port",
        f"http://me:{SECRET}",
        f"http://me:@/{SECRET}@proxy.example",
        f"me://{SECRET}:x",
        f"//me:{SECRET}@proxy.example:port",
    ],
)
def test_what_is_no_url_of_a_proxy_is_refused(url: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        proxy_of(url)
    assert isinstance(caught.value, ValueError)
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(caught.value.args)
    assert SECRET not in str(caught.value.url)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example:70000/", "http://proxy.example:70000/"),
        (f"http://me:{SECRET}@proxy.example:port", "http://proxy.example:port"),
        ("http://me:@/@proxy.example", "http://proxy.example"),
        ("http://[::1", "http://..."),
        ("http://me:port", "http://..."),
    ],
)
def test_what_is_no_url_of_a_proxy_is_shown_as_far_as_no_password_can_be_in_it(
    url: str, shown: str
) -> None:
    with pytest.raises(InvalidUrlClientError) as caught:
        proxy_of(url)
    assert caught.value.url == shown


@pytest.mark.parametrize("url", [5, b"http://proxy.example", True, ["http://proxy.example"]])
def test_what_cannot_be_a_url_is_a_type_error(url: Any) -> None:
    with pytest.raises(TypeError, match="proxy must be a URL or False"):
        proxy_of(url)


@pytest.mark.parametrize(
    ("url", "name"), [("https://[fe80::1%25eth0]", "fe80::1"), ("https://[fe80::1]", None)]
)
def test_the_name_for_tls_with_a_proxy_has_no_zone(url: str, name: str | None) -> None:
    assert proxy_of(url).route.server_hostname == name


def test_a_proxy_shows_no_credentials() -> None:
    proxy = proxy_of(f"http://{SECRET}:{SECRET}@[::1]:3128")
    assert repr(proxy) == "Proxy(http://[::1]:3128)"
    assert SECRET not in repr(proxy.route)
    lines = write_field_lines([("X-Token", SECRET)])
    assert SECRET not in repr(Proxying(proxy, field_lines=lines))


# --- which way -----------------------------------------------------------------------------------


def test_a_proxy_forwards_http_and_tunnels_https() -> None:
    forwarded, tunnelled = (prepared(url, proxy=PROXY) for url in (HTTP, HTTPS))
    assert forwarded.route[:2] == ("proxy.example", 3128)
    assert forwarded.route.is_to_proxy
    assert forwarded.head.target == "http://a.example/path?query"
    assert tunnelled.route[:2] == ("a.example", 443)
    assert not tunnelled.route.is_to_proxy
    assert tunnelled.route._replace(proxy=None) == prepared(HTTPS).route
    assert tunnelled.head.target == "/path?query"
    assert {forwarded.head.authority, tunnelled.head.authority} == {"a.example"}


@pytest.mark.parametrize("url", [HTTP, HTTPS])
@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h"])
def test_a_socks_proxy_only_passes_bytes_on(scheme: str, url: str) -> None:
    request = prepared(url, proxy=f"{scheme}://proxy.example")
    assert request.route._replace(proxy=None) == prepared(url).route
    assert request.head.target == "/path?query"


def test_the_whole_url_has_no_zone_and_the_port_only_if_it_is_another() -> None:
    assert prepared("http://a.example:80/", proxy=PROXY).head.target == "http://a.example/"
    assert prepared("http://a.example:81", proxy=PROXY).head.target == "http://a.example:81/"
    assert prepared("http://[fe80::1%25lo]:81/", proxy=PROXY).head.target == "http://[fe80::1]:81/"


def test_the_whole_url_is_that_of_the_request_whatever_its_host_header() -> None:
    request = prepared(HTTP, proxy=PROXY, headers={"Host": "other.example"})
    assert request.head.target == "http://a.example/path?query"
    assert request.head.authority == "other.example"


@pytest.mark.parametrize("nothing", [{}, {"proxy": None}, {"proxy": False}])
def test_without_a_proxy_the_way_is_direct(nothing: dict[str, Any]) -> None:
    assert prepared(HTTP, **nothing).route == prepared(HTTP).route


# --- who decides ---------------------------------------------------------------------------------

ENVIRON = {"http_proxy": "http://env.example:1", "https_proxy": "http://envs.example:2"}


def test_the_request_comes_before_the_session_and_that_before_the_environment() -> None:
    session = of_session(ENVIRON, proxy="http://session.example")
    assert proxy_for(request_of(session, proxy=PROXY)).host == "proxy.example"
    assert proxy_for(request_of(session)).host == "session.example"
    assert proxy_for(request_of(of_session(ENVIRON))).host == "env.example"
    assert proxy_for(request_of(of_session(ENVIRON), HTTPS)).host == "envs.example"


def test_false_is_no_proxy_whatever_there_is() -> None:
    session = of_session(ENVIRON, proxy="http://session.example")
    assert request_of(session, proxy=False).route == prepared(HTTP).route
    assert of_session(ENVIRON, proxy=False) is None


def test_no_proxy_of_the_environment_is_about_its_own_proxies_only() -> None:
    session = of_session({**ENVIRON, "no_proxy": "a.example"})
    assert request_of(session).route.proxy is None
    assert proxy_for(request_of(session, proxy=PROXY)).host == "proxy.example"


def test_the_environment_is_looked_at_for_each_request() -> None:
    environ = dict(ENVIRON)
    maker = preparer(proxying=of_session(environ))
    assert proxy_for(maker.prepare("GET", HTTP, {})).port == 1
    environ["http_proxy"] = "http://env.example:9"
    assert proxy_for(maker.prepare("GET", HTTP, {})).port == 9
    del environ["http_proxy"]
    assert maker.prepare("GET", HTTP, {}).route.proxy is None


def test_what_the_environment_names_must_be_a_proxy() -> None:
    session = of_session({"http_proxy": f"ftp://me:{SECRET}@env.example"})
    with pytest.raises(InvalidUrlClientError, match="begins with one of") as caught:
        request_of(session)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_what_a_proxy_of_the_environment_cannot_be_told_is_refused(url: str) -> None:
    session = of_session({"all_proxy": f"http://m%3Ae:{SECRET}@env.example"})
    with pytest.raises(ValueError, match="must not contain") as caught:
        request_of(session, url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["https", "socks5h"])
def test_https_proxies_of_the_environment_count(scheme: str) -> None:
    session = of_session({"all_proxy": f"{scheme}://env.example"})
    assert proxy_for(request_of(session)).scheme == scheme


def test_a_connector_without_proxies_refuses_them() -> None:
    maker = preparer(allows_proxies=False)
    with pytest.raises(ValueError, match="does not connect through proxies"):
        maker.prepare("GET", HTTP, {"proxy": PROXY})
    assert maker.prepare("GET", HTTP, {"proxy": None}).route.proxy is None
    assert maker.prepare("GET", HTTP, {"proxy": False}).route.proxy is None


# --- what a proxy is told ------------------------------------------------------------------------

AUTH = BasicAuth("me", SECRET)
BASIC = encode_basic_auth("me", SECRET)


def lines_for(request: Request) -> list[str]:
    return proxy_for(request).all_field_lines.decode().split("\r\n")[:-1]


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"http://me:{SECRET}@proxy.example"},
        {"proxy": PROXY, "proxy_auth": AUTH},
        {"proxy": PROXY, "proxy_headers": {"Proxy-Authorization": BASIC}},
    ],
)
@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_credentials_for_a_proxy(options: dict[str, Any], url: str) -> None:
    request = prepared(url, **options)
    assert lines_for(request) == [f"Proxy-Authorization: {BASIC}"]
    assert "Proxy-Authorization" not in fields_of(request)
    assert "Proxy-Authorization" not in request.info().headers


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"http://me:{SECRET}@proxy.example", "proxy_auth": AUTH},
        {
            "proxy": f"http://me:{SECRET}@proxy.example",
            "proxy_headers": {"Proxy-Authorization": BASIC},
        },
        {"proxy": PROXY, "proxy_auth": AUTH, "proxy_headers": {"proxy-authorization": BASIC}},
        {"proxy": f"http://m%3Ae:{SECRET}@proxy.example"},
        {"proxy": "socks5://proxy.example", "proxy_headers": {"X-A": "b"}},
        {"proxy": PROXY, "proxy_headers": {"Host": "b"}},
        {"proxy": PROXY, "proxy_headers": {"Content-Length": "0"}},
        {"proxy": PROXY, "proxy_headers": {"Transfer-Encoding": "chunked"}},
        {"proxy": PROXY, "proxy_headers": {"Connection": "close"}},
        {"proxy": PROXY, "proxy_headers": {"X-A": "b\r\nX-C: d"}},
        {"proxy": PROXY, "proxy_headers": {"X A": "b"}},
    ],
)
def test_what_a_proxy_cannot_be_told_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        prepared(HTTPS, **options)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"proxy": PROXY, "proxy_auth": f"me:{SECRET}"}, "proxy_auth"),
        ({"proxy": PROXY, "proxy_ssl": "no"}, "proxy_ssl"),
        ({"proxy": PROXY, "proxy_headers": 5}, "headers"),
    ],
)
def test_what_is_of_another_type_is_refused(options: dict[str, Any], name: str) -> None:
    with pytest.raises(TypeError, match=name) as caught:
        prepared(HTTPS, **options)
    assert SECRET not in str(caught.value)


def test_proxy_auth_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="proxy_auth is deprecated"):
        prepared(HTTP, proxy=PROXY, proxy_auth=AUTH)


def test_what_the_session_says_to_its_proxy_is_for_requests_that_name_the_same() -> None:
    session = of_session(proxy=PROXY, auth=AUTH, headers={"X-A": "b"}, tls=False)
    expected = proxy_for(request_of(session))
    assert expected.auth == AUTH
    assert proxy_for(request_of(session, proxy=PROXY)) == expected


@pytest.mark.parametrize(
    "other",
    ["http://proxy.example:3129", "http://other.example:3128", "https://proxy.example:3128"],
)
def test_what_the_session_says_to_its_proxy_is_for_no_other(other: str) -> None:
    session = of_session(proxy=PROXY, auth=AUTH, headers={"X-A": SECRET})
    assert lines_for(request_of(session, proxy=other)) == []


def test_what_the_session_says_without_a_proxy_is_for_those_of_the_environment() -> None:
    session = of_session(ENVIRON, auth=AUTH, headers={"X-A": "b"})
    expected = [f"Proxy-Authorization: {BASIC}", "X-A: b"]
    assert lines_for(request_of(session)) == expected
    assert lines_for(request_of(session, proxy=PROXY)) == []


def test_what_the_program_says_comes_before_user_info_of_the_environment() -> None:
    session = of_session(
        {"http_proxy": f"http://me:{SECRET}@env.example"},
        headers={"Proxy-Authorization": "Bearer own"},
    )
    assert lines_for(request_of(session)) == ["Proxy-Authorization: Bearer own"]


def test_user_info_of_the_environment_is_for_its_own_proxy() -> None:
    session = of_session(
        {"http_proxy": f"http://me:{SECRET}@env.example", "https_proxy": "http://env.example"}
    )
    assert lines_for(request_of(session)) == [f"Proxy-Authorization: {BASIC}"]
    assert lines_for(request_of(session, HTTPS)) == []


def test_a_request_may_say_more_to_the_proxy_of_the_session() -> None:
    session = of_session(proxy=PROXY, auth=AUTH)
    request = request_of(session, proxy_headers={"X-A": "b"})
    assert lines_for(request) == [f"Proxy-Authorization: {BASIC}", "X-A: b"]
    other = request_of(session, proxy_auth=BasicAuth("you"))
    assert lines_for(other) == [f"Proxy-Authorization: {encode_basic_auth('you')}"]


@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
def test_netrc_is_not_asked_for_proxies_without_passwords(scheme: str) -> None:
    session = of_session(
        proxy=f"{scheme}://proxy.example", netrc=lambda _host: BasicAuth("netrc", SECRET)
    )
    assert proxy_for(request_of(session)).auth is None


@pytest.mark.parametrize("where", ["environment", "session"])
def test_netrc_has_credentials_for_proxies_without(where: str) -> None:
    asked = []

    def netrc(host: str) -> BasicAuth | None:
        asked.append(host)
        return AUTH

    in_environment = where == "environment"
    session = of_session(
        {"http_proxy": PROXY} if in_environment else {},
        proxy=None if in_environment else PROXY,
        netrc=netrc,
    )
    assert lines_for(request_of(session)) == [f"Proxy-Authorization: {BASIC}"]
    assert asked == ["proxy.example"]
    own = {"Proxy-Authorization": "Bearer own"}
    assert lines_for(request_of(session, proxy_headers=own)) == ["Proxy-Authorization: Bearer own"]
    assert asked == ["proxy.example"]


# --- who is told nothing -------------------------------------------------------------------------


@pytest.mark.parametrize("proxy", [PROXY, "socks5://proxy.example"])
def test_credentials_for_a_proxy_among_the_headers_are_refused_if_they_would_go_on(
    proxy: str,
) -> None:
    headers = {"proxy-authorization": SECRET}
    with pytest.raises(ValueError, match="belongs in proxy_headers"):
        prepared(HTTPS, proxy=proxy, headers=headers)
    assert fields_of(prepared(HTTP, proxy=PROXY, headers=headers))["Proxy-Authorization"] == SECRET


def test_credentials_for_a_proxy_in_headers_of_the_session_do_not_go_past_it() -> None:
    maker = preparer(
        headers={"Proxy-Authorization": SECRET},
        proxying=of_session({"http_proxy": PROXY, "no_proxy": "b.example"}),
    )
    forwarded = fields_of(maker.prepare("GET", HTTP, {}))
    assert forwarded["Proxy-Authorization"] == SECRET
    assert "Proxy-Authorization" not in fields_of(maker.prepare("GET", "http://b.example", {}))
    assert "Proxy-Authorization" not in fields_of(maker.prepare("GET", "https://b.example", {}))
    assert "Proxy-Authorization" not in fields_of(maker.prepare("GET", HTTP, {"proxy": False}))


def test_what_the_proxy_is_told_replaces_headers_of_the_request_that_it_reads() -> None:
    said = {"User-Agent": "to the proxy", "X-A": "b"}
    request = prepared(HTTP, proxy=PROXY, proxy_headers=said, headers={"X-a": "c", "X-D": "e"})
    fields = fields_of(request)
    assert "X-A" not in fields
    assert "User-Agent" not in fields
    assert fields["X-D"] == "e"
    assert lines_for(request) == ["User-Agent: to the proxy", "X-A: b"]


# --- redirects -----------------------------------------------------------------------------------


def followed(before: Request, url: str, proxying: Proxying | None) -> Request:
    here = before.target.url
    redirected = Redirected(302, "GET", here, CIMultiDict())
    crosses = here.origin() != URL(url).origin()
    following = NextRequest("GET", URL(url), before.own_headers(), False, crosses, (), redirected)
    return preparer(proxying=proxying).prepare_next(following, before)


def test_a_proxy_that_was_chosen_stays_for_all_hops() -> None:
    first = prepared(HTTP, proxy=PROXY, proxy_headers={"X-A": "b"})
    second = followed(first, "https://b.example/", None)
    assert second.route[:2] == ("b.example", 443)
    assert proxy_for(second)._replace(forwards=True) == proxy_for(first)
    third = followed(second, "http://c.example/", None)
    assert third.route == first.route
    assert third.head.target == "http://c.example/"


def test_the_environment_is_asked_again_for_each_hop() -> None:
    session = of_session({**ENVIRON, "no_proxy": "c.example"})
    first = request_of(session)
    second = followed(first, "https://b.example/", session)
    third = followed(second, "https://c.example/", session)
    assert [request.route.proxy and request.route.proxy.port for request in (first, second)] == [
        1,
        2,
    ]
    assert third.route.proxy is None


def test_no_proxy_for_a_request_is_none_for_those_that_follow() -> None:
    session = of_session(ENVIRON)
    first = request_of(session, proxy=False)
    assert followed(first, "https://b.example/", session).route.proxy is None


def test_credentials_for_a_proxy_among_the_headers_stay_behind() -> None:
    first = prepared(HTTP, proxy=PROXY, headers={"Proxy-Authorization": SECRET})
    second = followed(first, "https://a.example/", None)
    assert "Proxy-Authorization" not in fields_of(second)


def test_what_was_wished_of_tls_with_the_server_is_kept_apart_from_the_proxy() -> None:
    first = prepared(HTTP, proxy="https://proxy.example", ssl=False, server_hostname="x.example")
    assert first.route.ssl is True
    assert first.route.server_hostname is None
    second = followed(first, "https://a.example/", None)
    assert second.route.ssl is False
    assert proxy_for(second).ssl is True

"""From a URL to where the request goes."""

import contextlib
import time
from collections.abc import Callable

import pytest
from preparing import fields_of, prepared, preparer
from yarl import URL

from aioclient import ClientError, InvalidURL, InvalidUrlClientError, NonHttpUrlClientError
from aioclient._message.option_checks import checked_base_url
from aioclient._message.redirect import Redirected, next_request, redirect_target
from aioclient._net.route import Route


@pytest.mark.parametrize(
    ("url", "authority", "target", "route"),
    [
        ("http://example.com", "example.com", "/", ("example.com", 80, False)),
        ("http://example.com/", "example.com", "/", ("example.com", 80, False)),
        ("https://example.com/", "example.com", "/", ("example.com", 443, True)),
        ("http://example.com:80/", "example.com", "/", ("example.com", 80, False)),
        ("https://example.com:443/", "example.com", "/", ("example.com", 443, True)),
        ("http://example.com:8080/", "example.com:8080", "/", ("example.com", 8080, False)),
        ("http://example.com:443/", "example.com:443", "/", ("example.com", 443, False)),
        ("HTTP://EXAMPLE.com/A", "example.com", "/A", ("example.com", 80, False)),
        ("http://example.com/a/b?c=d&e", "example.com", "/a/b?c=d&e", ("example.com", 80, False)),
        ("http://example.com/a#b", "example.com", "/a", ("example.com", 80, False)),
        ("http://example.com?x=1", "example.com", "/?x=1", ("example.com", 80, False)),
        ("http://example.com/a b", "example.com", "/a%20b", ("example.com", 80, False)),
        ("http://example.com/a%2Fb", "example.com", "/a%2Fb", ("example.com", 80, False)),
        ("http://example.com/\u20ac", "example.com", "/%E2%82%AC", ("example.com", 80, False)),
        ("http://127.0.0.1:81/", "127.0.0.1:81", "/", ("127.0.0.1", 81, False)),
        ("http://[::1]/", "[::1]", "/", ("::1", 80, False)),
        ("http://[::1]:81/", "[::1]:81", "/", ("::1", 81, False)),
        ("http://b\u00fccher.example/", "xn--bcher-kva.example", "/",
         ("xn--bcher-kva.example", 80, False)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [str, URL])
def test_a_url_says_where_to_connect_and_what_to_ask_for(
    kind: type, url: str, authority: str, target: str, route: tuple[str, int, bool]
) -> None:
    request = prepared(kind(url))
    assert request.head.authority == authority
    assert request.head.target == target
    assert request.route == Route(*route, True)


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("/path", InvalidUrlClientError, "no scheme"),
        ("", InvalidUrlClientError, "no scheme"),
        ("//example.com/", InvalidUrlClientError, "no scheme"),
        ("example.com/path", InvalidUrlClientError, "."),
        ("http:///path", InvalidURL, "."),
        ("http://", InvalidURL, "."),
        ("http://:80/", InvalidURL, "."),
        ("http://example.com:0/", InvalidURL, "port"),
        ("http://example.com:99999/", InvalidURL, "ort"),
        ("http://example.com:abc/", InvalidURL, "ort"),
        ("http://[::1/", InvalidURL, "."),
        ("http://[a]@", InvalidURL, "not valid"),  # yarl raises an IndexError
        ("ftp://example.com/", NonHttpUrlClientError, "does not begin with http"),
        ("ws://example.com/", NonHttpUrlClientError, "does not begin with http"),
        ("file:///etc/passwd", NonHttpUrlClientError, "does not begin with http"),
        ("mailto:somebody@example.com", NonHttpUrlClientError, "does not begin with http"),
        ("javascript:alert(1)", NonHttpUrlClientError, "does not begin with http"),
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_of_ours(
    url: str, error: type[ClientError], message: str
) -> None:
    with pytest.raises(error, match=message):
        prepared(url)


@pytest.mark.parametrize("character", [*map(chr, range(9)), *'\x0b\x0c\x1b\x1f "<>\\^`{|}\x7f'])
@pytest.mark.parametrize(
    "host", ["a{}b.example", "127.0.0.1{}.example", "{}example.com", "[::1{}]"]
)
def test_a_host_with_what_no_host_can_have_is_refused(host: str, character: str) -> None:
    # RFC 3986 section 3.2.2. Tabs and line ends go when a URL is parsed, as in browsers.
    url = f"http://{host.replace('{}', character)}/"
    with pytest.raises(InvalidURL):
        prepared(url)


@pytest.mark.parametrize("host", ["a_b.example", "a-b", "a~b!$&'()*+,;=c", "a%41", "-", "xn--a"])
def test_a_host_with_what_a_host_may_have_is_taken(host: str) -> None:
    assert prepared(f"http://{host}/").route.host == host


@pytest.mark.parametrize("url", [None, 5, b"http://example.com/"])
def test_a_url_of_another_type_is_a_type_error(url: object) -> None:
    with pytest.raises(TypeError):
        prepared(url)


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("%25eth0", "eth0"),
        ("%eth0", "eth0"),
        ("%253", "3"),
        ("%3", "3"),
        ("%25eth0.7", "eth0.7"),
        ("%25a%3Ab", "a:b"),
        ("%25%32%35", "25"),
        ("%25ETH0", "ETH0"),
    ],
)
def test_the_zone_of_an_address_is_for_connecting_only(zone: str, name: str) -> None:
    request = prepared(f"http://[fe80::1{zone}]:8080/a")
    assert request.route == Route(f"fe80::1%{name}", 8080, False, True)
    assert request.head.authority == "[fe80::1]:8080"
    assert request.info().headers["Host"] == "[fe80::1]:8080"
    assert request.head.target == "/a"
    assert prepared(f"http://[fe80::1{zone}]/").head.authority == "[fe80::1]"


@pytest.mark.parametrize(
    ("options", "name"),
    [({}, "fe80::1"), ({"ssl": False}, "fe80::1"), ({"server_hostname": "a.example"}, "a.example")],
)
def test_no_certificate_needs_a_zone(options: dict[str, object], name: str) -> None:
    route = prepared("https://[fe80::1%25eth0]/", **options).route
    assert (route.host, route.server_hostname) == ("fe80::1%eth0", name)


@pytest.mark.parametrize("zone", ["%", "%25", "%25a b", "%25a%0d%0ab", "%25\x01", "%25\u20ac"])
def test_a_zone_that_cannot_be_is_refused(zone: str) -> None:
    with pytest.raises(InvalidUrlClientError, match="zone"):
        prepared(f"http://[fe80::1{zone}]/")


def test_a_redirect_within_the_origin_keeps_the_zone() -> None:
    maker = preparer()
    first = maker.prepare("GET", "https://[fe80::1%25eth0]/a", {"ssl": False})
    target = redirect_target(302, "/b", first.target.real_url)
    assert target is not None
    before = Redirected(302, "GET", first.target.real_url, first.own_headers())
    following = maker.prepare_next(next_request(before, target), first)
    assert following.route == first.route == Route("fe80::1%eth0", 443, True, False, "fe80::1")
    assert (following.head.authority, following.head.target) == ("[fe80::1]", "/b")


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[2001:DB8::A]", "2001:db8::a"),
    ],
)
def test_an_ipv6_address_is_written_in_one_way(given: str, host: str) -> None:
    request = prepared(f"http://{given}/")
    assert (request.route.host, request.head.authority) == (host, f"[{host}]")


# --- base_url ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("users", "http://example.com/api/users"),
        ("users/5?x=1", "http://example.com/api/users/5?x=1"),
        ("/users", "http://example.com/users"),
        ("../users", "http://example.com/users"),
        ("", "http://example.com/api/"),
        ("?x=1", "http://example.com/api/?x=1"),
        ("//example.org/users", "http://example.org/users"),
        ("https://example.org/users", "https://example.org/users"),
    ],
)
def test_a_relative_url_is_joined_to_the_base(url: str, expected: str) -> None:
    request = prepared(url, base_url="http://example.com/api/")
    assert str(request.info().url) == expected


def test_user_info_of_the_base_goes_to_its_own_origin() -> None:
    request = prepared("users", base_url="http://me:secret@example.com/api/")
    assert fields_of(request)["Authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("url", ["http://example.org/", "//example.org/"])
def test_user_info_of_the_base_does_not_go_to_another_origin(url: str) -> None:
    request = prepared(url, base_url="http://me:secret@example.com/api/")
    assert "Authorization" not in fields_of(request)


# --- params --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "params", "target"),
    [
        ("http://example.com/", {"a": "1"}, "/?a=1"),
        ("http://example.com/", {"a": 1, "b": 2.5}, "/?a=1&b=2.5"),
        ("http://example.com/", {"a": ["1", "2"]}, "/?a=1&a=2"),
        ("http://example.com/", [("a", "1"), ("a", "2")], "/?a=1&a=2"),
        ("http://example.com/", "a=1&b=2", "/?a=1&b=2"),
        ("http://example.com/?x=0", {"a": "1"}, "/?x=0&a=1"),
        ("http://example.com/?a=0", {"a": "1"}, "/?a=0&a=1"),
        ("http://example.com/", {"a": "b c&d=e"}, "/?a=b+c%26d%3De"),
        ("http://example.com/", {"a": "\u20ac"}, "/?a=%E2%82%AC"),
        ("http://example.com/?x=0", {}, "/?x=0"),
        ("http://example.com/?x=0", None, "/?x=0"),
        ("http://example.com/?x=0", "", "/?x=0"),
        ("http://example.com/a#b", {"c": "d"}, "/a?c=d"),
    ],
)
def test_params_are_added_to_the_query(url: str, params: object, target: str) -> None:
    assert prepared(url, params=params).head.target == target


@pytest.mark.parametrize("params", [{"a": True}, {"a": None}, 5])
def test_params_of_another_type_are_a_type_error(params: object) -> None:
    with pytest.raises(TypeError):
        prepared(params=params)


def test_params_do_not_stay_for_the_next_request() -> None:
    maker = preparer()
    maker.prepare("GET", "http://example.com/", {"params": {"a": "1"}})
    assert maker.prepare("GET", "http://example.com/", {}).head.target == "/"


# --- what a request says about itself ------------------------------------------------------------


def test_the_fragment_is_kept_in_real_url_only() -> None:
    info = prepared("http://example.com/a?b=c#d").info()
    assert str(info.url) == "http://example.com/a?b=c"
    assert str(info.real_url) == "http://example.com/a?b=c#d"


def test_the_info_has_all_headers_as_sent() -> None:
    info = prepared(method="POST", data=b"hello", headers={"Connection": "close"}).info()
    assert info.method == "POST"
    assert info.headers["Host"] == "example.com"
    assert info.headers["Content-Length"] == "5"
    assert info.headers["Connection"] == "close"


# --- user-info -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_info", "header"),
    [
        ("me:secret", "Basic bWU6c2VjcmV0"),
        ("me", "Basic bWU6"),
        (":secret", "Basic OnNlY3JldA=="),
        ("me:", "Basic bWU6"),
        ("m%40e:sec%3Aret", "Basic bUBlOnNlYzpyZXQ="),
        ("me:%C5%BE", "Basic bWU6xb4="),
    ],
)
def test_user_info_becomes_an_authorization_header(user_info: str, header: str) -> None:
    request = prepared(f"http://{user_info}@example.com/")
    assert fields_of(request)["Authorization"] == header
    assert request.head.authority == "example.com"


def test_user_info_counts_on_a_repeated_request_too() -> None:
    maker = preparer()
    for _ in range(3):
        request = maker.prepare("GET", "http://me:secret@example.com/", {})
        assert fields_of(request)["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "Authorization" not in fields_of(maker.prepare("GET", "http://example.com/", {}))


def test_user_info_and_params_go_together() -> None:
    request = prepared("http://me:secret@example.com/", params={"a": "1"})
    assert request.head.target == "/?a=1"
    assert fields_of(request)["Authorization"] == "Basic bWU6c2VjcmV0"


def test_a_login_with_a_colon_is_refused() -> None:
    with pytest.raises(ValueError, match="must not contain") as caught:
        prepared("http://m%3Ae:secret@example.com/")
    assert "secret" not in str(caught.value)


def test_user_info_and_an_authorization_header_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="Authorization header excludes") as caught:
        prepared("http://me:secret@example.com/", headers={"authorization": "Bearer hidden"})
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_user_info_is_not_shown_in_urls() -> None:
    info = prepared("http://me:secret@example.com/a#b").info()
    assert str(info.url) == "http://example.com/a"
    assert str(info.real_url) == "http://example.com/a#b"


def test_credentials_are_not_shown_in_the_repr_of_a_request_info() -> None:
    info = prepared("http://me:secret@example.com/").info()
    assert "bWU6c2VjcmV0" not in repr(info)
    assert info.headers["Authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:secret@example.com/",
        "http://me:secret@example.com:0/",
        "http://me:secret@example.com:99999/",
        "http://me:secret@example.com:abc/",
        "http://me:secret@[::1/",
        "//me:secret@example.com/",
        "http://me:secret@/",
        "http://me:secret@ex\u2100mple.com/",
    ],
)
def test_credentials_are_not_shown_in_errors_about_the_url(url: str) -> None:
    for use in (prepared, lambda base: prepared("x", base_url=checked_base_url(base))):
        _assert_hides_secret(use, url)


def _assert_hides_secret(use: Callable[[str], object], url: str) -> None:
    with pytest.raises((ClientError, ValueError)) as caught:
        use(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in str(error)
        assert "secret" not in repr(error)
        assert error.__context__ is None  # the parser's own error may quote the URL
        error = error.__cause__


# --- what is kept ------------------------------------------------------------------------------


def test_equal_urls_are_taken_apart_once() -> None:
    maker = preparer()
    first = maker.prepare("GET", "http://example.com/", {})
    assert maker.prepare("GET", "http://example.com/", {}).target is first.target


def test_the_oldest_of_too_many_urls_is_forgotten() -> None:
    maker = preparer()
    first = maker.prepare("GET", "http://example.com/first", {}).target
    last = [maker.prepare("GET", f"http://example.com/{n}", {}).target for n in range(600)][-1]
    assert maker.prepare("GET", "http://example.com/599", {}).target is last
    assert maker.prepare("GET", "http://example.com/first", {}).target is not first


def test_a_url_that_is_refused_is_refused_again() -> None:
    maker = preparer()
    for _ in range(2):
        with pytest.raises(NonHttpUrlClientError):
            maker.prepare("GET", "ftp://example.com/", {})


def test_a_url_without_a_scheme_is_not_shown_for_it_may_begin_with_a_login() -> None:
    with pytest.raises(NonHttpUrlClientError) as caught:
        prepared("me:a-secret@a.example/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "piece", ["@", "a@", ":", ":@", "%40", "[", "]", "a.", "//", "?", "#", "\\"]
)
@pytest.mark.parametrize("start", ["http://", "http://a:b@", "http://a/", "//"])
def test_a_long_url_takes_linear_time(start: str, piece: str) -> None:
    began = time.perf_counter()
    with contextlib.suppress(ClientError):
        prepared(start + piece * (100_000 // len(piece)))
    assert time.perf_counter() - began < 2

"""From a response that redirects to the next request: where to, and with what."""

import string
from base64 import b64encode
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from preparing import prepared
from yarl import URL

from aioclient import (
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
    errors,
)
from aioclient._http1.head_writer import write_request_head
from aioclient._message.redirect import (
    NextRequest,
    Redirected,
    RedirectTarget,
    crossing_names,
    is_one_too_many,
    next_request,
    redirect_target,
)

HERE = "https://a.example/b/c/d;p?q"


def target_of(location: str | bytes | None, base: str = HERE, **options: bool) -> RedirectTarget:
    target = redirect_target(302, location, URL(base), **options)
    assert target is not None
    return target


def outcome(
    location: str | bytes, base: str = HERE, requote: bool = True
) -> RedirectTarget | RedirectClientError | None:
    try:
        return redirect_target(302, location, URL(base), requote)
    except (InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError) as error:
        return error


def resolved(location: str | bytes, base: str = HERE, **options: bool) -> str:
    return str(target_of(location, base, **options).url)


def followed(
    location: str = "/next",
    status: int = 302,
    method: str = "GET",
    headers: object = (),
    base: str = HERE,
    may_cross: frozenset[str] = frozenset(),
) -> NextRequest:
    target = redirect_target(status, location, URL(base))
    assert target is not None
    sent = CIMultiDict(headers)  # type: ignore[call-overload]
    return next_request(Redirected(status, method, URL(base), sent, may_cross), target)


# --- whether -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_status_with_a_location_redirects(status):
    target = redirect_target(status, "/x", URL(HERE))
    assert target == (URL("https://a.example/x"), None)


@pytest.mark.parametrize("status", [100, 200, 201, 300, 304, 305, 306, 309, 310, 400, 503, 999])
def test_another_status_does_not_redirect(status):
    assert redirect_target(status, "/x", URL(HERE)) is None


@pytest.mark.parametrize("location", [None, "", b"", " ", b" \t "])
def test_without_a_location_nothing_is_followed(location):
    assert redirect_target(302, location, URL(HERE)) is None


@pytest.mark.parametrize(
    ("followed", "max_redirects", "expected"),
    [
        (0, 10, False),
        (9, 10, False),
        (10, 10, True),
        (11, 10, True),
        (0, 1, False),
        (1, 1, True),
        (0, 0, False),
        (10_000, 0, False),
    ],
)
def test_ten_means_that_ten_are_followed_and_zero_means_no_limit(followed, max_redirects, expected):
    assert is_one_too_many(followed, max_redirects) is expected


# --- where to ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "expected"),
    [  # RFC 3986 section 5.4, with a base that HTTP can have
        ("https:", None),
        ("https:g", None),
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q#s"),
        ("g#s", "/b/c/g#s"),
        ("g?y#s", "/b/c/g?y#s"),
        (";x", "/b/c/;x"),
        ("g;x", "/b/c/g;x"),
        ("g;x?y#s", "/b/c/g;x?y#s"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../", "/"),
        ("../../g", "/g"),
        ("../../../g", "/g"),
        ("../../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        (".g", "/b/c/.g"),
        ("g..", "/b/c/g.."),
        ("..g", "/b/c/..g"),
        ("./../g", "/b/g"),
        ("./g/.", "/b/c/g/"),
        ("g/./h", "/b/c/g/h"),
        ("g/../h", "/b/c/h"),
        ("g;x=1/./y", "/b/c/g;x=1/y"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/./x", "/b/c/g?y/./x"),
        ("g?y/../x", "/b/c/g?y/../x"),
        ("g#s/../x", "/b/c/g#s/../x"),
        ("g//h", "/b/c/g//h"),
        ("/.//g", "//g"),
        ("?", "/b/c/d;p"),
        ("1:2", "/b/c/1:2"),
        ("g/h:i", "/b/c/g/h:i"),
    ],
)
@pytest.mark.parametrize("requote", [True, False])
def test_a_reference_is_resolved_against_the_url_that_was_requested(reference, expected, requote):
    if expected is None:
        with pytest.raises(InvalidUrlRedirectClientError, match="no host"):
            target_of(reference, requote=requote)
    else:
        assert resolved(reference, requote=requote) == "https://a.example" + expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://o.example", "http://o.example/"),
        ("//o.example/p", "https://o.example/p"),
        ("//o.example/p/../r", "https://o.example/r"),
        ("//o.example//p", "https://o.example//p"),
        ("//o.example?q", "https://o.example/?q"),
        ("HTTP://O.Example/P", "http://o.example/P"),
        ("http://o.example:80/", "http://o.example/"),
        ("http://o.example:/", "http://o.example/"),
        ("http://o.example:0081/", "http://o.example:81/"),
        ("http://o.example./", "http://o.example./"),
        ("http://my_host/", "http://my_host/"),
        ("http://127.0.0.1:81/", "http://127.0.0.1:81/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://[2001:DB8::1]:81/p", "http://[2001:db8::1]:81/p"),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
        ("http://o\u3002example/", "http://o.example/"),
        ("  http://o.example/ \t", "http://o.example/"),
        ("/a b", "https://a.example/a%20b"),
        ("/\u20ac?\u20ac", "https://a.example/%E2%82%AC?%E2%82%AC"),
        (b"/\xe9", "https://a.example/%E9"),
        ("/\udce9", "https://a.example/%E9"),
        ("/\ud800", "https://a.example/%ED%A0%80"),
        ("/%e9", "https://a.example/%E9"),
        ("/%7Eme", "https://a.example/~me"),
        ("/%2e%2e/x", "https://a.example/x"),
        ("/%0d%0aX:y", "https://a.example/%0D%0AX:y"),
        ("/100%", "https://a.example/100%25"),
        ('/"<>^`{|}', "https://a.example/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/\\o.example", "https://a.example/%5Co.example"),
        ("\\\\o.example\\p", "https://a.example/b/c/%5C%5Co.example%5Cp"),
        ("/@b", "https://a.example/@b"),
        ("/?u=http://x:y@z/", "https://a.example/?u=http://x:y@z/"),
        ("/?a=1+2%262", "https://a.example/?a=1+2%262"),
    ],
)
def test_a_location_of_this_kind_leads_to(location, expected):
    assert resolved(location) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/%e9%7e?%7e#%7e", "/%e9%7e?%7e#%7e"),
        ("/100%", "/100%"),
        ("/%2e%2e/x", "/%2e%2e/x"),
        ("/a/../b", "/b"),
        ("/a b?c d", "/a%20b?c%20d"),
        (b"/\xe9", "/%E9"),
        ("//a.example/%e9", "/%e9"),
    ],
)
def test_without_requoting_the_encoding_of_the_server_is_kept(location, expected):
    assert resolved(location, requote=False) == "https://a.example" + expected


@pytest.mark.parametrize("segment", ["a%20b", "a%2Fb", "a%3Fb", "a%23b", "a%0Ab", "%C3%A9", "%2E."])
def test_the_encoding_of_the_base_is_kept(segment):
    base = URL(f"http://a.example/{segment}/c", encoded=True)
    target = redirect_target(302, "d", base)
    assert target is not None
    assert str(target.url) == f"http://a.example/{segment}/d"


def test_a_base_without_a_path_has_the_root():
    assert resolved("g", "http://a.example") == "http://a.example/g"


@pytest.mark.parametrize(
    ("location", "fragment"),
    [
        ("/x", "old"),
        ("?x", "old"),
        ("//o.example/x", "old"),
        ("http://o.example/x", "old"),
        ("/x#new", "new"),
        ("#new", "new"),
        ("//o.example/x#new", "new"),
        ("/x#a b", "a%20b"),
        ("/x#", ""),
        ("#", ""),
    ],
)
def test_the_fragment_is_inherited_unless_the_location_has_one(location, fragment):
    assert target_of(location, HERE + "#old").url.raw_fragment == fragment


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("//", "no host"),
        ("///x", "no host"),
        ("http:", "no host"),
        ("http:x", "no host"),
        ("http:/x", "no host"),
        ("http:\\\\x", "no host"),
        ("http:///x", "no host"),
        ("http://?x", "no host"),
        ("http://:80/", "authority"),
        ("http://@/", "authority"),
        ("http://me@/", "authority"),
        ("http://o.example:81a/", "authority"),
        ("http://o.example:-1/", "authority"),
        ("http://o.example:\u0661/", "authority"),
        ("http://o.example:1:2/", "authority"),
        ("http://o.example:0/", "port"),
        ("http://o.example:65536/", "valid"),
        ("http://o.example:" + "9" * 500 + "/", "valid"),
        ("http://o example/", "authority"),
        ("http://o%20example/", "authority"),
        ("http://o.example\\@x/", "authority"),
        ("http://o.example\\x/", "authority"),
        ("http://a@b@o.example/", "authority"),
        ("http://a b@o.example/", "authority"),
        ("http://a%4@o.example/", "authority"),
        ("http://[::1/", "authority"),
        ("http://::1/", "authority"),
        ("http://[::1]x/", "authority"),
        ("http://[fe80::1%25eth0]/", "authority"),
        ("http://[v1.x]/", "authority"),
        ("http://[1:2]/", "host"),
        ("http://[1:2:3]/", "valid"),
        ("http://[:::]/", "valid"),
        ("http://o..example/", "host"),
        ("http://.example/", "host"),
        ("http://./", "host"),
        ("http://" + "o" * 64 + "/", "host"),
        ("http://" + "o." * 127 + "oo/", "host"),
        ("http://" + "o" * 1024 + "/", "host"),
        ("http://" + "o" * 1025 + "/", "too long"),
        ("http://" + "x" * 8191 + "@o/", "too long"),
        (b"http://\xff/", "valid"),
        ("http://o\uff0fx/", "valid"),
        ("http://o\u2100x/", "valid"),
        ("http://a%3Ab@o.example/", "valid"),
        ("http://a%0Ab@o.example/", "control"),
        ("http://a:%00@o.example/", "control"),
        ("/a\tb", "control"),
        ("/a\0b", "control"),
        ("/a\r\nb", "control"),
        ("/a\x7fb", "control"),
        ("java\tscript:x", "control"),
        ("\nhttp://o.example/", "control"),
    ],
)
@pytest.mark.parametrize("requote", [True, False])
def test_a_location_that_is_no_valid_url_is_refused(location, message, requote):
    with pytest.raises(InvalidUrlRedirectClientError, match=message) as caught:
        target_of(location, requote=requote)
    assert isinstance(caught.value, InvalidUrlClientError)
    assert isinstance(caught.value, RedirectClientError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("labels", ["o" * 63, "o." * 126 + "o", "o." * 126 + "o."])
def test_a_host_as_long_as_names_can_be_is_taken(labels):
    assert target_of(f"http://{labels}/").url.host == labels


@pytest.mark.parametrize(
    "location",
    ["ftp://o/", "file:///etc/passwd", "mailto:x", "javascript:x", "data:,x", "ws://o/", "o:80/"],
)
def test_another_scheme_is_refused(location):
    with pytest.raises(NonHttpUrlRedirectClientError, match="not an http or https") as caught:
        target_of(location)
    assert isinstance(caught.value, NonHttpUrlClientError)
    assert isinstance(caught.value, RedirectClientError)


@pytest.mark.parametrize(
    "piece", ["a", "/", "..", "../", "./", "@", ":", "?", "#", "%", "\u00e9", "a.", "[", "&=", "\\"]
)
@pytest.mark.parametrize("start", ["", "/", "http://", "http://o/", "http://o/?", "http://a:"])
def test_a_long_location_costs_no_more_than_its_length(start, piece):
    location = start + piece * (65_536 // len(piece))
    result = outcome(location)
    if isinstance(result, RedirectClientError):
        assert len(str(result)) < 300


# --- user-info -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_info", "login"),
    [
        ("me:secret", "me:secret"),
        ("me", "me:"),
        (":secret", ":secret"),
        ("m%40e:sec%3Aret", "m@e:sec:ret"),
        ("m\u017e:%C5%BE", "m\u017e:\u017e"),
        ("a!$&'()*+,;=b:c:d", "a!$&'()*+,;=b:c:d"),
    ],
)
@pytest.mark.parametrize("requote", [True, False])
def test_user_info_of_a_location_becomes_credentials(user_info, login, requote):
    target = target_of(f"http://{user_info}@o.example/p", requote=requote)
    assert str(target.url) == "http://o.example/p"
    assert target.authorization == "Basic " + b64encode(login.encode()).decode()


def test_user_info_as_long_as_the_limit_is_taken():
    assert target_of("http://" + "x" * 8190 + "@o/").authorization is not None


def test_empty_user_info_is_none():
    assert target_of("http://@o.example/") == (URL("http://o.example/"), None)


@pytest.mark.parametrize("location", ["/x", "?x", "#x", "//a.example/x"])
def test_user_info_of_the_base_is_not_inherited(location):
    target = target_of(location, "https://me:secret@a.example/")
    assert target.url.raw_user is None
    assert target.authorization is None


@pytest.mark.parametrize("location", ["https://me:new@a.example/", "http://me:new@o.example/"])
def test_user_info_replaces_all_credentials(location):
    headers = [("Authorization", "one"), ("AUTHORIZATION", "two")]
    request = followed(location, headers=headers)
    assert request.headers.getall("Authorization") == ["Basic bWU6bmV3"]


def test_credentials_of_user_info_stay_on_their_origin():
    first = followed("http://me:new@o.example/")
    second = followed("/again", base=str(first.url), headers=first.headers)
    third = followed("http://other.example/", base=str(second.url), headers=second.headers)
    assert second.headers == {"Authorization": "Basic bWU6bmV3"}
    assert third.headers == {}


@pytest.mark.parametrize(
    "location",
    [
        "http://me:a-secret@o.example:x/",
        "http://me:a-secret@o.example:99999/",
        "http://me:a-secret@\uff0f/",
        "http://me:a-secret@o@o.example/",
        "http://me:a/a-secret@o.example/",
        "http://me:a?a-secret@o.example/",
        "http://me:a#a-secret@o.example/",
        "http://me:a?b@c?a-secret@o.example:x/",
        "http://me:a\\a-secret@o.example/",
        "http:me:a-secret@o.example/",
        "http:/me:a-secret@o.example/",
        "//me:a-secret@o.example:x/",
        "http://me%3A:a-secret@o.example/",
        "http://o.example:x/?token=a-secret",
        "http://o.example:x/?mail=me@token=a-secret",
        "http://o.example:x/#token=a-secret",
        "ftp://me:a-secret@o.example/",
        "app://back?code=a-secret",
        "app:me@x:a-secret@x",
        "/\0?a-secret",
    ],
)
def test_an_error_shows_neither_user_info_nor_query(location):
    with pytest.raises(RedirectClientError) as caught:
        target_of(location)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    for shown in (str(error), repr(error), repr(error.args), repr(vars(error))):
        assert "a-secret" not in shown


def test_an_error_shows_what_may_be_seen():
    with pytest.raises(InvalidUrlRedirectClientError) as caught:
        target_of("http://o.example:x/p?q")
    assert str(caught.value) == "http://o.example:x/p?...: the authority is not valid"


# --- method and body -----------------------------------------------------------------------------

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "post"]
SAME = "/next"
CROSS = {
    "host": "https://o.example/",
    "subdomain": "https://www.a.example/",
    "parent": "https://example/",
    "dot": "https://a.example./",
    "port": "https://a.example:8443/",
    "downgrade": "http://a.example/",
    "downgrade on one port": "http://a.example:443/",
}
OF_THE_BODY = {
    "Content-Type": "text/plain",
    "Content-Length": "5",
    "CONTENT-ENCODING": "gzip",
    "Content-Language": "en",
    "Content-Location": "/x",
    "Content-Disposition": "inline",
    "Content-MD5": "x",
    "Content-Digest": "x",
    "Repr-Digest": "x",
    "Digest": "x",
    "Last-Modified": "x",
    "Expect": "100-continue",
    "Trailer": "X",
}


def expected_method(status: int, method: str) -> str:
    """The rules once more, as a list of what changes."""
    if (status, method) in {(301, "POST"), (302, "POST"), (303, "HEAD")}:
        return {"POST": "GET", "HEAD": "HEAD"}[method]
    return "GET" if status == 303 else method


@pytest.mark.parametrize(
    ("status", "method", "location"),
    list(product([301, 302, 303, 307, 308], METHODS, [SAME, *CROSS.values()])),
)
def test_method_body_and_what_describes_the_body(status, method, location):
    request = followed(location, status, method, OF_THE_BODY)
    rewritten = status == 303 or (status in (301, 302) and method == "POST")
    assert request.method == expected_method(status, method)
    assert request.keeps_body is not rewritten
    assert request.headers == ({} if rewritten else OF_THE_BODY)
    assert set(request.dropped) == (set(OF_THE_BODY) if rewritten else set())


@pytest.mark.parametrize("name", ["Transfer-Encoding", "transfer-encoding", "Content-X"])
def test_framing_and_any_content_header_go_with_the_body(name):
    assert followed(status=303, method="PUT", headers={name: "x"}).headers == {}
    assert followed(status=307, method="PUT", headers={name: "x"}).headers == {name: "x"}
    assert followed(CROSS["host"], 307, "PUT", {name: "x"}).headers == {}


CONDITIONS = {
    "If-Match": '"x"',
    "If-None-Match": "*",
    "If-Modified-Since": "x",
    "If-Unmodified-Since": "x",
    "If-Range": '"x"',
    "Range": "bytes=1-",
}


@pytest.mark.parametrize("location", [SAME, *CROSS.values()])
def test_conditions_go_along_unless_the_method_changes(location):
    assert followed(location, 307, "PUT", CONDITIONS).headers == CONDITIONS
    assert followed(location, 303, "GET", CONDITIONS).headers == CONDITIONS
    assert followed(location, 303, "PUT", CONDITIONS).headers == {}
    assert followed(location, 302, "POST", CONDITIONS).headers == {}


# --- headers and origins -------------------------------------------------------------------------

SECRETS = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Cookie2",
    "X-Api-Key",
    "X-Auth-Token",
    "Private-Token",
    "X-CSRF-Token",
    "Api_Key",
    "Accept-Token",
    "Content-Token",
    "Referer",
    "Origin",
    "From",
    "Host",
    "Connection",
    "Traceparent",
    "Sec-WebSocket-Key",
    "Signature",
]
HARMLESS = [
    "Accept",
    "Accept-Charset",
    "Accept-Datetime",
    "Accept-Encoding",
    "Accept-Language",
    "User-Agent",
    "Cache-Control",
    "Pragma",
]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", False),
        ("?x", False),
        ("#x", False),
        ("https://a.example/", False),
        ("HTTPS://A.EXAMPLE:443/", False),
        ("//a.example:/", False),
        ("https://me:x@a.example/", False),
        *((location, True) for location in CROSS.values()),
    ],
)
def test_an_origin_is_scheme_host_and_effective_port(location, expected):
    assert followed(location).crosses_origin is expected


def test_an_upgrade_is_a_change_of_origin():
    request = followed("https://a.example/", base="http://a.example/", headers={"Cookie": "x"})
    assert request.crosses_origin
    assert request.headers == {}


@pytest.mark.parametrize("spell", [str, str.lower, str.upper, str.swapcase])
@pytest.mark.parametrize("location", CROSS.values(), ids=CROSS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_no_secret_crosses_in_any_spelling_or_number(method, status, location, spell):
    headers = [(spell(name), value) for name in SECRETS for value in ("one", "two")]
    headers += [(name, "three") for name in SECRETS]
    request = followed(location, status, method, headers)
    assert request.headers == {}
    assert {name.lower() for name in request.dropped} == {name.lower() for name in SECRETS}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_on_one_origin_all_is_kept_in_order_and_number(method, status):
    headers = [(name, value) for value in ("one", "two") for name in SECRETS + HARMLESS]
    if status == 303:
        headers = [field for field in headers if not field[0].startswith("Content-")]
    request = followed(SAME, status, method, headers)
    assert list(request.headers.items()) == headers
    assert request.dropped == ()


@pytest.mark.parametrize("location", [SAME, *CROSS.values()])
@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_what_is_harmless_crosses(spell, location):
    headers = [(spell(name), value) for value in ("one", "two") for name in HARMLESS]
    assert list(followed(location, headers=headers).headers.items()) == headers


def test_headers_that_were_named_cross():
    names = crossing_names(["X-Request-ID", "traceparent"])
    headers = [("x-request-id", "1"), ("Traceparent", "2"), ("X-Api-Key", "3")]
    request = followed(CROSS["host"], headers=headers, may_cross=names)
    assert list(request.headers.items()) == headers[:2]
    assert request.dropped == ("X-Api-Key",)


def test_named_headers_of_a_dropped_body_do_not_cross():
    names = crossing_names(["Content-X", "Expect"])
    headers = {"Content-X": "x", "Expect": "100-continue"}
    assert followed(CROSS["host"], 303, "POST", headers, may_cross=names).headers == {}
    assert followed(CROSS["host"], 307, "POST", headers, may_cross=names).headers == headers


@pytest.mark.parametrize("name", ["Authorization", "cookie", "PROXY-AUTHORIZATION", "Host"])
def test_credentials_cannot_be_named(name):
    with pytest.raises(ValueError, match=name):
        crossing_names(["X-Ok", name])


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\n", "\u212aey"])
def test_what_is_no_name_of_a_header_cannot_be_named(name):
    with pytest.raises(ValueError, match="header name"):
        crossing_names([name])


@pytest.mark.parametrize("names", ["X-Api-Key", b"X", [b"X"], [None], 5])
def test_names_of_another_type_are_a_type_error(names):
    with pytest.raises(TypeError):
        crossing_names(names)


def test_what_was_dropped_stays_dropped_on_the_way_back():
    headers = {"Authorization": "x", "X-Api-Key": "y", "Accept": "z"}
    away = followed("https://o.example/", headers=headers)
    there = followed("/2", base=str(away.url), headers=away.headers)
    back = followed(HERE, base=str(there.url), headers=there.headers)
    again = followed("/2", base=str(back.url), headers=back.headers)
    assert [hop.headers for hop in (away, there, back, again)] == [{"Accept": "z"}] * 4


def test_the_headers_that_were_sent_are_not_changed():
    sent = CIMultiDict({"Authorization": "x"})
    sent_proxy = CIMultiDictProxy(sent)
    redirected = Redirected(302, "GET", URL(HERE), sent_proxy)
    for location in (SAME, CROSS["host"]):
        next_request(redirected, target_of(location)).headers["X-New"] = "y"
    assert sent == {"Authorization": "x"}


# --- what a policy can do ------------------------------------------------------------------------


def test_another_url_gets_what_may_go_there():
    headers = {"Authorization": "x", "Accept": "y"}
    request = followed("http://a.example/p", headers=headers)
    assert request.headers == {"Accept": "y"}
    home = request.with_url(request.url.with_scheme("https"))
    assert (str(home.url), home.crosses_origin) == ("https://a.example/p", False)
    assert home.headers == headers
    away = home.with_url("https://me:new@o.example/p")
    assert (str(away.url), away.crosses_origin) == ("https://o.example/p", True)
    assert away.headers == {"Accept": "y", "Authorization": "Basic bWU6bmV3"}


def test_another_url_keeps_the_names_that_may_cross():
    names = crossing_names(["X-Id"])
    request = followed(SAME, headers={"X-Id": "1", "X-Key": "2"}, may_cross=names)
    assert request.with_url("http://o.example/").headers == {"X-Id": "1"}


@pytest.mark.parametrize("url", ["/x", "", "http://o:x/"])
def test_another_url_must_be_absolute_and_valid(url):
    with pytest.raises(ValueError, match=r"absolute|[Pp]ort"):
        followed().with_url(url)


def test_method_and_body_can_be_replaced():
    request = followed(status=301, method="POST")._replace(method="POST", keeps_body=True)
    assert (request.method, request.keeps_body) == ("POST", True)


def test_nothing_shows_credentials():
    base = "https://me:a-secret@a.example/"
    request = followed("https://me:a-secret@a.example/x", base=base, headers={"X": "a-secret"})
    target = RedirectTarget(URL("http://o.example/"), "Basic a-secret")
    changed = request._replace(url=URL(base))
    for shown in (repr(request), repr(request.redirected), repr(target), repr(changed)):
        assert "a-secret" not in shown
        assert "example" in shown


# --- any bytes -----------------------------------------------------------------------------------

PIECES = [
    *("http:", "HTTPS:", "https://", "http://", "ftp:", "//", "/", "\\", "..", ".", "@", ":"),
    *("a.example", "o.example", "[::1]", "[1:2]", "xn--", "me:a-secret@", "?", "#", "%", "%2F"),
    *("%0a", "%e9", "\u00e9", "\u3002", "\uff0f", "\u212a", "\ud800", "\udcff", " ", "\t", "\n"),
    *("\0", ":80", ":443", ":0", ":99999", "&", "=", "+", ";", '"', "[", "]", "|", "a", "1"),
]
LOCATIONS = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=12).map(
        lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
    ),
)
VISIBLE = frozenset(string.ascii_letters + string.digits + string.punctuation)


@given(LOCATIONS, st.booleans(), st.sampled_from([HERE, "http://a.example", "http://[::1]:81/a#b"]))
@example("http://[1:2]/", True, HERE)
@example("http://me:a-secret@[1:2]/", False, HERE)
def test_any_location_gives_a_request_or_a_documented_error(location, requote, base):
    target = outcome(location, base, requote)
    if isinstance(target, RedirectClientError):
        assert "a-secret" not in str(target) + repr(vars(target))
        return
    if target is None:
        return
    url = target.url
    assert url.scheme in ("http", "https")
    assert url.raw_user is url.raw_password is None
    assert set(url.raw_path_qs) <= VISIBLE
    # Whoever reads the text again comes to the same place, and it can be sent.
    again = URL(str(url))
    assert (again.scheme, again.raw_host, again.port) == (url.scheme, url.raw_host, url.port)
    for sent in (prepared(url), prepared(str(url))):
        assert (sent.route.host, sent.route.port) == (url.raw_host, url.port)
        head = sent.head
        write_request_head(head.method, head.target, head.authority, head.field_lines, b"")


NAMES = st.one_of(
    st.sampled_from(SECRETS + HARMLESS + [*OF_THE_BODY] + [*CONDITIONS]),
    st.text("-_" + string.ascii_letters, min_size=1, max_size=12),
)
MAY_CROSS = frozenset(name.lower() for name in [*HARMLESS, *OF_THE_BODY, *CONDITIONS])


@given(
    st.lists(st.tuples(NAMES, st.sampled_from([str, str.lower, str.upper]))),
    st.lists(
        st.tuples(
            st.sampled_from([301, 302, 303, 307, 308]),
            st.sampled_from([HERE, SAME, *CROSS.values(), "http://me:new@o.example/"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(METHODS),
)
def test_no_chain_of_redirects_takes_a_secret_over_a_change_of_origin(names, hops, method):
    headers = CIMultiDict((spell(name), "a-secret") for name, spell in names)
    url, was_left = HERE, False
    for status, location in hops:
        request = followed(location, status, method, headers, url)
        was_left = was_left or request.crosses_origin
        kept = {name.lower() for name, value in request.headers.items() if value == "a-secret"}
        if was_left:
            assert kept <= MAY_CROSS
        if not request.keeps_body:
            assert not any(name.startswith("content-") for name in kept)
        assert kept <= {name.lower() for name in headers}
        url, method, headers = str(request.url), request.method, request.headers


# --- the errors ----------------------------------------------------------------------------------


def test_too_many_redirects_is_a_response_error():
    assert issubclass(errors.TooManyRedirects, errors.ClientResponseError)

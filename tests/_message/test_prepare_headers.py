"""From the caller's headers and body to what the head says."""

import re
import ssl
from collections.abc import AsyncIterator

import preparing
import pytest
from multidict import CIMultiDict, CIMultiDictProxy, istr
from preparing import fields_of, prepared, preparer
from yarl import URL

from aioclient import BytesPayload, ClientTimeout, Fingerprint, __version__
from aioclient._http.events import CHUNKED, NO_BODY
from aioclient._http1.machine import Http1Machine
from aioclient._message.defaults import Defaults
from aioclient._message.options import RequestOptions
from aioclient._message.prepare import Preparer
from aioclient._message.request import Request

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def pieces() -> AsyncIterator[bytes]:
    yield b"hello"


def sent(request: Request) -> bytes:
    """The head of a request as bytes."""
    return Http1Machine().request(request.head)


# --- headers -------------------------------------------------------------------------------------


def test_automatic_headers_are_added() -> None:
    fields = fields_of(prepared())
    assert fields["Accept"] == "*/*"
    assert re.fullmatch(rf"Python/3\.\d+ aioclient/{re.escape(__version__)}", fields["User-Agent"])


@pytest.mark.parametrize("name", ["accept", "ACCEPT", "user-agent"])
def test_an_automatic_header_gives_way_to_the_callers(name: str) -> None:
    for request in (prepared(headers={name: "mine"}), prepared(session_headers={name: "mine"})):
        assert fields_of(request).getall(name) == ["mine"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-One": "1", "X-Two": "2"},
        {istr("X-One"): "1", istr("X-Two"): "2"},
        [("X-One", "1"), ("X-Two", "2")],
        CIMultiDict({"X-One": "1", "X-Two": "2"}),
        CIMultiDictProxy(CIMultiDict({"X-One": "1", "X-Two": "2"})),
    ],
)
def test_headers_come_in_many_forms(headers: object) -> None:
    for request in (prepared(headers=headers), prepared(session_headers=headers)):
        fields = fields_of(request)
        assert (fields["x-one"], fields["x-two"]) == ("1", "2")


def test_the_spelling_of_a_name_is_kept() -> None:
    assert b"\r\nx-MiXed: 1\r\n" in sent(prepared(headers={"x-MiXed": "1"}))


def test_a_repeated_header_is_sent_repeatedly() -> None:
    fields = fields_of(prepared(headers=[("X-A", "1"), ("X-B", "2"), ("X-A", "3")]))
    assert fields.getall("X-A") == ["1", "3"]


def test_a_header_of_the_request_replaces_all_of_the_sessions_with_that_name() -> None:
    request = prepared(
        session_headers=[("X-A", "1"), ("X-A", "2"), ("X-B", "3")], headers={"x-a": "4"}
    )
    assert fields_of(request).getall("X-A") == ["4"]
    assert fields_of(request).getall("X-B") == ["3"]


def test_headers_of_one_request_do_not_stay_for_the_next() -> None:
    maker = preparer(headers={"X-A": "1"})
    maker.prepare("GET", "http://example.com/", {"headers": {"X-A": "2", "X-B": "3"}})
    fields = fields_of(maker.prepare("GET", "http://example.com/", {}))
    assert fields["X-A"] == "1"
    assert "X-B" not in fields


def test_values_are_sent_as_utf_8() -> None:
    assert "\r\nX-A: \u20ac\r\n".encode() in sent(prepared(headers={"X-A": "\u20ac"}))


def test_white_space_around_a_value_is_cut_off() -> None:
    assert b"\r\nX-A: a b\r\n" in sent(prepared(headers={"X-A": " \ta b\t "}))


@pytest.mark.parametrize("headers", [{"X-A": 5}, {"X-A": b"1"}, {"X-A": None}])
def test_a_value_of_another_type_is_a_type_error(headers: object) -> None:
    with pytest.raises(TypeError):
        prepared(headers=headers)


# --- the four that belong to connection and framing ----------------------------------------------


def test_the_callers_host_is_sent_instead_of_the_urls() -> None:
    request = prepared(headers={"host": "example.org"})
    assert sent(request).count(b"Host: ") == 1
    assert b"\r\nHost: example.org\r\n" in sent(request)
    assert request.route.host == "example.com"


def test_the_sessions_host_is_sent_instead_of_the_urls() -> None:
    assert b"\r\nHost: example.org\r\n" in sent(prepared(session_headers={"Host": "example.org"}))


@pytest.mark.parametrize("where", ["headers", "session_headers"])
def test_the_callers_connection_is_sent_once(where: str) -> None:
    request = prepared(**{where: {"connection": "close"}})  # type: ignore[arg-type]
    assert sent(request).lower().count(b"connection: ") == 1
    assert request.head.connection == "close"


@pytest.mark.parametrize("name", ["Host", "Connection", "Content-Length"])
def test_a_header_that_can_be_there_once_is_refused_twice(name: str) -> None:
    with pytest.raises(ValueError, match="more than once"):
        prepared(headers=[(name, "5"), (name.lower(), "5")], data=b"hello")


@pytest.mark.parametrize("where", ["headers", "session_headers"])
def test_transfer_encoding_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="chunked=True"):
        prepared(method="POST", **{where: {"transfer-encoding": "chunked"}})  # type: ignore[arg-type]


def test_content_length_cannot_be_a_header_of_the_session() -> None:
    with pytest.raises(ValueError, match="header of the session"):
        prepared(session_headers={"Content-Length": "5"})


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "options", "length"),
    [
        ("GET", {}, NO_BODY),
        ("HEAD", {}, NO_BODY),
        ("DELETE", {}, NO_BODY),
        ("POST", {}, 0),
        ("PUT", {}, 0),
        ("PATCH", {}, 0),
        ("GET", {"data": b"hello"}, 5),
        ("POST", {"data": b""}, 0),
        ("POST", {"data": b"hello"}, 5),
        ("POST", {"data": bytearray(b"hello")}, 5),
        ("POST", {"data": memoryview(b"hello")}, 5),
        ("POST", {"data": "\u20ac"}, 3),
        ("POST", {"json": {"a": 1}}, 8),
        ("POST", {"json": 0}, 1),
        ("POST", {"json": []}, 2),
        ("POST", {"json": None}, 0),
        ("POST", {"data": None}, 0),
        ("POST", {"data": b"hello", "chunked": True}, CHUNKED),
        ("POST", {"data": b"hello", "chunked": False}, 5),
        ("POST", {"data": b"hello", "chunked": None}, 5),
        ("POST", {"data": b"hello", "headers": {"Content-Length": "5"}}, 5),
        ("GET", {"headers": {"Content-Length": "0"}}, 0),
    ],
)
def test_the_head_says_how_the_body_is_framed(
    method: str, options: dict[str, object], length: int
) -> None:
    assert prepared(method=method, **options).head.body_length == length  # type: ignore[arg-type]


def test_a_body_of_unknown_size_is_sent_in_chunks() -> None:
    assert prepared(method="POST", data=pieces()).head.body_length == CHUNKED


def test_the_caller_can_say_the_size_of_a_body_that_comes_in_pieces() -> None:
    request = prepared(method="POST", data=pieces(), headers={"content-length": "5"})
    assert request.head.body_length == 5
    assert sent(request).lower().count(b"content-length: 5\r\n") == 1


@pytest.mark.parametrize(
    ("options", "content_type"),
    [
        ({"data": b"hello"}, "application/octet-stream"),
        ({"data": "hello"}, "text/plain; charset=utf-8"),
        ({"json": [1]}, "application/json"),
        ({"data": "a=1", "headers": {"content-type": "x/y"}}, "x/y"),
        ({"json": [1], "headers": {"content-type": "x/y+json"}}, "x/y+json"),
    ],
)
def test_the_body_has_a_content_type(options: dict[str, object], content_type: str) -> None:
    fields = fields_of(prepared(method="POST", **options))  # type: ignore[arg-type]
    assert fields.getall("Content-Type") == [content_type]


def test_the_sessions_content_type_comes_before_the_bodys_own() -> None:
    request = prepared(method="POST", json=[1], session_headers={"Content-Type": "x/y"})
    assert fields_of(request).getall("Content-Type") == ["x/y"]


def test_each_body_has_its_own_content_type_whatever_was_sent_before() -> None:
    maker = preparer()
    for kind in [*range(20), *range(20)]:
        body = BytesPayload(b"x", content_type=f"text/x-{kind}")
        fields = fields_of(maker.prepare("POST", "http://example.com/", {"data": body}))
        assert fields.getall("Content-Type") == [f"text/x-{kind}"]
        assert "Content-Type" not in fields_of(maker.prepare("POST", "http://example.com/", {}))


def test_a_body_waits_if_the_session_says_that_it_expects_100() -> None:
    maker = preparer(headers={"expect": "100-Continue"})
    assert maker.prepare("POST", "http://example.com/", {"json": 1}).wishes.expect_100_s == 1.0
    assert maker.prepare("POST", "http://example.com/", {"data": b""}).wishes.expect_100_s is None


def test_the_whole_head_is_as_expected() -> None:
    request = prepared(
        "http://me:secret@example.com:81/a?b=c",
        "POST",
        headers={
            "Accept": "x/y",
            "Accept-Encoding": "gzip",
            "User-Agent": "me",
            "Connection": "close",
        },
        json={"a": 1},
    )
    assert sent(request) == (
        b"POST /a?b=c HTTP/1.1\r\n"
        b"Host: example.com:81\r\n"
        b"Authorization: Basic bWU6c2VjcmV0\r\n"
        b"Accept: x/y\r\n"
        b"Accept-Encoding: gzip\r\n"
        b"User-Agent: me\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 8\r\n"
        b"Connection: close\r\n"
        b"\r\n"
    )


# --- contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"data": b"x", "json": 1}, ValueError, "data and json"),
        ({"data": b"", "json": []}, ValueError, "data and json"),
        (
            {"data": b"x", "chunked": True, "headers": {"Content-Length": "1"}},
            ValueError,
            "exclude",
        ),
        ({"data": b"x", "headers": {"Content-Length": "2"}}, ValueError, "says 2"),
        ({"data": b"x", "headers": {"Content-Length": "0"}}, ValueError, "says 0"),
        ({"headers": {"Content-Length": "1"}}, ValueError, "says 1"),
        ({"data": b"x", "headers": {"Content-Length": "-1"}}, ValueError, "invalid"),
        ({"data": b"x", "headers": {"Content-Length": "+1"}}, ValueError, "invalid"),
        ({"data": b"x", "headers": {"Content-Length": "1_0"}}, ValueError, "invalid"),
        ({"data": b"x", "headers": {"Content-Length": "\u0661"}}, ValueError, "invalid"),
        ({"data": b"x", "headers": {"Content-Length": ""}}, ValueError, "invalid"),
        ({"data": b"x", "headers": {"Content-Length": "1, 1"}}, ValueError, "invalid"),
        ({"dat": b"x"}, TypeError, "unknown request option 'dat'"),
        ({"verify": False}, TypeError, "unknown request option 'verify'"),
        ({"data": 5}, TypeError, "data must be"),
        ({"data": object()}, TypeError, "data must be"),
        ({"ssl": "yes"}, TypeError, "ssl must be"),
        ({"timeout": "5"}, TypeError, "seconds"),
        ({"timeout": -1}, ValueError, "negative"),
        ({"timeout": float("nan")}, ValueError, "negative"),
        ({"json": {1, 2}}, TypeError, "JSON"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        prepared(method="POST", **options)  # type: ignore[arg-type]


def test_an_error_about_a_body_does_not_show_what_is_in_it() -> None:
    with pytest.raises(TypeError) as caught:
        prepared(method="POST", data=["secret"])
    assert "secret" not in str(caught.value)


# --- injection -----------------------------------------------------------------------------------

EVIL = ["\r", "\n", "\r\n", "\0", "\r\nX-Evil: 1", "\r\n\r\nGET /evil HTTP/1.1\r\n"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X-A": "a{}b"}},
        {"headers": {"X-A{}": "b"}},
        {"headers": {"X-A": "{}"}},
        {"headers": {"Host": "example.com{}"}},
        {"headers": {"Connection": "close{}"}},
        {"headers": {"Content-Length": "5{}"}, "data": b"hello"},
        {"headers": {"Content-Type": "text/plain{}"}, "data": b"hello"},
        {"headers": {"User-Agent": "me{}"}},
        {"session_headers": {"X-A": "a{}b"}},
        {"session_headers": {"Host": "example.com{}"}},
        {"session_headers": {"Connection": "close{}"}},
    ],
)
def test_no_header_can_end_a_line(options: dict[str, dict[str, str]], evil: str) -> None:
    filled: dict[str, object] = {
        key: {name.format(evil): text.format(evil) for name, text in value.items()}
        if isinstance(value, dict)
        else value
        for key, value in options.items()
    }
    with pytest.raises(ValueError):  # noqa: PT011
        sent(prepared(**filled))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "method", ["GE T", "", "GET\r\n", "GET /x HTTP/1.1\r\nX", "G\0T", "G\u00cbT"]
)
def test_a_method_is_a_token(method: str) -> None:
    with pytest.raises(ValueError, match="method"):
        sent(prepared(method=method))


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "form", ["http://example.com/a{}", "http://example.com/?a={}", "http://example.com{}/"]
)
def test_no_url_can_end_the_request_line(form: str, evil: str) -> None:
    try:
        head = sent(prepared(form.format(evil)))
    except ValueError:
        return
    lines = head.split(b"\r\n")
    assert re.fullmatch(rb"GET /[!-~]* HTTP/1\.1", lines[0])
    assert re.fullmatch(rb"Host: [!-~]+", lines[1])
    assert len(lines) == len(sent(prepared()).split(b"\r\n"))


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("kind", ["mapping", "key", "text"])
def test_no_params_can_end_the_request_line(kind: str, evil: str) -> None:
    params: object = {"mapping": {"a": evil}, "key": {evil: "a"}, "text": f"a={evil}"}[kind]
    try:
        head = sent(prepared(params=params))
    except ValueError:
        return
    assert re.fullmatch(rb"GET /[!-~]* HTTP/1\.1", head.split(b"\r\n")[0])
    assert len(head.split(b"\r\n")) == len(sent(prepared()).split(b"\r\n"))


@pytest.mark.parametrize("evil", ["\r\nX: 1", "\n", "\0", " ", "\u20ac", "\x7f"])
def test_a_url_that_claims_to_be_encoded_is_checked_too(evil: str) -> None:

    url = URL.build(scheme="http", host="example.com", path="/a" + evil, encoded=True)
    with pytest.raises(ValueError, match="request target"):
        sent(prepared(url))


@pytest.mark.parametrize("evil", ["\r\nX: 1", "\n", "\0"])
def test_user_info_cannot_end_a_line(evil: str) -> None:

    url = URL.build(scheme="http", user="me" + evil, password="x" + evil, host="example.com")
    try:
        head = sent(prepared(url))
    except ValueError:
        return
    assert re.search(rb"\r\nAuthorization: Basic [A-Za-z0-9+/=]+\r\n", head)


# --- the session's headers change ----------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"json": 1}, {"headers": {"X-C": "4"}}])
def test_a_change_of_the_sessions_headers_counts_from_the_next_request_on(
    options: RequestOptions,
) -> None:
    headers = CIMultiDict({"X-A": "1"})

    maker = Preparer(Defaults(None, headers, str))
    assert fields_of(maker.prepare("GET", "http://example.com/", options))["X-A"] == "1"
    headers["X-A"] = "2"
    headers["X-B"] = "3"
    fields = fields_of(maker.prepare("GET", "http://example.com/", options))
    assert (fields["X-A"], fields["X-B"]) == ("2", "3")
    del headers["X-A"]
    assert "X-A" not in fields_of(maker.prepare("GET", "http://example.com/", options))


@pytest.mark.parametrize("options", [{}, {"json": 1}, {"headers": {"X-C": "4"}}])
def test_a_bad_header_of_the_session_is_refused_every_time_until_it_is_gone(
    options: RequestOptions,
) -> None:
    headers = CIMultiDict({"X-A": "a\r\nb"})

    maker = Preparer(Defaults(None, headers, str))
    for _ in range(2):
        with pytest.raises(ValueError, match="control character"):
            maker.prepare("GET", "http://example.com/", options)
    headers["X-A"] = "good"
    assert fields_of(maker.prepare("GET", "http://example.com/", options))["X-A"] == "good"


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (5, ClientTimeout(total=5, sock_connect=30)),
        (2.5, ClientTimeout(total=2.5, sock_connect=30)),
        (None, ClientTimeout(total=None, sock_connect=30)),
        (ClientTimeout(connect=1), ClientTimeout(connect=1)),
    ],
)
def test_a_requests_timeout_replaces_the_sessions(wish: object, expected: ClientTimeout) -> None:
    assert prepared(timeout=wish).wishes.timeout == expected


def test_without_a_wish_the_sessions_timeout_counts() -> None:
    for request in (prepared(), prepared(headers={"X-A": "1"})):
        assert request.wishes.timeout == ClientTimeout(total=300, sock_connect=30)


# --- options that were there before --------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wish"),
    [
        ({"verify_ssl": False}, False),
        ({"verify_ssl": True}, True),
        ({"ssl_context": CONTEXT}, CONTEXT),
        ({"fingerprint": bytes(32)}, Fingerprint(bytes(32))),
    ],
)
def test_deprecated_options_of_tls_are_what_ssl_is(
    options: dict[str, object], wish: object
) -> None:
    with pytest.warns(
        DeprecationWarning, match=f"{next(iter(options))} is deprecated, use ssl"
    ) as w:
        request = prepared("https://example.com/", **options)
    assert request.route.ssl == wish
    assert w[0].filename == preparing.__file__  # which called first


@pytest.mark.parametrize(
    "options",
    [
        {"verify_ssl": False, "ssl": False},
        {"verify_ssl": False, "ssl_context": CONTEXT},
        {"fingerprint": bytes(32), "ssl": CONTEXT},
    ],
)
def test_deprecated_options_of_tls_exclude_each_other_and_ssl(options: dict[str, object]) -> None:
    with (
        pytest.warns(DeprecationWarning, match="use ssl"),
        pytest.raises(ValueError, match="exclude each other"),
    ):
        prepared("https://example.com/", **options)


@pytest.mark.parametrize("options", [{"verify_ssl": 5}, {"ssl_context": 5}, {"fingerprint": "a"}])
def test_deprecated_options_of_tls_have_their_types(options: dict[str, object]) -> None:
    with pytest.warns(DeprecationWarning, match="use ssl"), pytest.raises(TypeError):
        prepared("https://example.com/", **options)


# --- what a body says of itself ------------------------------------------------------------------


def test_headers_of_a_payload_are_sent_unless_the_caller_says_others() -> None:
    payload = BytesPayload(b"a", {"X-One": "1", "X-Two": "2", "Content-Length": "9", "Host": "h"})
    request = prepared(method="POST", data=payload, headers={"x-two": "own"})
    fields = fields_of(request)
    assert (fields["X-One"], fields.getall("X-Two")) == ("1", ["own"])
    assert fields["Content-Type"] == "application/octet-stream"
    assert request.head.body_length == 1
    assert request.head.authority == "example.com"


def test_compressed_body_is_announced() -> None:
    request = prepared(method="POST", data="text", compress="gzip")
    fields = fields_of(request)
    assert fields["Content-Encoding"] == "gzip"
    assert fields["Content-Type"] == "text/plain; charset=utf-8"
    assert request.head.body_length == CHUNKED


@pytest.mark.parametrize(
    "options", [{"compress": False, "data": "a"}, {"compress": "gzip", "data": ""}]
)
def test_body_is_not_compressed_if_that_is_not_wished_or_pointless(
    options: dict[str, object],
) -> None:
    assert "Content-Encoding" not in fields_of(prepared(method="POST", **options))


def test_compress_and_a_coding_of_the_caller_s_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="compress and a Content-Encoding header"):
        prepared(method="POST", data="a", compress=True, headers={"content-encoding": "gzip"})


def test_compress_names_a_coding_that_is_known() -> None:
    with pytest.raises(ValueError, match="compress='nonsense'"):
        prepared(method="POST", data="a", compress="nonsense")


# --- HTTP/1.0 ------------------------------------------------------------------------------------


def test_a_request_of_http_1_0_says_so() -> None:
    session = preparer(minor_version=0)
    for options in ({}, {"data": b"hello"}):
        request = session.prepare("POST", "http://example.com/", options)  # type: ignore[arg-type]
        assert sent(request).startswith(b"POST / HTTP/1.0\r\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": pieces()}, "a body of unknown size"),
        ({"data": b"hello", "chunked": True}, "chunked=True"),
        ({"data": b"hello", "compress": True}, "a body of unknown size"),
        ({"data": b"hello", "expect100": True}, "expect100=True"),
    ],
)
def test_what_needs_http_1_1_is_refused_in_http_1_0(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*needs HTTP/1.1"):
        preparer(minor_version=0).prepare("POST", "http://example.com/", options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"ssl": None}, {"verify_ssl": None}, {}])
def test_no_wish_of_tls_is_that_of_the_session(options: RequestOptions) -> None:
    request = preparer(ssl=False).prepare("GET", "https://a.example/", options)
    assert request.route.ssl is False

"""The response as the caller sees it; it arrives over a fake link."""

import gzip
import json
from typing import Any

import pytest
from fake_link import Ends, FakeTransport, connect, new_exchange
from preparing import prepared
from running import asynchronous, cancelled, settled, started

from aioclient import (
    ClientConnectionError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ContentTypeError,
    HttpVersion10,
    HttpVersion11,
)
from aioclient._connection.exchange import DEFAULT_READING, Reading
from aioclient._message.response import new_response

JSON = "Content-Type: application/json"
GZIPPED = ("Content-Encoding: gzip",)


class Stage:
    """A response whose first bytes have arrived; `response` is made of what there is."""

    def __init__(
        self,
        *received: bytes,
        method: str = "GET",
        url: str = "http://a.example/b",
        reading: Reading = DEFAULT_READING,
    ) -> None:
        self.transport: FakeTransport
        connection, self.transport = connect()
        self.ends = Ends()
        self.exchange = new_exchange(self.ends)
        self.exchange.reading = reading
        request = prepared(url, method)
        connection.begin(request.head, None, self.exchange)
        for data in received:
            self.transport.receive(data)
        assert self.exchange.waiter.done()
        assert self.exchange.head is not None
        self.response: ClientResponse | None = new_response(
            ClientResponse, request, self.exchange.head, self.exchange, 1
        )


def response_to(
    body: bytes = b"",
    *fields: str,
    status: str = "200 OK",
    method: str = "GET",
    streamed: bool = False,
    reading: Reading = DEFAULT_READING,
) -> ClientResponse:
    """A response with this body, which arrives with the head or after it."""
    lines = "".join(f"{field}\r\n" for field in fields)
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode("latin-1")
    received = [head, body] if streamed and body else [head + body]
    stage = Stage(*received, method=method, reading=reading)
    assert stage.response is not None
    return stage.response


# --- head ----------------------------------------------------------------------------------------


@asynchronous
async def test_a_response_says_what_was_asked_and_answered() -> None:
    response = response_to(b"hello", "X-A: 1", status="404 Nothing Here", method="DELETE")
    assert response.status == 404
    assert response.reason == "Nothing Here"
    assert response.method == "DELETE"
    assert response.version == HttpVersion11
    assert str(response.url) == "http://a.example/b"
    assert response.host == "a.example"
    assert response.history == ()
    assert repr(response) == "<ClientResponse DELETE http://a.example/b [404 Nothing Here]>"


@asynchronous
async def test_links_are_taken_from_all_link_fields() -> None:
    response = response_to(b"", "Link: </2>; rel=next", "Link: <c>; rel=last")
    assert {rel: str(link["url"]) for rel, link in response.links.items()} == {
        "next": "http://a.example/2",
        "last": "http://a.example/c",
    }
    assert len(response_to(b"").links) == 0


@asynchronous
async def test_the_content_disposition_is_parsed() -> None:
    response = response_to(b"", "Content-Disposition: attachment; filename*=UTF-8''na%C3%AFve.txt")
    disposition = response.content_disposition
    assert disposition is not None
    assert (disposition.type, disposition.filename) == ("attachment", "na\u00efve.txt")
    assert list(disposition.parameters) == ["filename*"]
    assert response_to(b"").content_disposition is None


@asynchronous
async def test_url_obj_is_a_deprecated_name() -> None:
    response = response_to()
    with pytest.warns(DeprecationWarning, match="use url"):
        assert response.url_obj is response.url


@asynchronous
async def test_the_fragment_is_in_real_url_only() -> None:
    stage = Stage(b"HTTP/1.1 204 OK\r\n\r\n", url="http://a.example/b#c")
    assert stage.response is not None
    assert str(stage.response.url) == "http://a.example/b"
    assert str(stage.response.real_url) == "http://a.example/b#c"


@pytest.mark.parametrize(
    ("status", "ok"), [("200", True), ("204", True), ("302", True), ("399", True), ("400", False),
                       ("404", False), ("500", False), ("599", False), ("999", False)]
)  # fmt: skip
@asynchronous
async def test_ok_means_a_status_below_400(status: str, ok: bool) -> None:
    assert response_to(status=status).ok is ok


@asynchronous
async def test_the_version_is_the_servers() -> None:
    stage = Stage(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert stage.response is not None
    assert stage.response.version == HttpVersion10


@asynchronous
async def test_an_empty_reason_is_empty() -> None:
    assert response_to(status="200 ").reason == ""
    assert response_to(status="200").reason == ""


@asynchronous
async def test_headers_are_read_without_regard_to_case_and_cannot_be_changed() -> None:
    response = response_to(b"", "X-A: 1", "x-a: 2", "X-B: \u017e".encode().decode("latin-1"))
    assert response.headers["X-a"] == "1"
    assert response.headers.getall("X-A") == ["1", "2"]
    assert response.headers["x-b"] == "\u017e"
    assert response.headers is response.headers
    assert not hasattr(response.headers, "add")


@asynchronous
async def test_raw_headers_are_as_they_came() -> None:
    response = response_to(b"", "x-A:  1 ", "X-b: \xff")
    assert response.raw_headers == (
        (b"Content-Length", b"0"),
        (b"x-A", b"1"),
        (b"X-b", b"\xff"),
    )


@pytest.mark.parametrize(
    ("field", "content_type", "charset"),
    [
        (None, "application/octet-stream", None),
        ("", "application/octet-stream", None),
        ("text/html", "text/html", None),
        ("TEXT/HTML", "text/html", None),
        ("text/html; charset=UTF-8", "text/html", "UTF-8"),
        ('text/html;charset="utf-8"', "text/html", "utf-8"),
        ("text/html; a=b; CHARSET=latin-1", "text/html", "latin-1"),
        ("nonsense", "application/octet-stream", None),
    ],
)
@asynchronous
async def test_content_type_and_charset(
    field: str | None, content_type: str, charset: str | None
) -> None:
    response = response_to(b"", *([] if field is None else [f"Content-Type: {field}"]))
    assert response.content_type == content_type
    assert response.charset == charset


@asynchronous
async def test_content_length_is_a_number_or_none() -> None:
    assert response_to(b"hello").content_length == 5
    stage = Stage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert stage.response is not None
    assert stage.response.content_length is None


@pytest.mark.parametrize("value", ["abc", "-1", "+5", "1_000", "9" * 5000, ""])
@asynchronous
async def test_a_content_length_that_is_no_number_is_none_where_there_is_no_body(
    value: str,
) -> None:
    stage = Stage(f"HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n".encode(), method="HEAD")
    assert stage.response is not None
    assert stage.response.content_length is None


@asynchronous
async def test_content_length_of_a_head_request_is_what_the_server_said() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", method="HEAD")
    assert stage.response is not None
    assert stage.response.content_length == 500
    assert await stage.response.read() == b""


# --- connection ----------------------------------------------------------------------------------


@asynchronous
async def test_the_transport_is_there_while_the_response_holds_the_connection() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    connection = stage.response.connection
    assert connection.transport is stage.transport
    assert stage.response.connection is connection
    stage.transport.receive(b"llo")
    assert connection.transport is None
    assert stage.response.connection is connection


@asynchronous
async def test_the_transport_is_gone_when_the_response_is_released() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    connection = stage.response.connection
    stage.response.release()
    assert connection.transport is None
    stage.transport.receive(b"llo")
    assert connection.transport is None
    assert response_to(b"whole").connection.transport is None


# --- read ------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_read_gives_the_whole_body_again_and_again(streamed: bool) -> None:
    response = response_to(b"hello", streamed=streamed)
    assert await response.read() == b"hello"
    assert await response.read() == b"hello"
    assert await response.text() == "hello"


@asynchronous
async def test_read_waits_for_the_body() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    reader = await started(stage.response.read())
    assert not reader.done()
    stage.transport.receive(b"llo")
    assert await reader == b"hello"


@asynchronous
async def test_a_body_that_breaks_off_is_an_error_every_time() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    stage.transport.receive_eof()
    assert stage.response is not None
    for _ in range(2):
        with pytest.raises(ClientPayloadError, match="expected 5 bytes, got 2"):
            await stage.response.read()
    await settled()


@asynchronous
async def test_a_read_that_was_cancelled_never_passes_off_the_rest_as_the_whole() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    await cancelled(await started(stage.response.read()))
    stage.transport.receive(b"llo")
    try:
        assert await stage.response.read() == b"hello"
    except ClientConnectionError:
        pass  # it may be refused, but not cut short


@asynchronous
async def test_content_gives_the_body_as_a_stream() -> None:
    for streamed in (False, True):
        response = response_to(b"hello", streamed=streamed)
        assert [piece async for piece in response.content.iter_chunked(2)] == [b"he", b"ll", b"o"]
        assert response.content.at_eof()
        assert response.content is response.content


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_content_is_at_its_end_after_read(streamed: bool) -> None:
    response = response_to(b"hello", streamed=streamed)
    assert await response.read() == b"hello"
    assert await response.content.read() == b""


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_read_gives_what_content_has_left(streamed: bool) -> None:
    response = response_to(b"hello", streamed=streamed)
    assert await response.content.read(2) == b"he"
    assert await response.read() == b"llo"


# --- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "\u017e".encode(), "\u017e"),
        ("text/plain; charset=utf-8", "\u017e".encode(), "\u017e"),
        ("text/plain; charset=iso-8859-2", b"\xbe", "\u017e"),
        ("text/plain; charset=utf-16", "\u017e".encode("utf-16"), "\u017e"),
        ("text/plain; charset=nonsense", "\u017e".encode(), "\u017e"),
        ("text/plain; charset=", "\u017e".encode(), "\u017e"),
    ],
)
@asynchronous
async def test_text_is_decoded_by_its_charset_or_as_utf_8(
    content_type: str, body: bytes, text: str
) -> None:
    assert await response_to(body, f"Content-Type: {content_type}").text() == text


@pytest.mark.parametrize("charset", ["hex", "base64", "rot13", "zip", "a\xff"])
@asynchronous
async def test_a_charset_that_is_no_encoding_of_text_counts_as_none(charset: str) -> None:
    response = response_to("\u017e".encode(), f"Content-Type: text/plain; charset={charset}")
    assert await response.text() == "\u017e"


@asynchronous
async def test_the_caller_can_choose_the_encoding_and_what_to_do_about_errors() -> None:
    response = response_to(b"\xbe", "Content-Type: text/plain; charset=utf-8")
    with pytest.raises(UnicodeDecodeError):
        await response.text()
    assert await response.text("iso-8859-2") == "\u017e"
    assert await response.text(errors="replace") == "\ufffd"
    assert await response.text(encoding="ascii", errors="ignore") == ""


@asynchronous
async def test_get_encoding_is_the_codec_for_the_text() -> None:
    assert response_to().get_encoding() == "utf-8"
    assert (
        response_to(b"", "Content-Type: text/html; charset=Latin-1").get_encoding() == "iso8859-1"
    )


# --- json ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/problem+json",
        "application/vnd.api+json",
        "application/ld+json;profile=x",
        "application/jsonp",
    ],
)
@asynchronous
async def test_json_takes_any_type_that_begins_as_a_json_type(content_type: str) -> None:
    response = response_to(b'{"a": [1, null]}', f"Content-Type: {content_type}")
    assert await response.json() == {"a": [1, None]}


@pytest.mark.parametrize(
    "field",
    ["", "Content-Type: text/json", "Content-Type: text/html", "Content-Type: application/xml",
     "Content-Type: x-application/json", "Content-Type: application/javascript"],
)  # fmt: skip
@asynchronous
async def test_json_refuses_other_types(field: str) -> None:
    response = response_to(b"{}", *([field] if field else []))
    with pytest.raises(ContentTypeError) as caught:
        await response.json()
    error = caught.value
    assert error.status == 200
    assert error.headers == response.headers
    assert error.request_info.method == "GET"
    assert response.content_type in str(error)
    assert await response.json(content_type=None) == {}


@asynchronous
async def test_json_can_ask_for_another_type() -> None:
    response = response_to(b"{}", "Content-Type: text/json; charset=utf-8")
    assert await response.json(content_type="text/json") == {}
    with pytest.raises(ContentTypeError):
        await response_to(b"{}", JSON).json(content_type="text/json")


@pytest.mark.parametrize("body", [b"", b"  ", b"\r\n\t "])
@asynchronous
async def test_an_empty_body_is_none(body: bytes) -> None:
    assert await response_to(body, JSON).json() is None


@asynchronous
async def test_an_empty_body_of_another_type_is_still_refused() -> None:
    with pytest.raises(ContentTypeError):
        await response_to(b"", "Content-Type: text/html").json()


@pytest.mark.parametrize(
    ("body", "value"),
    [(b"null", None), (b"5", 5), (b' {"a":1}\n', {"a": 1}), ("\"\u017e\"".encode(), "\u017e"),
     (b"[1.5, true]", [1.5, True])],
)  # fmt: skip
@asynchronous
async def test_json_gives_the_value(body: bytes, value: object) -> None:
    for streamed in (False, True):
        assert await response_to(body, JSON, streamed=streamed).json() == value


@pytest.mark.parametrize("body", [b"{", b"{} {}", b"1 2", b"nul", b"<html>", b"{}x", b"'a'"])
@asynchronous
async def test_what_is_not_json_is_a_value_error_as_of_the_standard_library(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError) as ours:
        await response_to(body, JSON).json()
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(body)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-be"])
@pytest.mark.parametrize("text", ['{"a": 1}', '\n{"a": 1}', '{"a": 1}\n', ' {"a": 1} \r\n'])
@asynchronous
async def test_json_is_decoded_by_its_charset(charset: str, text: str) -> None:
    response = response_to(text.encode(charset), f"{JSON}; charset={charset}")
    assert await response.json() == {"a": 1}


@asynchronous
async def test_json_can_be_told_the_encoding_and_the_decoder() -> None:
    seen: list[str] = []

    def loads(text: str) -> Any:
        seen.append(text)
        return 5

    response = response_to(b"\xbe", JSON)
    assert await response.json(encoding="iso-8859-2", loads=loads) == 5
    assert seen == ["\u017e"]


@asynchronous
async def test_json_of_the_wrong_charset_is_a_value_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        await response_to(b'"\xbe"', JSON).json()


# --- status ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "399 X"])
@asynchronous
async def test_a_good_status_raises_nothing(status: str) -> None:
    response_to(status=status).raise_for_status()


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 X", "599 "])
@asynchronous
async def test_a_bad_status_raises(status: str) -> None:
    response = response_to(b"why", "X-A: 1", status=status)
    with pytest.raises(ClientResponseError) as caught:
        response.raise_for_status()
    error = caught.value
    code, _, reason = status.partition(" ")
    assert (error.status, error.message) == (int(code), reason)
    assert error.headers is not None
    assert error.headers["x-a"] == "1"
    assert str(error) == f"{code}, message={reason!r}, url='http://a.example/b'"
    assert await response.read() == b"why"


@asynchronous
async def test_credentials_are_not_shown_by_a_response_or_its_errors() -> None:
    stage = Stage(
        b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", url="http://me:secret@a.example/"
    )
    assert stage.response is not None
    with pytest.raises(ClientResponseError) as caught:
        stage.response.raise_for_status()
    for shown in (repr(stage.response), str(stage.response.url), str(stage.response.real_url),
                  str(caught.value), repr(caught.value)):  # fmt: skip
        assert "secret" not in shown
        assert "bWU6c2VjcmV0" not in shown
    assert stage.response.request_info.headers["Authorization"] == "Basic bWU6c2VjcmV0"


def error_of(response: ClientResponse) -> ClientResponseError:
    with pytest.raises(ClientResponseError) as caught:
        response.raise_for_status()
    return caught.value


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_an_error_carries_the_body(streamed: bool) -> None:
    response = response_to(b"what is wrong", status="400 Bad", streamed=streamed)
    assert error_of(response).body == b"what is wrong"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("how", ["peek", "read", "some", "content"])
@asynchronous
async def test_the_body_of_an_error_can_be_read_in_the_block(streamed: bool, how: str) -> None:
    response = response_to(b"what is wrong", status="400 Bad", streamed=streamed)
    async with response:
        if how == "read":
            await response.read()
        elif how == "some":
            assert await response.content.read(5) == b"what "
        elif how == "content":
            assert response.content.at_eof() is False
        expected = b"is wrong" if how == "some" else b"what is wrong"
        assert error_of(response).body == expected
        assert error_of(response).body == expected
        assert await response.read() == expected


@asynchronous
async def test_an_error_in_the_block_carries_what_has_arrived_and_takes_nothing() -> None:
    stage = Stage(b"HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    async with stage.response:
        assert error_of(stage.response).body == b"he"
        assert not stage.response.closed
        stage.transport.receive(b"llo")
        assert error_of(stage.response).body == b"hello"
        assert await stage.response.read() == b"hello"


@asynchronous
async def test_an_error_outside_of_a_block_releases_the_response() -> None:
    stage = Stage(b"HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    assert error_of(stage.response).body == b"he"
    assert stage.response.closed
    with pytest.raises(ClientConnectionError, match="released"):
        await stage.response.text()
    assert error_of(stage.response).body == b""
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]


@asynchronous
async def test_a_good_status_releases_nothing() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    stage.response.raise_for_status()
    assert not stage.response.closed
    stage.response.close()
    await settled()


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_an_error_carries_no_more_than_the_limit(streamed: bool) -> None:
    body = bytes(range(256)) * 300
    response = response_to(body, status="500 Bad", streamed=streamed)
    assert error_of(response).body == body[: 64 * 1024]
    assert await response.read() == body


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("limit", [0, 5])
@asynchronous
async def test_the_limit_of_what_an_error_carries_can_be_set(streamed: bool, limit: int) -> None:
    for fields, body in (((), b"what is wrong"), (GZIPPED, gzip.compress(b"what is wrong"))):
        response = response_to(
            body,
            *fields,
            status="500 Bad",
            streamed=streamed,
            reading=Reading(max_error_body_bytes=limit),
        )
        assert error_of(response).body == b"what is wrong"[:limit]


@pytest.mark.parametrize("streamed", [False, True])
@asynchronous
async def test_an_error_carries_the_body_decoded(streamed: bool) -> None:
    plain = b"what is wrong " * 10_000
    response = response_to(gzip.compress(plain), *GZIPPED, status="500 Bad", streamed=streamed)
    async with response:
        assert error_of(response).body == plain[: 64 * 1024]
        assert await response.read() == plain


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("coded", "fields", "body"),
    [
        (gzip.compress(b"what is wrong" * 100)[:-12], GZIPPED, b"what is wrong"),
        (b"this is not gzip", GZIPPED, b""),
        (b"coded too often", ["Content-Encoding: " + "gzip, " * 6], b""),
        (b"as it is", ["Content-Encoding: unknown"], b"as it is"),
        (b"", GZIPPED, b""),
    ],
)
@asynchronous
async def test_a_broken_coding_gives_what_could_be_decoded(
    coded: bytes, fields: list[str], body: bytes, streamed: bool
) -> None:
    response = response_to(coded, *fields, status="500 Bad", streamed=streamed)
    error = error_of(response)
    assert error.body.startswith(body)
    assert bool(error.body) == bool(body)


@asynchronous
async def test_an_error_carries_the_body_as_it_came_if_nothing_is_to_be_decoded() -> None:
    coded = gzip.compress(b"what is wrong")
    response = response_to(
        coded, *GZIPPED, status="500 Bad", reading=Reading(auto_decompress=False)
    )
    assert error_of(response).body == coded


@pytest.mark.parametrize("fields", [(), GZIPPED])
@asynchronous
async def test_an_error_without_a_body_carries_none(fields: tuple[str, ...]) -> None:
    lines = "".join(f"{field}\r\n" for field in fields)
    head = f"HTTP/1.1 404 X\r\nContent-Length: 5\r\n{lines}\r\n".encode()
    stage = Stage(head, method="HEAD")
    assert stage.response is not None
    assert error_of(stage.response).body == b""


# --- the end ---------------------------------------------------------------------------------


@asynchronous
async def test_a_response_that_has_arrived_whole_is_closed_and_its_connection_kept() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    assert stage.response is not None
    assert stage.response.closed
    stage.response.release()
    stage.response.close()
    assert stage.ends.told == [True]
    assert not stage.transport.is_closing()


async def let_go(response: ClientResponse, how: str) -> None:
    """Release a response in one of the ways that there are."""
    if how == "release":
        response.release()
    elif how == "close":
        response.close()
    elif how == "await release":
        await response.release()
    else:
        async with response:
            pass


@pytest.mark.parametrize("how", ["release", "close", "await release", "async with"])
@asynchronous
async def test_a_large_body_that_nobody_wants_cuts_the_connection(how: str) -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhe")
    response = stage.response
    assert response is not None
    assert not response.closed
    await let_go(response, how)
    assert response.closed
    assert stage.ends.told == [False]
    assert stage.transport.was_aborted
    with pytest.raises(ClientConnectionError, match="released"):
        await response.read()
    await settled()


@pytest.mark.parametrize("how", ["release", "await release", "async with"])
@asynchronous
async def test_a_small_rest_that_nobody_wants_is_let_come(how: str) -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    response = stage.response
    assert response is not None
    await let_go(response, how)
    assert response.closed
    assert stage.ends.told == []
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]
    with pytest.raises(ClientConnectionError, match="released"):
        await response.read()


@asynchronous
async def test_close_does_not_wait_for_a_small_rest() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    stage.response.close()
    assert stage.ends.told == [False]
    assert stage.transport.was_aborted
    await settled()


@asynchronous
async def test_close_after_release_does_not_wait_either() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    stage.response.release()
    stage.response.close()
    stage.response.close()
    assert stage.ends.told == [False]
    assert stage.transport.was_aborted
    await settled()


@asynchronous
async def test_a_released_response_that_is_dropped_is_drained_all_the_same() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    stage.response.release()
    stage.response = None
    await settled()
    assert not stage.transport.is_closing()
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]


@asynchronous
async def test_what_had_arrived_is_gone_when_it_is_released() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    content = stage.response.content
    stage.response.release()
    with pytest.raises(ClientConnectionError, match="released"):
        await content.readany()
    stage.transport.receive(b"llo")


@asynchronous
async def test_a_coded_body_is_not_decoded_when_it_is_released() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Encoding: gzip\r\n\r\n"
    stage = Stage(head + b"this ")
    assert stage.response is not None
    content = stage.response.content
    stage.response.release()
    stage.transport.receive(b"cannot be decoded: a decoder would complain..")
    assert stage.ends.told == [True]
    assert content.total_bytes == 0
    with pytest.raises(ClientConnectionError, match="released"):
        await content.readany()


@asynchronous
async def test_releasing_wakes_whoever_reads() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    reader = await started(stage.response.read())
    stage.response.release()
    with pytest.raises(ClientConnectionError, match="released"):
        await reader
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]


# --- waiting for the end -------------------------------------------------------------------------


@asynchronous
async def test_there_is_nothing_to_wait_for_when_all_has_arrived() -> None:
    waiting = await started(response_to(b"hello").wait_for_close(), 1)
    assert waiting.done()


@pytest.mark.parametrize("how", ["the rest", "its end", "a drain", "close", "a cut drain"])
@asynchronous
async def test_the_end_can_be_waited_for_whatever_it_is(how: str) -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    if how.endswith("drain"):
        stage.response.release()
    waiting = [await started(stage.response.wait_for_close()) for _ in range(2)]
    assert not any(task.done() for task in waiting)
    if how in ("the rest", "a drain"):
        stage.transport.receive(b"llo")
    elif how == "its end":
        stage.transport.receive_eof()
    else:
        stage.response.close()
    for task in waiting:
        await task
    assert len(stage.ends.told) == 1
    await settled()


@asynchronous
async def test_waiting_for_the_end_can_be_cancelled_by_one_of_two() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    first = await started(stage.response.wait_for_close())
    second = await started(stage.response.wait_for_close())
    await cancelled(first)
    stage.transport.receive(b"llo")
    await second


@asynchronous
async def test_closing_wakes_whoever_reads() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    reader = await started(stage.response.read())
    stage.response.close()
    with pytest.raises(ClientConnectionError, match="released"):
        await reader


@asynchronous
async def test_a_body_that_was_read_stays_after_the_release() -> None:
    response = response_to(b"hello", streamed=True)
    await response.read()
    response.release()
    assert await response.read() == b"hello"


@asynchronous
async def test_a_body_that_arrived_whole_stays_after_the_release() -> None:
    response = response_to(b"hello")
    async with response:
        pass
    assert await response.text() == "hello"


@asynchronous
async def test_a_response_that_is_dropped_unread_cuts_the_connection() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    stage.response = None
    await settled()
    assert stage.ends.told == [False]
    assert stage.transport.was_aborted


@asynchronous
async def test_a_response_that_is_dropped_when_complete_changes_nothing() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", b"llo")
    stage.response = None
    assert stage.ends.told == [True]
    assert not stage.transport.is_closing()


@asynchronous
async def test_an_error_inside_the_block_passes_and_the_response_is_released() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert stage.response is not None
    with pytest.raises(ZeroDivisionError):
        async with stage.response:
            raise ZeroDivisionError
    assert stage.response.closed
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]

"""One exchange after another on a connection: what goes out, and may another follow?"""

from math import inf

import pytest

from aioclient._http.events import CHUNKED, END_OF_MESSAGE, NO_BODY, RequestHead
from aioclient._http1.limits import Limits
from aioclient._http1.machine import Http1Machine
from aioclient.errors import ClientPayloadError, ServerDisconnectedError, ServerProtocolError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
AGREES = OK.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")


def request(
    method="GET", body_length=NO_BODY, connection=None, field_lines=b"A: b\r\n", minor_version=1
):
    return RequestHead(method, "/a", "host", field_lines, body_length, connection, minor_version)


def old_request(**options):
    return request(minor_version=0, **options)


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (request(), b""),
        (request("POST", 0), b"Content-Length: 0\r\n"),
        (request("POST", 5), b"Content-Length: 5\r\n"),
        (request("POST", 10**15), b"Content-Length: 1000000000000000\r\n"),
        (request("POST", CHUNKED), b"Transfer-Encoding: chunked\r\n"),
        (request(connection="close"), b"Connection: close\r\n"),
        (request("POST", 5, "close"), b"Content-Length: 5\r\nConnection: close\r\n"),
    ],
)
def test_head_of_a_request_gets_its_framing(given, lines):
    data = Http1Machine().request(given)
    start = b"%s /a HTTP/1.1\r\nHost: host\r\nA: b\r\n" % given.method.encode()
    assert data == start + lines + b"\r\n"


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (request(), b"Connection: close\r\n"),
        (request(connection="upgrade"), b"Connection: upgrade\r\n"),  # the caller's own word
        (old_request(), b""),  # which means it anyway
    ],
)
def test_the_last_request_of_a_connection_says_so(given, lines):
    machine = Http1Machine()
    assert machine.request(given, is_last=True).endswith(b"A: b\r\n" + lines + b"\r\n")
    events = machine.receive(AGREES)
    assert not machine.may_persist(events[0])


@pytest.mark.parametrize(
    ("field", "seconds"), [(b"timeout=5", 4.0), (b"timeout=5, max=0", 0.0), (b"max=3", inf)]
)
def test_how_long_the_server_keeps_the_connection_is_known_at_its_end(field, seconds):
    machine = Http1Machine()
    machine.request(request())
    head = machine.receive(OK.replace(b"\r\n\r\n", b"\r\nKeep-Alive: %s\r\n\r\n" % field))[0]
    assert machine.may_persist(head)
    assert machine.peer_keeps_s == seconds


def test_request_of_1_0_says_so():
    data = Http1Machine().request(
        old_request(method="POST", body_length=5, connection="keep-alive")
    )
    assert data == (
        b"POST /a HTTP/1.0\r\nHost: host\r\nA: b\r\n"
        b"Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"
    )


def exchange(machine, given, response, *, sent=True):
    """What the machine says of the connection after a request and its whole response."""
    machine.request(given)
    if sent:
        machine.request_sent()
    head, *_, end = machine.receive(response)
    assert end is END_OF_MESSAGE
    return machine.may_persist(head)


@pytest.mark.parametrize(
    ("given", "response", "expected"),
    [
        (request(), OK, True),
        (request("HEAD"), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", True),
        (request(connection="keep-alive"), OK, True),
        (request(connection="close"), OK, False),
        (request(connection="Close, x"), OK, False),
        (request(), OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), False),
        (request(), OK.replace(b"1.1", b"1.0"), False),
        (
            request(),
            OK.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"),
            True,
        ),
        (old_request(), OK, False),
        (old_request(), AGREES, False),
        (old_request(connection="keep-alive"), OK, False),
        (old_request(connection="keep-alive"), AGREES, True),
        (old_request(connection="keep-alive"), AGREES.replace(b"1.1", b"1.0"), True),
        (old_request(connection="keep-alive, close"), AGREES, False),
        (request(), OK + b"HTTP/1.1 200 OK\r\n\r\n", False),
        (request(), OK + b"\r\n", False),
    ],
)
def test_connection_persists_if_both_sides_agree_and_nothing_is_left(given, response, expected):
    assert exchange(Http1Machine(), given, response) is expected


@pytest.mark.parametrize(
    ("body_length", "expected"), [(NO_BODY, True), (0, True), (5, False), (CHUNKED, False)]
)
def test_connection_does_not_persist_while_the_request_is_being_sent(body_length, expected):
    given = request("POST", body_length)
    assert exchange(Http1Machine(), given, OK, sent=False) is expected


def test_request_sent_in_time_lets_the_connection_persist():
    assert exchange(Http1Machine(), request("POST", 5), OK, sent=True)


def test_exchanges_follow_each_other():
    machine = Http1Machine()
    assert exchange(machine, request("POST", CHUNKED), OK)
    assert exchange(machine, request("HEAD"), OK[:-2])
    assert exchange(machine, request(), b"HTTP/1.1 204 No Content\r\n\r\n")
    assert exchange(machine, old_request(connection="keep-alive"), AGREES)
    assert exchange(machine, request(), OK)
    assert not exchange(machine, request(connection="close"), OK)


def test_tunnel_is_not_a_connection_for_another_request():
    # RFC 9110 section 9.3.6: after a 2xx to CONNECT, the connection carries something else.
    response = b"HTTP/1.1 200 Connection established\r\n\r\n"
    assert not exchange(Http1Machine(), request("CONNECT"), response)


@pytest.mark.parametrize(
    "given",
    [
        old_request(method="POST", body_length=CHUNKED),
        old_request(method="POST", body_length=5, field_lines=b"Expect: 100-continue\r\n"),
        request(minor_version=2),
    ],
)
def test_head_of_a_version_that_cannot_be_changes_nothing(given):
    machine = Http1Machine()
    with pytest.raises(ValueError, match="HTTP/1"):
        machine.request(given)
    assert machine.receive(b"") == []
    assert exchange(machine, request(), OK)


@pytest.mark.parametrize(
    "given",
    [
        request("G\r\nET"),
        RequestHead("GET", "/\r\n", "host", b""),
        RequestHead("GET", "/", "ho\nst", b""),
        request(connection="close\r\nX: y"),
        request(connection="\u20ac"),
    ],
)
def test_head_that_must_not_be_sent_changes_nothing(given):
    machine = Http1Machine()
    with pytest.raises(ValueError, match="character"):
        machine.request(given)
    assert machine.receive(OK) == []
    assert machine.receive_eof() == []


def test_head_that_must_not_be_sent_leaves_the_connection_for_another():
    machine = Http1Machine()
    with pytest.raises(ValueError, match="method"):
        machine.request(request("", 5, "close"))
    assert exchange(machine, request(), OK)


def test_limits_are_those_given():
    machine = Http1Machine(Limits(max_headers=1))
    machine.request(request())
    (error,) = machine.receive(b"HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n")
    assert isinstance(error, ServerProtocolError)


@pytest.mark.parametrize(
    ("data", "error_type"),
    [(b"", ServerDisconnectedError), (OK[:-1], ClientPayloadError)],
)
def test_end_of_the_connection_cuts_a_response_off(data, error_type):
    machine = Http1Machine()
    machine.request(request())
    machine.receive(data)
    (error,) = machine.receive_eof()
    assert type(error) is error_type


def test_end_of_the_connection_may_end_a_body():
    machine = Http1Machine()
    machine.request(request())
    machine.receive(b"HTTP/1.1 200 OK\r\n\r\nbody")
    assert machine.receive_eof() == [END_OF_MESSAGE]

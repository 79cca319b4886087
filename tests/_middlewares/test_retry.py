"""What is sent again, when, and what is told of it: real requests, and a clock without waiting."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator

import pytest
from clock import HastyClock, SleepClock
from error_examples import examples
from pages import OK, Pages, page
from running import asynchronous, cancelled, closed_port, settled, started, until
from scripted import ScriptedServer, head_of, silent

from aioclient import (
    AddressNotAllowedError,
    BasicAuth,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
    NonHttpUrlClientError,
    RedirectClientError,
    RetryAttempt,
    RetryMiddleware,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TCPConnector,
    TooManyRedirects,
    TotalTimeoutError,
)

BUSY = page(b"busy", status="503 Service Unavailable")
EPOCH = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


class Retrying:
    """A session whose requests are retried, the clock that it waits by, and what it told."""

    def __init__(self, clock: SleepClock | None = None, **options) -> None:
        self.clock = clock or HastyClock()
        self.told: list[RetryAttempt] = []
        options.setdefault("on_retry", self.told.append)
        options.setdefault("random", lambda: 1.0)
        self.middleware = RetryMiddleware(
            clock=self.clock, sleep=self.clock.sleep, wall_clock=lambda: EPOCH, **options
        )

    def session(self, **options) -> ClientSession:
        # What the session itself sends again is none of the middleware's attempts.
        options.setdefault("retry_on_stale", False)
        return ClientSession(middlewares=[self.middleware], **options)


async def statuses(retrying, *answers, method="GET", **options):
    """The status that a request ends with, and how often it was sent."""
    async with Pages(a=list(answers)) as server, retrying.session() as session:
        response = await session.request(method, server.url("/a"), **options)
        assert response.attempts == len(server.seen)
        return response.status, len(server.seen)


def answered(status, *fields):
    return page(b"", *fields, status=f"{status} Some Words")


# --- what is sent again --------------------------------------------------------------------------


@asynchronous
async def test_a_good_response_is_the_answer():
    retrying = Retrying()
    assert await statuses(retrying, OK) == (200, 1)
    assert not retrying.told


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
@asynchronous
async def test_status_that_may_pass_is_retried(status):
    assert await statuses(Retrying(), answered(status), OK) == (200, 2)


@pytest.mark.parametrize("status", [201, 304, 400, 401, 403, 404, 409, 421, 425, 500, 501, 505])
@asynchronous
async def test_other_status_is_the_answer(status):
    assert await statuses(Retrying(), answered(status), OK) == (status, 1)


@asynchronous
async def test_statuses_may_be_others():
    assert await statuses(Retrying(statuses=[500]), answered(500), OK) == (200, 2)
    assert await statuses(Retrying(statuses=[500]), answered(503), OK) == (503, 1)


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "TRACE", "PUT", "DELETE"])
@asynchronous
async def test_idempotent_method_is_retried(method):
    assert await statuses(Retrying(), BUSY, OK, method=method) == (200, 2)


@asynchronous
async def test_head_is_retried():
    empty = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\n"
    assert await statuses(Retrying(), empty, empty, method="HEAD") == (503, 3)


@pytest.mark.parametrize("method", ["POST", "PATCH", "LOCK"])
@asynchronous
async def test_other_method_is_not(method):
    retrying = Retrying()
    assert await statuses(retrying, BUSY, OK, method=method) == (503, 1)
    assert not retrying.told


@asynchronous
async def test_methods_may_be_others():
    assert await statuses(Retrying(methods=["post"]), BUSY, OK, method="POST") == (200, 2)
    assert await statuses(Retrying(methods=["post"]), BUSY, OK, method="GET") == (503, 1)


@asynchronous
async def test_method_that_another_middleware_set_counts():
    async def posts(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.method = "POST"
        return await handler(request)

    retrying = Retrying()
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        middlewares = [posts, retrying.middleware]
        response = await session.get(server.url("/a"), middlewares=middlewares)
        assert response.status == 503


@asynchronous
async def test_last_response_is_the_answer_when_no_attempts_are_left():
    answers = [page(b"%d" % number, status="503 Busy") for number in range(9)]
    async with Pages(a=answers) as server, Retrying(attempts=4).session() as session:
        async with session.get(server.url("/a")) as response:
            assert (response.status, await response.read()) == (503, b"3")
        assert len(server.seen) == 4


@asynchronous
async def test_one_attempt_is_one():
    assert await statuses(Retrying(attempts=1), BUSY, OK) == (503, 1)


@asynchronous
async def test_lost_connection_is_retried():
    assert await statuses(Retrying(), None, OK) == (200, 2)


@asynchronous
async def test_refused_connection_is_retried():
    retrying = Retrying()
    async with retrying.session() as session:
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://127.0.0.1:{closed_port()}/")
    assert len(retrying.told) == 2


@asynchronous
async def test_time_limit_for_a_step_is_retried():
    retrying = Retrying()
    async with ScriptedServer(silent) as server, retrying.session() as session:
        with pytest.raises(SocketTimeoutError):
            await session.get(server.url(), timeout=ClientTimeout(sock_read=0.01))
        assert server.accepted == 3


@asynchronous
async def test_redirects_are_retried_by_themselves():
    async with Pages(a=[BUSY, OK]) as server, Retrying(attempts=2).session() as session:
        server.redirect("r", "/a")
        server.pages["r"] = [BUSY, server.pages["r"]]
        response = await session.get(server.url("/r"))
        assert [seen.target for seen in server.seen] == ["/r", "/r", "/a", "/a"]
        assert response.status == 200


# --- errors --------------------------------------------------------------------------------------

LASTING = (
    AddressNotAllowedError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSSLError,
    InvalidURL,
    NonHttpUrlClientError,
    RedirectClientError,
    ServerFingerprintMismatch,
    TooManyRedirects,
    TotalTimeoutError,
)
RETRIED = (ServerDisconnectedError, OSError)


async def attempts_that_raise(error, **options):
    """How often a request is begun that always ends in this error."""
    count = 0

    async def fails(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        nonlocal count
        count += 1
        raise error

    retrying = Retrying(attempts=2, **options)
    async with retrying.session() as session:
        with pytest.raises(type(error)):
            await session.get("http://a.example/", middlewares=[retrying.middleware, fails])
    return count


def kinds(*bases):
    return [error for error in examples() if isinstance(error, bases)]


def named(error):
    return type(error).__name__


@pytest.mark.parametrize(
    "error", [error for error in kinds(*RETRIED) if not isinstance(error, LASTING)], ids=named
)
@asynchronous
async def test_error_of_a_connection_is_retried_and_so_is_a_time_limit(error):
    expected = 2 if isinstance(error, ClientError) else 1
    if type(error).__name__ == "ClientTimeoutError":  # the root of all of them
        expected = 1
    assert await attempts_that_raise(error) == expected


@pytest.mark.parametrize("error", kinds(*LASTING), ids=named)
@asynchronous
async def test_error_that_stays_is_not(error):
    assert await attempts_that_raise(error) == 1
    assert await attempts_that_raise(error, exceptions=[ClientError, TimeoutError, OSError]) == 1


@pytest.mark.parametrize("error", kinds(ClientPayloadError), ids=named)
@asynchronous
async def test_error_of_a_body_is_not(error):
    assert await attempts_that_raise(error) == 1


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), OSError(5, "x")], ids=named)
@asynchronous
async def test_error_of_a_program_is_not(error):
    assert await attempts_that_raise(error) == 1


@asynchronous
async def test_exceptions_may_be_others():
    error = ClientPayloadError("cut off")
    assert await attempts_that_raise(error, exceptions=[ClientPayloadError]) == 2
    assert await attempts_that_raise(error, exceptions=[ClientError]) == 2
    assert await attempts_that_raise(ServerDisconnectedError(), exceptions=[]) == 1


@asynchronous
async def test_error_that_stays_is_retried_if_it_is_named():
    error = ServerFingerprintMismatch(b"\1" * 32, b"\2" * 32, "a.example", 443)
    assert await attempts_that_raise(error, exceptions=[ServerFingerprintMismatch]) == 2


@asynchronous
async def test_total_time_limit_is_never_retried():
    error = TotalTimeoutError("passed")
    assert await attempts_that_raise(error, retry_if=lambda outcome: True) == 1


@asynchronous
async def test_other_time_limits_are():
    assert await attempts_that_raise(ConnectionTimeoutError("passed")) == 2
    assert await attempts_that_raise(ServerTimeoutError("passed")) == 2


# --- bodies --------------------------------------------------------------------------------------


async def pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


@pytest.mark.parametrize(
    "make", [lambda: b"bytes", lambda: {"a": "form"}, lambda: io.BytesIO(b"x")]
)
@asynchronous
async def test_body_is_sent_again(make):
    async with Pages(a=[BUSY, None, OK]) as server, Retrying().session() as session:
        response = await session.put(server.url("/a"), data=make())
        assert response.status == 200
        assert len(server.seen) == 3
        assert len({seen.body for seen in server.seen}) == 1
        assert server.last.body


@asynchronous
async def test_body_that_is_used_up_is_not_sent_again():
    retrying = Retrying()
    assert await statuses(retrying, BUSY, OK, method="PUT", data=pieces()) == (503, 1)
    assert not retrying.told


@asynchronous
async def test_error_is_raised_when_the_body_is_used_up():
    async with Pages(a=[None, OK]) as server, Retrying().session() as session:
        with pytest.raises(ServerDisconnectedError) as caught:
            await session.put(server.url("/a"), data=pieces())
        assert len(server.seen) == 1
    assert caught.value.__notes__ == [
        "attempt 1: this error; not sent again: its body cannot be sent again"
    ]


@asynchronous
async def test_body_that_was_not_begun_is_sent_when_it_can_be():
    turns = 0

    async def fails_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise ServerDisconnectedError
        return await handler(request)

    retrying = Retrying()
    async with Pages() as server, retrying.session() as session:
        middlewares = [retrying.middleware, fails_once]
        await session.put(server.url(), data=pieces(), middlewares=middlewares)
        assert server.last.body == b"onetwo"


# --- how long it waits ---------------------------------------------------------------------------


@asynchronous
async def test_delays_double_up_to_the_highest():
    retrying = Retrying(attempts=7, backoff=0.5, max_backoff=5)
    await statuses(retrying, BUSY)
    assert retrying.clock.slept == [0.5, 1, 2, 4, 5, 5]


@asynchronous
async def test_delay_is_a_random_part_of_that():
    draws = iter([0.0, 0.25, 0.5, 1.0])
    retrying = Retrying(attempts=4, backoff=1, random=lambda: next(draws))
    await statuses(retrying, BUSY)
    assert retrying.clock.slept == [0, 0.5, 2]


@asynchronous
async def test_many_attempts_do_not_make_the_delay_too_large_a_number():
    retrying = Retrying(attempts=1200, max_backoff=2, budget_ratio=None)
    assert await statuses(retrying, BUSY) == (503, 1200)
    assert retrying.clock.slept[-1] == 2


@asynchronous
async def test_no_backoff_is_no_delay():
    retrying = Retrying(backoff=0)
    assert await statuses(retrying, BUSY, BUSY, OK) == (200, 3)
    assert retrying.clock.slept == [0, 0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("60", 60),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
        ("-7", 0),
        ("soon", 0),
        ("7, 8", 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
@asynchronous
async def test_it_waits_for_what_the_server_asks_and_then_the_random_time(status, value, seconds):
    retrying = Retrying(backoff=0.5)
    busy = answered(status, f"Retry-After: {value}")
    assert await statuses(retrying, busy, OK) == (200, 2)
    assert retrying.clock.slept == [seconds + 0.5]


@pytest.mark.parametrize("value", ["61", "9" * 500, "Mon, 07 Nov 1994 08:49:37 GMT"])
@asynchronous
async def test_server_that_asks_for_too_much_is_not_asked_again(value):
    retrying = Retrying()
    assert await statuses(retrying, answered(503, f"Retry-After: {value}"), OK) == (503, 1)
    assert not retrying.clock.slept


@asynchronous
async def test_how_much_is_too_much_may_be_said():
    retrying = Retrying(max_retry_after=5)
    assert await statuses(retrying, answered(503, "Retry-After: 5"), OK) == (200, 2)
    assert await statuses(retrying, answered(503, "Retry-After: 6"), OK) == (503, 1)


@asynchronous
async def test_no_attempt_is_begun_after_the_time_for_all():
    retrying = Retrying(attempts=9, backoff=1, max_total=7)
    assert await statuses(retrying, BUSY) == (503, 4)
    assert retrying.clock.slept == [1, 2, 4]  # the next would have begun at 15


@asynchronous
async def test_time_that_attempts_take_counts():
    clock = HastyClock()

    async def slow(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        clock.now += 10
        return await handler(request)

    retrying = Retrying(clock, attempts=9, backoff=1, max_backoff=1, max_total=25)
    async with Pages(a=BUSY) as server, retrying.session() as session:
        await session.get(server.url("/a"), middlewares=[retrying.middleware, slow])
        assert len(server.seen) == 3


# --- the budget ----------------------------------------------------------------------------------


@asynchronous
async def test_budget_is_kept_under_load():
    async with (
        Pages(a=BUSY) as server,
        Retrying(attempts=5).session(connector=TCPConnector(limit=20)) as session,
    ):
        responses = await asyncio.gather(*(session.get(server.url("/a")) for _ in range(200)))
        assert {response.status for response in responses} == {503}
        assert len(server.seen) == 200 + 40 + 10


@asynchronous
async def test_budget_of_another_origin_is_its_own():
    retrying = Retrying(attempts=2, budget_ratio=0, budget_minimum=1)
    async with (
        Pages(a=BUSY) as first,
        Pages(a=BUSY) as second,  # both are open, or the second could get the first one's port
        retrying.session() as session,
    ):
        for server in first, second:
            for _ in range(5):
                assert (await session.get(server.url("/a"))).status == 503
            assert len(server.seen) == 6


@asynchronous
async def test_budget_comes_back_with_time():
    retrying = Retrying(attempts=2, budget_ratio=0, budget_minimum=1, backoff=0)
    async with Pages(a=BUSY) as server, retrying.session() as session:
        for expected in (2, 3, 4):
            await session.get(server.url("/a"))
            assert len(server.seen) == expected
        retrying.clock.now += 10
        await session.get(server.url("/a"))
        assert len(server.seen) == 6


@asynchronous
async def test_there_may_be_no_budget():
    retrying = Retrying(attempts=100, budget_ratio=None)
    assert await statuses(retrying, BUSY) == (503, 100)


@asynchronous
async def test_sessions_share_the_budget_of_one_middleware():
    retrying = Retrying(attempts=2, budget_ratio=0, budget_minimum=1)
    async with Pages(a=BUSY) as server:
        for _ in range(3):
            async with retrying.session() as session:
                await session.get(server.url("/a"))
        assert len(server.seen) == 4


# --- what is told --------------------------------------------------------------------------------


@asynchronous
async def test_callback_hears_of_each_attempt_before_the_next():
    retrying = Retrying(backoff=0.5)
    busy = answered(503, "Retry-After: 7")
    async with Pages(a=[busy, None, OK]) as server, retrying.session() as session:
        await session.get(server.url("/a"))
    first, second = retrying.told
    assert first.number == 1
    assert (first.request.method, first.request.url.path) == ("GET", "/a")
    assert first.reason == "status 503, Retry-After 7 s"
    assert (first.status, first.exception, first.delay_s) == (503, None, 7.5)
    assert second.number == 2
    assert second.reason.startswith("ServerDisconnectedError: server disconnected")
    assert isinstance(second.exception, ServerDisconnectedError)
    assert (second.status, second.delay_s) == (None, 1)


@asynchronous
async def test_what_the_callback_raises_is_raised():
    def refuses(attempt: RetryAttempt) -> None:
        raise LookupError(attempt.reason)

    session = Retrying(on_retry=refuses).session(connector=TCPConnector(limit=1))
    async with Pages(a=[BUSY, OK]) as server, session:
        with pytest.raises(LookupError, match="status 503"):
            await session.get(server.url("/a"))
        assert (await session.get(server.url("/a"))).status == 200  # the connection is free


@asynchronous
async def test_log_tells_of_each_attempt_and_has_no_secrets(caplog):
    caplog.set_level(logging.INFO, "aioclient.retry")
    retrying = Retrying(backoff=0.5)
    async with Pages(a=[BUSY, None, BUSY]) as server, retrying.session() as session:
        url = server.url("/a?token=a-secret#a-secret").replace("//", "//me:a-secret@")
        await session.get(url)
    where = f"GET http://127.0.0.1:{server.port}/a: attempt"
    assert caplog.messages[0] == f"{where} 1: status 503; sent again in 0.5 s"
    assert caplog.messages[1].startswith(f"{where} 2: ServerDisconnectedError: ")
    assert caplog.messages[1].endswith("; sent again in 1 s")
    assert caplog.messages[2] == f"{where} 3: status 503; not sent again: no attempts are left"
    assert "a-secret" not in caplog.text


@asynchronous
async def test_text_of_an_attempt_has_no_secrets():
    retrying = Retrying()
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        await session.get(server.url("/a?token=a-secret"))
    where = f"http://127.0.0.1:{server.port}/a"
    assert repr(retrying.told) == f"[<RetryAttempt 1, GET {where}: status 503>]"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"attempts": 1}, "no attempts are left"),
        ({"max_retry_after": 5}, "that is more than max_retry_after, 5 s"),
        ({"max_total": 3}, "max_total, 3 s, would pass before"),
        ({"budget_minimum": 0}, "the budget of retries for this origin is used up"),
    ],
)
@asynchronous
async def test_log_says_why_a_request_is_not_sent_again(options, words, caplog):
    caplog.set_level(logging.INFO, "aioclient.retry")
    await statuses(Retrying(**options), answered(503, "Retry-After: 7"), OK)
    assert caplog.messages[0].endswith(
        f"/a: attempt 1: status 503, Retry-After 7 s; not sent again: {words}"
    )


@asynchronous
async def test_error_has_a_note_that_tells_of_the_attempts():
    retrying = Retrying()
    async with Pages(a=[BUSY, None]) as server, retrying.session() as session:
        with pytest.raises(ServerDisconnectedError) as caught:
            await session.get(server.url("/a"), auth=BasicAuth("me", "a-secret"))
    (note,) = caught.value.__notes__
    assert note.startswith("attempt 1: status 503; attempt 2: ServerDisconnectedError: server")
    assert note.endswith("; attempt 3: this error; not sent again: no attempts are left")
    assert "a-secret" not in f"{note} {caught.value!r} {retrying.told!r}"


@asynchronous
async def test_error_of_another_kind_has_the_note_as_well():
    broken = b"HTTP/1.1 2000 What\r\n\r\n"
    async with Pages(a=[BUSY, broken]) as server, Retrying().session() as session:
        with pytest.raises(ClientError) as caught:
            await session.get(server.url("/a"))
    assert caught.value.__notes__ == ["attempt 1: status 503; attempt 2: this error"]


@asynchronous
async def test_error_that_is_not_retried_has_no_note():
    async with Pages(a=[None]) as server, Retrying().session() as session:
        with pytest.raises(ServerDisconnectedError) as caught:
            await session.post(server.url("/a"))
    assert not hasattr(caught.value, "__notes__")


@asynchronous
async def test_note_of_many_attempts_tells_of_the_last():
    retrying = Retrying(attempts=40, budget_ratio=None)
    async with Pages(a=[None]) as server, retrying.session() as session:
        with pytest.raises(ServerDisconnectedError) as caught:
            await session.get(server.url("/a"))
    (note,) = caught.value.__notes__
    assert note.startswith("attempt 30: ")
    assert "; attempt 40: this error; " in note


# --- the caller's own judgement ------------------------------------------------------------------


@asynchronous
async def test_predicate_adds_responses():
    def is_not_ready(outcome: ClientResponse | Exception) -> bool:
        return not isinstance(outcome, Exception) and outcome.headers.get("X-State") == "pending"

    retrying = Retrying(retry_if=is_not_ready)
    assert await statuses(retrying, answered(202, "X-State: pending"), OK) == (200, 2)
    assert await statuses(retrying, answered(202), OK) == (202, 1)
    assert await statuses(retrying, BUSY, OK) == (200, 2)


@asynchronous
async def test_predicate_adds_errors():
    error = ClientPayloadError("cut off")
    assert await attempts_that_raise(error, retry_if=lambda outcome: outcome is error) == 2
    assert await attempts_that_raise(error, retry_if=lambda outcome: False) == 1


@asynchronous
async def test_predicate_does_not_add_methods():
    retrying = Retrying(retry_if=lambda outcome: True)
    assert await statuses(retrying, BUSY, OK, method="POST") == (503, 1)


@asynchronous
async def test_what_the_predicate_raises_is_raised():
    def fails(outcome: object) -> bool:
        raise LookupError("why")

    session = Retrying(retry_if=fails).session(connector=TCPConnector(limit=1))
    async with Pages() as server, session:
        with pytest.raises(LookupError, match="why"):
            await session.get(server.url())
        assert (await session.get(server.url(), middlewares=())).status == 200


@asynchronous
async def test_raise_for_status_is_about_the_last_response():
    async with Pages(a=[BUSY, OK], b=BUSY) as server, Retrying().session() as session:
        response = await session.get(server.url("/a"), raise_for_status=True)
        assert response.status == 200
        with pytest.raises(ClientResponseError, match="503"):
            await session.get(server.url("/b"), raise_for_status=True)
        assert len(server.seen) == 5


# --- while it waits ------------------------------------------------------------------------------


@asynchronous
async def test_no_connection_is_held():
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            is_first = b"/busy" in await head_of(reader)
            # Of the body of the first something is missing for ever.
            writer.write(BUSY[:-1] if is_first else OK)

    retrying = Retrying(SleepClock())
    connector = TCPConnector(limit=1)
    async with ScriptedServer(talks) as server, retrying.session(connector=connector) as session:
        waiting = await started(session.get(server.url("/busy")))
        await until(lambda: retrying.clock.slept)
        async with session.get(server.url("/other")) as response:
            assert await response.read() == b"ok"
        await cancelled(waiting)


@asynchronous
async def test_cancelling_ends_the_waiting():
    retrying = Retrying(SleepClock())
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        task = await started(session.get(server.url("/a")))
        await until(lambda: retrying.clock.slept)
        await cancelled(task)
        await retrying.clock.move(100)
        assert len(server.seen) == 1


@asynchronous
async def test_total_time_limit_ends_the_waiting():
    retrying = Retrying(SleepClock())
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        with pytest.raises(TotalTimeoutError, match=r"total limit of 0\.05 s passed"):
            await session.get(server.url("/a"), timeout=0.05)
        assert retrying.clock.slept
        assert len(server.seen) == 1


@asynchronous
async def test_total_time_limit_that_ends_the_waiting_has_a_note_of_the_attempts():
    retrying = Retrying(SleepClock())
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url("/a"), timeout=0.05)
    assert caught.value.__notes__ == ["attempt 1: status 503; not sent again in time"]


@asynchronous
async def test_what_the_session_sends_again_by_itself_is_no_attempt_of_the_middleware():
    """A kept connection that was closed costs neither time nor an attempt."""

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await head_of(reader)  # and hang up

    retrying = Retrying(attempts=1)
    async with (
        ScriptedServer(talks) as server,
        retrying.session(retry_on_stale=True) as session,
    ):
        for _ in range(3):
            async with session.get(server.url()) as response:
                assert await response.read() == b"ok"
        assert server.accepted == 3
    assert retrying.told == []


@asynchronous
async def test_it_goes_on_when_the_time_has_come_and_not_before():
    retrying = Retrying(SleepClock(), backoff=4)
    async with Pages(a=[BUSY, OK]) as server, retrying.session() as session:
        task = await started(session.get(server.url("/a")))
        await until(lambda: retrying.clock.slept)
        await retrying.clock.move(3.9)
        await settled(50)
        assert not task.done()
        await retrying.clock.move(0.2)
        assert (await task).status == 200


@asynchronous
async def test_requests_do_not_wait_for_each_other():
    retrying = Retrying(SleepClock())
    async with Pages(a=BUSY) as server, retrying.session() as session:
        waiting = await started(session.get(server.url("/a")))
        await until(lambda: retrying.clock.slept)
        assert (await session.get(server.url("/b"))).status == 200
        await cancelled(waiting)


@asynchronous
async def test_clock_of_the_system_is_the_default():
    retry = RetryMiddleware(backoff=0.001)
    async with Pages(a=[BUSY, OK]) as server, ClientSession(middlewares=[retry]) as session:
        assert (await session.get(server.url("/a"))).status == 200

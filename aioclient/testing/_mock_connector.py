"""A connector whose server is a table of answers, or a function."""

import contextlib
import sys
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Protocol, Self, TypeAlias, Unpack

from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._pool.connector import BaseConnector
from aioclient._timeout import UNSET, ClientTimeout, Unset

from ._answers import Answer, Answers, Handler, RequestPattern, UrlPattern
from ._errors import note_origin
from ._memory_server import MemoryServer, Served
from ._mock_request import MockRequest
from ._mock_response import (
    NO_JSON,
    AnswerOptions,
    ErrorWish,
    MockResponse,
    breaks_connection,
    exception_for,
    pause,
)
from ._sent import Expected, assert_not_sent, assert_sent
from ._server_side import ServerExchange

_Answers: TypeAlias = Answer | ErrorWish | Iterable[Answer | ErrorWish]


class AnswerTable(Protocol):
    """Answers by URL, or by method and URL; several are given one after another.

    Any mapping is one. To type checkers, a `Mapping` by strings is none by strings or other things.
    """

    def items(self) -> Iterable[tuple[UrlPattern | tuple[str, UrlPattern], _Answers]]:
        """All of them."""


#: The mapping lets type checkers see what the parts of a dict that is written out are meant to be.
_HandlerOrTable: TypeAlias = (
    Handler | Mapping[UrlPattern | tuple[str, UrlPattern], _Answers] | AnswerTable | None
)


class AddOptions(AnswerOptions, total=False):
    """The options of `MockConnector.add` and those like it."""

    times: int | None
    ignore_query: bool


class MockConnector(BaseConnector):
    """A connector for tests, which answers requests itself; nothing goes to a network.

    All else is as ever: requests are written and answers read as HTTP/1.1, and pool, redirects,
    cookies, limits, tracing and time limits are at work. URLs with https are answered, too, without
    TLS. It connects to no proxies.

    Arguments:
        handler_or_table: an async function that is given a `MockRequest` and returns a
            `MockResponse`, for all requests that no answer was added for; or a mapping of answers
            by URL, or by (method, URL). What the function raises, the request fails with.
        strict: closing it raises AssertionError if an answer was not given (False).
        stream_requests: a handler is called when the head of a request is here, and reads the body
            itself; an answer that was added is given without reading it (False).
        max_body_bytes: how large a request body may be that is read whole (64 MiB).

    The rest as in `BaseConnector`.
    """

    def __init__(
        self,
        handler_or_table: _HandlerOrTable = None,
        *,
        strict: bool = False,
        stream_requests: bool = False,
        max_body_bytes: int = 64 * 2**20,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int | None = 0,
        max_connection_age: float | None = None,
    ) -> None:
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            max_connection_age=max_connection_age,
        )
        table, handler = _table_or_handler(handler_or_table)
        self._strict = strict
        self._answers = Answers(handler)
        self._requests: list[MockRequest] = []
        answering = _Answering(self._answers, self._requests, stream_requests, max_body_bytes)
        self._server = MemoryServer(answering.serve)
        for key, answer in table.items():
            method, url = key if isinstance(key, tuple) else ("*", key)
            for each in _listed(answer):
                self._answers.add(RequestPattern(method, url), each, None)

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        self._server.open(route, timeout, opened)

    async def close(self, *, drain: float = 0.0, abort_ssl: bool = False) -> None:
        """As every connector. If it is `strict`, raises AssertionError for an answer not given."""
        was_closed = self.closed
        try:
            await super().close(drain=drain, abort_ssl=abort_ssl)
        finally:
            await self._server.close()
        # Not in the place of an error that is on its way, as out of a block of ``async with``.
        if self._strict and not was_closed and sys.exc_info()[1] is None:
            self.assert_all_used()

    # --- answers ----------------------------------------------------------------------------------

    def add(
        self,
        method: str,
        url: UrlPattern,
        answer: Answer | None = None,
        *,
        times: int | None = None,
        ignore_query: bool = False,
        **options: Unpack[AnswerOptions],
    ) -> Self:
        """Register an answer, and return the connector.

        Arguments: `method`, `"*"` for any. `url`, which is equal to that of the request in all but
        login, fragment and the order of parameters; without a host it is for any; or an
        `re.Pattern` for the whole URL, or a function that is given the `MockRequest`. `answer`, a
        `MockResponse` or an async function as for the connector; else one is made of `options`, the
        arguments of `MockResponse`. `times`, how often it is given. With `ignore_query` the
        parameters of the URL do not count.

        Several answers for one method and URL are given one after another, each once or `times`;
        the last goes on to be given unless it has `times`. Of different patterns that are for a
        request, the one comes first that was added first and has an answer left.

        Raises ValueError and TypeError as `MockResponse`, and for `times` below 1.
        """
        if answer is None:
            answer = MockResponse(**options)
        elif options:
            raise TypeError(f"there is an answer already, beside {min(options)}")
        elif not isinstance(answer, MockResponse) and not callable(answer):
            raise TypeError(f"answer must be a MockResponse or a function, not {answer!r}")
        self._answers.add(RequestPattern(method, url, ignore_query=ignore_query), answer, times)
        return self

    def get(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for GET."""
        return self.add("GET", url, answer, **options)

    def post(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for POST."""
        return self.add("POST", url, answer, **options)

    def put(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for PUT."""
        return self.add("PUT", url, answer, **options)

    def patch(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for PATCH."""
        return self.add("PATCH", url, answer, **options)

    def delete(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for DELETE."""
        return self.add("DELETE", url, answer, **options)

    def head(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for HEAD."""
        return self.add("HEAD", url, answer, **options)

    def options(
        self, url: UrlPattern, answer: Answer | None = None, **options: Unpack[AddOptions]
    ) -> Self:
        """As `add` for OPTIONS."""
        return self.add("OPTIONS", url, answer, **options)

    def clear(self) -> None:
        """Forget all answers that were added, and all requests that were sent."""
        self._answers.clear()
        self._requests.clear()

    # --- what was sent ----------------------------------------------------------------------------

    @property
    def requests(self) -> list[MockRequest]:
        """What was sent, in the order of arrival; a copy of the list."""
        return self._requests.copy()

    def assert_sent(
        self,
        method: str,
        url: UrlPattern,
        *,
        times: int | None = None,
        json: object = NO_JSON,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | str | None = None,
        ignore_query: bool = False,
    ) -> list[MockRequest]:
        """Raise AssertionError unless such a request was sent; else those that were.

        Arguments: `method` and `url` as for `add`; `times`, how many there must be (1 or more);
        `json`, what the body is as JSON; `headers`, which must be among those of the request, or
        with None must not; `body`, all of it.

        The message says what was sent instead. It shows no credentials: values of headers,
        parameters and fields that sound like a secret are hidden.
        """
        pattern = RequestPattern(method, url, ignore_query=ignore_query)
        return assert_sent(self._requests, Expected(pattern, json, headers, body), times)

    def assert_not_sent(
        self,
        method: str,
        url: UrlPattern,
        *,
        json: object = NO_JSON,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | str | None = None,
        ignore_query: bool = False,
    ) -> None:
        """Raise AssertionError if such a request was sent; arguments as of `assert_sent`."""
        pattern = RequestPattern(method, url, ignore_query=ignore_query)
        assert_not_sent(self._requests, Expected(pattern, json, headers, body))

    def assert_all_used(self) -> None:
        """Raise AssertionError if an answer was not given, or less often than its `times`."""
        if unused := self._answers.unused():
            raise AssertionError(f"not asked for: {', '.join(unused)}")


class _Answering:
    """Answers the requests of connections. It does not know the connector."""

    __slots__ = ("_answers", "_max_body_bytes", "_requests", "_streams")

    def __init__(
        self, answers: Answers, requests: list[MockRequest], streams: bool, max_body_bytes: int
    ) -> None:
        self._answers = answers
        self._requests = requests
        self._streams = streams
        self._max_body_bytes = max_body_bytes

    async def serve(self, served: Served) -> None:
        """Answer one request after another."""
        while (exchange := await served.side.next_exchange()) is not None:
            request = MockRequest(exchange, served.route, served.number, self._max_body_bytes)
            self._requests.append(request)
            try:
                response = await self._response_for(request)
                goes_on = await _respond(served, exchange, response)
            except Exception as error:  # of a handler, or of a body
                note_origin(error, "the server's side")
                _fail(served, error)
                return
            if not goes_on:
                return

    async def _response_for(self, request: MockRequest) -> MockResponse:
        if not self._streams:
            await request.read()
        answer = self._answers.take(request)
        if isinstance(answer, MockResponse):
            return answer
        response = await answer(request)
        if not isinstance(response, MockResponse):
            raise TypeError(f"a handler must return a MockResponse, got {response!r} for {request}")
        return response


async def _respond(served: Served, exchange: ServerExchange, response: MockResponse) -> bool:
    """Write an answer. May another request follow?"""
    await pause(response.delay)
    cut_after = response.cut_after
    if cut_after is not None:
        await _write(exchange, response, cut_after)
        if response.error is None or response.error == "disconnect":
            return False
        _fail(served, exception_for(response.error, served.route, served.timeout, "body"))
        return False
    if response.error == "disconnect":
        return False
    if response.error is not None:
        _fail(served, exception_for(response.error, served.route, served.timeout, "response"))
        return False
    await _write(exchange, response, None)
    await exchange.finish()
    return exchange.persists and await exchange.discard()


async def _write(exchange: ServerExchange, response: MockResponse, max_bytes: int | None) -> None:
    """Write head and body, or so much of the body."""
    framing, body = response.framing, response.body
    head = response.status, response.headers.items()
    closes = framing == "close"
    if isinstance(body, bytes):
        length = len(body) if framing in (None, "counted") else None
        await exchange.begin(
            *head, length, body=body[:max_bytes], reason=response.reason, until_close=closes
        )
        return
    await exchange.begin(*head, None, reason=response.reason, until_close=closes)
    pieces = body if isinstance(body, AsyncIterable) else body()
    if getattr(pieces, "ag_frame", pieces) is None:
        raise RuntimeError(
            "the body of this answer was given already: a generator is for one use, "
            "pass the generator function"
        )
    left = max_bytes
    if left == 0:
        return
    async with contextlib.AsyncExitStack() as stack:
        if hasattr(pieces, "aclose"):
            stack.push_async_callback(pieces.aclose)
        async for piece in pieces:
            await exchange.write(piece[:left])
            if left is not None:
                left -= min(left, len(piece))
                if not left:
                    return


def _fail(served: Served, error: Exception) -> None:
    if breaks_connection(error):
        served.end.reset(error)
    else:
        served.fail_after_delivery(error)


def _table_or_handler(given: _HandlerOrTable) -> tuple[AnswerTable, Handler | None]:
    if given is None or callable(given):
        return {}, given
    if not isinstance(given, Mapping):
        raise TypeError(f"expected a function or a mapping, not {given!r}")
    return given, None


def _listed(answers: _Answers) -> Iterable[Answer]:
    if isinstance(answers, Iterable) and not isinstance(answers, str):
        return [answer for each in answers for answer in _listed(each)]
    if isinstance(answers, MockResponse):
        return [answers]
    if isinstance(answers, str | Exception | type):
        return [MockResponse(error=answers)]
    if callable(answers):
        return [answers]
    raise TypeError(f"expected a MockResponse, a function or an error, not {answers!r}")

"""Logs requests: one record for each that is answered or fails.

One, and not two, because a log of many requests at once is read line by line: all that is known of
a request is in one place, and nobody has to find the other half. What that cannot show is a request
that hangs; therefore there is another record when it begins, at a level that is off most of the
time. Both have the same number.
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from yarl import URL

from aioclient._body.payload import Payload
from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType
from aioclient._message.response import ClientResponse
from aioclient._middlewares.arguments import checked_count, checked_function, checked_names
from aioclient._middlewares.redaction import Redaction, printable, without_queries
from aioclient.errors import ClientConnectionError, ClientTimeoutError

_LOG: Final = logging.getLogger("aioclient.client")

# What these say is of places and times. The words of others, a middleware's or a resolver's, may be
# about anything; whoever catches the error sees them.
_TELLING: Final = (ClientConnectionError, ClientTimeoutError)

#: RFC 9112 section 6.3, item 1.
_WITHOUT_BODY: Final = frozenset({204, 304})


class LoggingMiddleware:
    """Logs each request when it is answered, or has failed.

        async with ClientSession(middlewares=[LoggingMiddleware()]) as session:
            ...

    The record of a response says method, URL, status, how many seconds it took until its head was
    there, how often the request was sent if that is more than once, and how large the bodies are,
    as far as that is known: the request's before content coding, the response's by its
    Content-Length. No body is read. Without an answer it says which error, and what that says, if
    it is about the connection or a time limit. Each request of a chain of redirects has a record.

    No secrets are in any record. URLs come without login, password and fragment; of their queries
    there are the names of the parameters, and ``***`` for the values. Of headers, which are logged
    with ``headers=True`` only, the value is ``***`` if the name has in it one of: api-key, apikey,
    auth, cookie, credential, functions-key, jwt, passw, secret, session, signature,
    subscription-key, token (but for WWW-Authenticate and Proxy-Authenticate); and the queries of
    URLs in other values are hidden, as those of Location. What comes out is one line, whatever the
    server sent: control characters are escaped.

    Paths are shown. If yours have secrets in them, give a function as `show_url`.

    Each value is also an attribute of the record, for what writes logs as JSON: ``http_number``,
    ``http_method``, ``http_url``, and when the request is over ``http_status``,
    ``http_duration_s``, ``http_attempts``, ``http_request_bytes``, ``http_response_bytes``,
    ``http_error``, ``http_request_headers``, ``http_response_headers``. What is not known is None.

    Put it in front of RetryMiddleware to log each request once, behind it to log each attempt. If a
    level is off, nothing of what it would show is looked at.

    All arguments are by keyword. Raises TypeError and ValueError for those that cannot be.

    Arguments:
        logger: where to, or its name; by default "aioclient.client".
        level: of responses, and of the end of a kept connection, after which the session sends the
            request again.
        failure_level: of other errors, cancellation (by which the total time limit works, too), and
            responses with a status of 500 and above.
        start_level: of the record that a request begins.
        headers: log the headers of the request, as it was sent, and of the response, too.
        redact: names of more headers whose values are hidden.
        show_query: names of parameters of URLs whose values may be seen.
        show_url: called with each URL that is logged, gives the text to log for it instead; what
            it raises, the request fails with.
        clock: what tells the time, in seconds. For tests.
    """

    __slots__ = (
        "_clock",
        "_failure_level",
        "_level",
        "_logger",
        "_numbers",
        "_redaction",
        "_show_url",
        "_shows_headers",
        "_start_level",
    )

    def __init__(
        self,
        *,
        logger: logging.Logger | str = _LOG,
        level: int = logging.INFO,
        failure_level: int = logging.WARNING,
        start_level: int = logging.DEBUG,
        headers: bool = False,
        redact: Iterable[str] = (),
        show_query: Iterable[str] = (),
        show_url: Callable[[URL], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self._level = checked_count("level", level, 0)
        self._failure_level = checked_count("failure_level", failure_level, 0)
        self._start_level = checked_count("start_level", start_level, 0)
        self._shows_headers = headers
        self._redaction = Redaction(
            checked_names("redact", redact), checked_names("show_query", show_query)
        )
        self._show_url = None if show_url is None else checked_function("show_url", show_url)
        self._clock = checked_function("clock", clock)
        self._numbers = itertools.count(1)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send the request, and log it."""
        number = next(self._numbers)
        if self._logger.isEnabledFor(self._start_level):
            self._log_start(number, request)
        begun_at = self._clock()
        try:
            response = await handler(request)
        except BaseException as error:
            level = self._level if request.is_sent_again_after(error) else self._failure_level
            if self._logger.isEnabledFor(level):
                self._log_failure(level, number, request, self._clock() - begun_at, error)
            raise
        level = self._level if response.status < 500 else self._failure_level
        if self._logger.isEnabledFor(level):
            self._log_response(level, number, request, self._clock() - begun_at, response)
        return response

    def _log_start(self, number: int, request: ClientRequest) -> None:
        known = self._known(number, request)
        words = "#%(http_number)d %(http_method)s %(http_url)s: begins"
        self._log(self._start_level, words, known)

    def _log_failure(
        self,
        level: int,
        number: int,
        request: ClientRequest,
        duration_s: float,
        error: BaseException,
    ) -> None:
        known = self._known(number, request)
        said = f": {without_queries(str(error))}" if isinstance(error, _TELLING) else ""
        known["http_error"] = f"{type(error).__name__}{said}"
        known["http_duration_s"] = duration_s
        words = (
            "#%(http_number)d %(http_method)s %(http_url)s: failed after %(http_duration_s).3f s, "
            "%(http_error)s"
        )
        if request.is_sent_again_after(error):
            words += "; is sent again"
        if self._shows_headers:
            known["http_request_headers"] = self._redaction.headers(request.headers)
            words += "; request headers %(http_request_headers)s"
        self._log(level, words, known)

    def _log_response(
        self,
        level: int,
        number: int,
        request: ClientRequest,
        duration_s: float,
        response: ClientResponse,
    ) -> None:
        known = self._known(number, request)
        known["http_status"] = response.status
        known["http_duration_s"] = duration_s
        known["http_attempts"] = response.attempts
        known["http_response_bytes"] = size = _body_bytes(request, response)
        words = (
            "#%(http_number)d %(http_method)s %(http_url)s: %(http_status)d after "
            "%(http_duration_s).3f s"
        )
        if response.attempts > 1:
            words += ", attempt %(http_attempts)d"
        if known["http_request_bytes"]:
            words += ", %(http_request_bytes)d bytes sent"
        if size is not None:
            words += ", %(http_response_bytes)d bytes to come"
        if self._shows_headers:
            sent = response.request_info.headers
            known["http_request_headers"] = self._redaction.headers(sent)
            known["http_response_headers"] = self._redaction.headers(response.headers)
            words += (
                "; request headers %(http_request_headers)s; "
                "response headers %(http_response_headers)s"
            )
        self._log(level, words, known)

    def _known(self, number: int, request: ClientRequest) -> dict[str, Any]:
        """What is known of a request from its beginning; None for what is not."""
        show_url = self._show_url or self._redaction.url
        body = request.body
        return {
            "http_number": number,
            "http_method": printable(request.method),
            "http_url": printable(show_url(request.url)),
            "http_status": None,
            "http_duration_s": None,
            "http_attempts": None,
            "http_request_bytes": body.size if isinstance(body, Payload) else 0,
            "http_response_bytes": None,
            "http_error": None,
            "http_request_headers": None,
            "http_response_headers": None,
        }

    def _log(self, level: int, words: str, known: dict[str, Any]) -> None:
        self._logger.log(level, words, known, extra=known)


def _body_bytes(request: ClientRequest, response: ClientResponse) -> int | None:
    """The size of a response's body, as it comes; None if it does not say it."""
    if request.method == "HEAD" or response.status in _WITHOUT_BODY:
        return 0
    return response.content_length

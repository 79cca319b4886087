"""Sends a request again that failed in a way that may pass.

What is decided, in this order: is it a failure that another attempt may cure (`statuses`,
`exceptions`, `retry_if`), may this request be sent twice (`methods`, its body), and may there be
one more attempt (`attempts`, `max_retry_after`, `max_total`, the budget). Only then is there a
delay, and the response is released before it: no connection is held while nothing happens.

Retries are for single accidents. When a server has too much to do they make it worse, so the delays
grow and are random, and there is a budget for all requests together (`retry_budget.py`).
"""

import asyncio
import logging
import random as random_module
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final, NamedTuple, TypeAlias

from yarl import URL

from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType
from aioclient._message.response import ClientResponse
from aioclient._middlewares.arguments import (
    checked_callable,
    checked_count,
    checked_exceptions,
    checked_function,
    checked_methods,
    checked_number,
    checked_statuses,
)
from aioclient._middlewares.retry_after import retry_after_s
from aioclient._middlewares.retry_budget import RetryBudget
from aioclient.errors import (
    AddressNotAllowedError,
    ClientConnectionResetError,
    ClientHttpProxyError,
    ClientOSError,
    ClientProxyConnectionError,
    ClientSSLError,
    InvalidURL,
    NonHttpUrlClientError,
    RedirectClientError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
)

_LOG: Final = logging.getLogger("aioclient.retry")

#: RFC 9110 section 9.2.2: doing these twice does no more than doing them once.
IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})

# 408: the client may repeat the request (RFC 9110 section 15.5.9). 429: too many requests, which
# passes (RFC 6585 section 4). 502, 503, 504: what stands before the server could not reach it, or
# it has too much to do (RFC 9110 sections 15.6.3 to 15.6.5). Not 500: that is mostly an error of
# the program that serves, the same again each time. Not 425: it answers early data (RFC 8470), of
# which we send none.
RETRIED_STATUSES: Final = frozenset({408, 429, 502, 503, 504})

#: No connection, a connection that was lost, and every time limit but the total one.
RETRIED_EXCEPTIONS: Final[frozenset[type[Exception]]] = frozenset(
    {ServerDisconnectedError, ClientOSError, ClientConnectionResetError, ServerTimeoutError}
)

#: What another attempt does not cure: a setting here or there would have to change.
_LASTING: Final[frozenset[type[Exception]]] = frozenset(
    {
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
    }
)

#: How many attempts the note of an error tells of, and how much of the reason of each.
_NOTED_ATTEMPTS: Final = 10
_REASON_CHARACTERS: Final = 200
#: Doubled so often, any delay is above every limit, and still a number.
_MOST_DOUBLINGS: Final = 60

#: What an attempt ends in.
Outcome: TypeAlias = ClientResponse | Exception


def may_pass(
    kind: type[Exception], retried: Collection[type[Exception]] = RETRIED_EXCEPTIONS
) -> bool:
    """Is it worth while to try again after such an error?

    The nearest of its classes decides, of those that are retried and those that last.
    """
    for each in kind.__mro__:
        if each in retried:
            return True
        if each in _LASTING:
            return False
    return False


class RetryAttempt(NamedTuple):
    """An attempt that failed and will be followed by another."""

    #: Which it was; the first is 1.
    number: int
    request: ClientRequest
    #: Why it counts as failed, in words.
    reason: str
    #: The status of its response, or None.
    status: int | None
    #: What it raised, or None.
    exception: Exception | None
    #: How long it takes until the next begins, in seconds.
    delay_s: float

    def __repr__(self) -> str:
        where = f"{self.request.method} {_shown_url(self.request)}"
        return f"<{type(self).__name__} {self.number}, {where}: {self.reason}>"


class RetryMiddleware:
    """Sends requests again that failed in a way that may pass.

        retry = RetryMiddleware(attempts=4, max_total=20)
        async with ClientSession(middlewares=[retry]) as session:
            async with session.get("https://api.example/items") as response:
                ...

    It waits before each further attempt: a random time up to `backoff` seconds, then up to twice as
    long, and so on up to `max_backoff`. If the response has a Retry-After, it waits for what that
    says, and then for the random time (RFC 9110 section 10.2.3). When there is no further attempt,
    the last response is the answer, or the last error is raised, with a note that tells of the
    attempts. The logger "aioclient.retry" tells of each (INFO), without the query of the URL.

    One object can serve many requests at once, and several sessions of a thread. Put it before
    middlewares that each attempt shall go through, as RateLimitMiddleware. Of a chain of redirects
    it sees each request by itself. The total time limit of the request (`ClientTimeout.total`) is
    for all attempts together: when it passes, also while waiting, that is TotalTimeoutError.
    Cancelling ends the waiting. A request whose body can be sent only once, as that of an async
    iterable, is never sent again. Errors while the response's body is read come after the
    middleware.

    All arguments are by keyword. Raises TypeError and ValueError for those that cannot be.

    Arguments:
        attempts: how often a request is sent at most, the first time included.
        methods: of the requests that may be sent again; by default those that are idempotent (RFC
            9110 section 9.2.2). Add POST only for a server that recognises what it has done before.
        statuses: of the responses to be retried: 408, 429, 502, 503 and 504.
        exceptions: the classes of errors to be retried: connections that could not be made or were
            lost, and time limits but the total one. Errors that stay are not retried unless they
            are named themselves: of TLS, certificates, fingerprints, proxies, URLs and redirects,
            and addresses that are not allowed. TotalTimeoutError cannot be one of them.
        retry_if: asked about each response and error (but TotalTimeoutError) that the lists do not
            name; True if it is to be retried as well. It must not wait.
        backoff, max_backoff: in seconds, see above.
        max_retry_after: seconds; if a server asks for more, its response is the answer.
        max_total: seconds from the beginning of the first attempt; no attempt is begun after that,
            nor waited for if it would be. It breaks off none.
        budget_ratio, budget_minimum: in ten seconds, the retries to an origin (scheme, host and
            port) are at most this part of the requests to it, and this number besides; so a server
            that fails gets not many more requests than before. A ratio of None is no limit.
        on_retry: called with a RetryAttempt before each waiting; what it raises is raised.
        clock, wall_clock, sleep, random: what tells the time (in seconds from anywhere, and since
            the epoch), waits, and gives a number from 0 to 1. For tests, which can move their own.
    """

    def __init__(
        self,
        *,
        attempts: int = 3,
        methods: Iterable[str] = IDEMPOTENT_METHODS,
        statuses: Iterable[int] = RETRIED_STATUSES,
        exceptions: Iterable[type[Exception]] = RETRIED_EXCEPTIONS,
        retry_if: Callable[[Outcome], bool] | None = None,
        backoff: float = 0.5,
        max_backoff: float = 30.0,
        max_retry_after: float = 60.0,
        max_total: float | None = None,
        budget_ratio: float | None = 0.2,
        budget_minimum: int = 10,
        on_retry: Callable[[RetryAttempt], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._attempts = checked_count("attempts", attempts, 1)
        self._methods = checked_methods(methods)
        self._statuses = checked_statuses(statuses)
        self._exceptions = checked_exceptions(exceptions)
        if TotalTimeoutError in self._exceptions:
            raise ValueError("exceptions must not have TotalTimeoutError: no time is left then")
        self._retry_if = None if retry_if is None else checked_function("retry_if", retry_if)
        self._backoff_s = checked_number("backoff", backoff)
        self._max_backoff_s = checked_number("max_backoff", max_backoff)
        self._max_retry_after_s = checked_number("max_retry_after", max_retry_after)
        self._max_total_s = None if max_total is None else checked_number("max_total", max_total)
        minimum = checked_count("budget_minimum", budget_minimum, 0)
        self._budget: RetryBudget | None = None
        if budget_ratio is not None:
            self._budget = RetryBudget(checked_number("budget_ratio", budget_ratio), minimum)
        self._on_retry = None if on_retry is None else checked_function("on_retry", on_retry)
        self._clock = checked_function("clock", clock)
        self._wall_clock = checked_function("wall_clock", wall_clock)
        self._sleep = checked_callable("sleep", sleep)
        self._random = checked_function("random", random)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send the request, as often as it takes."""
        sending = _Sending(request, self._clock())
        if self._budget is not None:
            self._budget.count_request(request.origin, sending.begun_at)
        while True:
            sending.attempts += 1
            try:
                response = await handler(request)
            except Exception as error:
                if request.is_sent_again_after(error):
                    raise
                delay_s = self._delay_after(error, sending)
                if delay_s is None:
                    sending.add_note(error)
                    raise
            else:
                delay_s = self._delay_after(response, sending)
                if delay_s is None:
                    return response
            try:
                await self._sleep(delay_s)
            except asyncio.CancelledError as cancelled:
                sending.add_note(cancelled)  # the total limit's error gets it
                raise

    # The errors that are retried are variables of these functions only: one of `__call__` would be
    # in a cycle with its own traceback.

    def _delay_after(self, outcome: Outcome, sending: "_Sending") -> float | None:
        """How long to wait for the next attempt, of which it tells; None if there is none."""
        request = sending.request
        if not self._is_failure(outcome) or request.method not in self._methods:
            return None
        status = error = asked_s = None
        if isinstance(outcome, Exception):
            error = outcome
            reason = f"{type(error).__name__}: {error}"[:_REASON_CHARACTERS]
        else:
            status = outcome.status
            asked_s = retry_after_s(outcome.headers, self._wall_clock())
            reason = f"status {status}" + (f", Retry-After {asked_s:g} s" if asked_s else "")
        delay_s = (asked_s or 0.0) + self._jitter_s(sending.attempts)
        sending.refusal = self._refusal(sending, asked_s, delay_s)
        if sending.refusal is not None:
            sending.log(f"{reason}; not sent again: {sending.refusal}")
            return None
        sending.log(f"{reason}; sent again in {delay_s:.3g} s")
        sending.past.append((sending.attempts, reason))
        if not isinstance(outcome, Exception):
            _ = outcome.release()  # nothing to wait for
        if self._on_retry is not None:
            self._on_retry(RetryAttempt(sending.attempts, request, reason, status, error, delay_s))
        return delay_s

    def _is_failure(self, outcome: Outcome) -> bool:
        """Is this to be retried, if it can be?"""
        if isinstance(outcome, TotalTimeoutError):
            return False
        if isinstance(outcome, Exception):
            if may_pass(type(outcome), self._exceptions):
                return True
        elif outcome.status in self._statuses:
            return True
        return self._retry_if is not None and bool(self._retry_if(outcome))

    def _jitter_s(self, attempts: int) -> float:
        """A random part of a time that doubles: clients that failed together come back apart."""
        ceiling_s = self._backoff_s * 2.0 ** min(attempts - 1, _MOST_DOUBLINGS)
        return self._random() * min(ceiling_s, self._max_backoff_s)

    def _refusal(self, sending: "_Sending", asked_s: float | None, delay_s: float) -> str | None:
        """Why there is no other attempt; None if there is one, which the budget then has paid."""
        if sending.attempts >= self._attempts:
            return "no attempts are left"
        if not sending.request.can_be_sent_again:
            return "its body cannot be sent again"
        if asked_s is not None and asked_s > self._max_retry_after_s:
            return f"that is more than max_retry_after, {self._max_retry_after_s:g} s"
        now = self._clock()
        if self._max_total_s is not None and now + delay_s > sending.begun_at + self._max_total_s:
            return f"max_total, {self._max_total_s:g} s, would pass before"
        if self._budget is not None and not self._budget.take(sending.request.origin, now):
            return "the budget of retries for this origin is used up"
        return None


class _Sending:
    """One request, and what became of it so far."""

    __slots__ = ("attempts", "begun_at", "past", "refusal", "request")

    def __init__(self, request: ClientRequest, begun_at: float) -> None:
        self.request = request
        self.begun_at = begun_at
        self.attempts = 0
        #: Numbers and reasons of the last attempts that were followed by others.
        self.past: deque[tuple[int, str]] = deque(maxlen=_NOTED_ATTEMPTS)
        #: Why there was no other.
        self.refusal: str | None = None

    def log(self, words: str) -> None:
        """Say what became of the attempt."""
        if _LOG.isEnabledFor(logging.INFO):
            method, url = self.request.method, _shown_url(self.request)
            _LOG.info("%s %s: attempt %d: %s", method, url, self.attempts, words)

    def add_note(self, error: BaseException) -> None:
        """Tell those who see the error of the attempts before it, and why there is no other."""
        if not self.past and self.refusal is None:
            return
        told = [f"attempt {number}: {reason}" for number, reason in self.past]
        if isinstance(error, asyncio.CancelledError):
            told.append("not sent again in time")
        else:
            told.append(f"attempt {self.attempts}: this error")
        if self.refusal is not None:
            told.append(f"not sent again: {self.refusal}")
        error.add_note("; ".join(told))


def _shown_url(request: ClientRequest) -> URL:
    """Without the query: that may hold what is nobody else's business."""
    return request.url.with_query(None)

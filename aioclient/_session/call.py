"""The way of a request with middlewares, or that is traced: through all of them, telling each step.

`Sender.send` is the short way, for requests without. Here the total time limit is not left to the
connection: it ends whatever the task waits for, middlewares included.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from aioclient._connection.exchange import Exchange
from aioclient._http.header_names import LOCATION
from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType, ClientMiddlewareType
from aioclient._message.options import RequestOptions
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse, new_response
from aioclient._net.deadline import Deadline
from aioclient._pool.connector import BaseConnector
from aioclient._pool.lease import Lease
from aioclient._pool.waiter import LeaseWaiter
from aioclient._session.steps import give_up, judge, may_be_sent_again, total_timeout
from aioclient.errors import ClientConnectionError, ClientPayloadError, TotalTimeoutError

if TYPE_CHECKING:
    from aioclient._connection.upload_observer import UploadObserver
    from aioclient._session.send import Sender
    from aioclient._session.session import ClientSession
    from aioclient._session.traced import Traced
    from aioclient._tracing.config import TraceConfig


class Call:
    """One call of a session's methods: a request, and those that follow it.

    What is about the request that is being sent now, one of a chain of redirects, begins anew with
    each of them: how often it was sent, the last response that its handler gave.
    """

    __slots__ = (
        "_attempts",
        "_before",
        "_connector",
        "_deadline",
        "_exchange",
        "_history",
        "_is_expired",
        "_loop",
        "_needs_new",
        "_observers",
        "_phase",
        "_request",
        "_response",
        "_sender",
        "_stale",
        "_task",
        "_traced",
        "_waiter",
        "_was_cancelling",
        "first",
        "options",
        "preparer",
        "session",
    )

    def __init__(
        self,
        sender: "Sender",
        connector: BaseConnector,
        request: Request,
        options: RequestOptions,
        session: "ClientSession",
        loop: asyncio.AbstractEventLoop,
        trace_configs: "Sequence[TraceConfig[Any]]" = (),
    ) -> None:
        #: For `ClientRequest`.
        self.session = session
        self.preparer = sender.preparer
        self.options = options
        self.first = request
        # The one of the chain of redirects that is being sent.
        self._request = request
        self._sender = sender
        self._connector = connector
        self._loop = loop
        # Told of the bodies of the requests that were sent.
        observer = request.wishes.upload_observer
        self._observers: list[UploadObserver] = [] if observer is None else [observer]
        self._traced: Traced | None = None
        if trace_configs:
            from aioclient._session import traced  # late: rarely needed

            context = options.get("trace_request_ctx")
            try:
                self._traced = traced.Traced(session, trace_configs, context)
            except BaseException as error:  # of a factory
                if observer is not None:
                    observer.fail(error)
                raise
        # Of redirects; and the last response of them, if its connection may serve what follows.
        self._history: tuple[ClientResponse, ...] = ()
        self._before: ClientResponse | None = None
        self._attempts = 0
        self._response: ClientResponse | None = None
        self._exchange: Exchange | None = None
        # The error of a kept connection that was closed. All later sendings are on new ones: where
        # each answer is followed by the end of the connection, a middleware that sends twice would
        # else go round for ever.
        self._stale: Exception | None = None
        self._needs_new = False
        # What is waited for, for the words of the total limit.
        self._phase = "middleware"
        self._waiter: LeaseWaiter | None = None
        # That limit cancels the task that waits, as `asyncio.timeout` does.
        self._is_expired = False
        self._task: asyncio.Task[Any] | None = None
        self._deadline: Deadline | None = None
        timeout = request.wishes.timeout
        if timeout.total:
            self._task = task = asyncio.current_task()
            self._was_cancelling = 0 if task is None else task.cancelling()
            self._deadline = sender.deadlines.start(
                timeout.total, self._expire, timeout.ceil_threshold
            )

    async def answer(self) -> ClientResponse:
        """The response; raises as `Sender.send`, and whatever a middleware or trace raises."""
        traced = self._traced
        try:
            if traced is not None:
                self._request = await traced.start(ClientRequest(self.first, self))
            response = await self._follow()
            if traced is not None:
                await self._end(traced, response)
        except BaseException as error:
            failure = self._fail(error)
            if traced is not None and not isinstance(failure, GeneratorExit):
                await traced.fail(self._request, failure)
                await self._tell_response_end(traced)
            if failure is not error:
                raise failure from None
            raise
        self._hand_over(response)
        for observer in self._observers:
            observer.answered()
        if traced is not None:
            await self._tell_response_end(traced)
        elif self.first.wishes.raise_for_status is not False:
            await judge(response, self.first)
        # A middleware may keep its request, and so this; and an error has the coroutines in it that
        # it came through, with all that they know.
        self._response = self._exchange = self._stale = None
        return response

    async def _follow(self) -> ClientResponse:
        """The answer at the end of a chain of redirects (RFC 9110 section 15.4)."""
        while True:
            request = self._request
            handler: ClientHandlerType = self._send
            make_request = self._sender.request_class or ClientRequest
            for middleware in reversed(request.wishes.middlewares):
                handler = _around(handler, middleware)
            try:
                # By name, for a class whose constructor names two, as those of aiohttp's do.
                response = await handler(
                    make_request(request, self, follows_redirect=bool(self._history))
                )
            except ClientConnectionError as error:
                if not self.is_sent_again_after(error):
                    raise
                # The server had closed the kept connection; once more, on a new one.
                continue
            if response is not self._response:
                await self._take(response)
            if response.status < 300 or response.status >= 400:
                return response
            following = self._next_after(request, response)
            if following is None:
                return response
            await self._leave(response)
            self._before = response if following.route == request.route else None
            self._request = following

    def is_sent_again_after(self, error: BaseException) -> bool:
        """For `ClientRequest`: does it say that the server had closed the kept connection?"""
        return error is self._stale

    def _next_after(self, request: Request, response: ClientResponse) -> Request | None:
        """The request to follow a redirect with (RFC 9110 section 15.4); None to follow none."""
        if request.wishes.redirects is None or LOCATION not in response.headers:
            return None
        location = ", ".join(response.headers.getall(LOCATION))
        # Not the response's own: that of one out of a cache is about another call, and a chain that
        # goes round would never be too long.
        return self._sender.next_after(request, response, location, self._history)

    async def _leave(self, response: ClientResponse) -> None:
        """A redirect is followed: the response behind is released, and a new request begins."""
        traced = self._traced
        if traced is not None:
            await traced.redirect(self._request, response)
        _ = response.release()  # nothing to wait for
        if traced is not None:
            await self._tell_response_end(traced)
        self._history = (*self._history, response)
        self._response = self._exchange = None
        self._attempts = 0
        self._needs_new = False

    async def _end(self, traced: "Traced", response: ClientResponse) -> None:
        """Tell how the call ended; a status that the caller wants as an error is one."""
        request = self._request
        try:
            if request.wishes.raise_for_status is not False:
                await judge(response, request)
            await traced.end(request, response)
        except BaseException:
            _ = response.release()  # nothing to wait for
            raise

    async def _tell_response_end(self, traced: "Traced") -> None:
        """The last response is over, or it is told when it is."""
        response, exchange = self._response, self._exchange
        if response is None or exchange is None:
            return
        try:
            await traced.response_end(response, exchange)
        except BaseException:
            _ = response.release()  # nothing to wait for
            raise

    # --- the innermost handler -------------------------------------------------------------------

    async def _send(self, given: object) -> ClientResponse:
        """Send a request and wait for the head of its response."""
        if not isinstance(given, ClientRequest):
            raise TypeError(f"a handler takes a ClientRequest, not {type(given).__name__}")
        if self._is_expired:  # and the middleware does not care
            raise self._timed_out()
        if self._response is not None:
            await self._drop_response()
            given.renew_cookies()
        request = given.to_send()
        if request.payload is not None or self._traced is not None:
            request = self._followed(request)
        # What only a proxy is told is not in the request that is kept and shown.
        sent = request.with_lines(given.proxy_lines) if given.proxy_lines else request
        self._attempts += 1
        lease = exchange = None
        begun_at = monotonic()
        try:
            self._phase = "connect"
            if not self._needs_new:
                lease = self._connector.lease_idle(request.route, begun_at)
            if lease is None:
                lease = await self._wait_for_lease(request)
            if lease.was_kept and self._traced is not None:
                await self._traced.reused(lease)
            self._phase = "response"
            exchange = self._sender.begin(sent, lease, None, self._loop)
            exchange.begun_at = begun_at
            if self._traced is not None:
                await self._traced.sent(request, lease, exchange)
            await exchange.waiter
        except BaseException as error:
            self._note_failure(error, request, lease, exchange)
            lease = exchange = None  # the error is in the exchange, and this in the error
            if self._traced is not None and not isinstance(error, GeneratorExit):
                await self._traced.attempt_failed(request, begun_at, error)
            raise
        response = self._received(request, exchange)
        if self._traced is not None:
            await self._traced.attempt_ended(request, begun_at, response)
        return response

    def _received(self, request: Request, exchange: Exchange) -> ClientResponse:
        """The response, of which the head has come."""
        self._phase = "middleware"
        head = exchange.head
        if head is None:  # the waiter is done without an error only once there is a head
            raise RuntimeError("exchange ended without a head")
        kind = request.wishes.response_class
        if kind is None:
            response = ClientResponse.__new__(ClientResponse)
            response.take(request, head, exchange, self._attempts, self._history)
        else:
            response = new_response(kind, request, head, exchange, self._attempts, self._history)
        self._response, self._exchange = response, exchange
        if self._traced is not None:
            self._traced.received(request, response, exchange)
        if head.has_set_cookie:
            self._sender.keep_cookies(request, response)
        return response

    def _followed(self, request: Request) -> Request:
        """A request whose body can be sent, and those know of it who follow it."""
        if request.payload is not None:
            if request.payload.consumed:
                raise ClientPayloadError(
                    "the body of the request was sent, and cannot be sent again"
                )
            observer = request.wishes.upload_observer
            if observer is not None and observer not in self._observers:
                self._observers.append(observer)
        return request if self._traced is None else self._traced.followed(request)

    async def _wait_for_lease(self, request: Request) -> Lease:
        before, self._before = self._before, None
        if before is not None:
            await before.wait_for_close()  # most often shorter than to make another
            lease = self._connector.lease_idle(request.route, monotonic())
            if lease is not None:
                return lease
        return await self._connector.lease(
            request.route,
            request.wishes.timeout,
            self._waits,
            bool(self._history) or self._attempts > 1,
            self._needs_new,
            None if self._traced is None else self._traced.trace,
        )

    def _waits(self, waiter: LeaseWaiter) -> None:
        self._waiter = waiter

    def _note_failure(
        self,
        error: BaseException,
        request: Request,
        lease: Lease | None,
        exchange: Exchange | None,
    ) -> None:
        give_up(exchange, None)
        if (
            isinstance(error, ClientConnectionError)
            and lease is not None
            and lease.was_kept
            and request.wishes.retry_on_stale
            and may_be_sent_again(request, exchange, error)
        ):
            self._stale = error
            self._needs_new = True

    async def _take(self, answer: object) -> None:
        """A middleware gives something else than the last response: that is not the answer."""
        if not isinstance(answer, ClientResponse):
            kind = type(answer).__name__
            raise TypeError(f"a middleware must return a ClientResponse, not {kind}")
        await self._drop_response()

    async def _drop_response(self) -> None:
        """The response that the handler gave before, if it did, was not the answer."""
        if self._response is None:
            return
        _ = self._response.release()  # nothing to wait for
        if self._traced is not None:
            await self._tell_response_end(self._traced)
        self._response = self._exchange = None

    # --- the end, and the total time limit --------------------------------------------------------

    def _hand_over(self, response: ClientResponse) -> None:
        """From here on the total limit is that of the response's body."""
        deadline, exchange = self._deadline, self._exchange
        if deadline is None:
            return
        if self._is_expired and self._task is not None:
            self._task.uncancel()  # a middleware had an answer all the same
        self._deadline = None
        if (
            response is not self._response
            or exchange is None
            or exchange.has_ended
            or exchange.switched is not None  # what follows has limits of its own
        ):
            deadline.stop()
        elif self._is_expired:
            exchange.total_expired(deadline)  # of the body nothing more is waited for
        else:
            exchange.deadline = deadline
            deadline.on_expiry = exchange.total_expired
            return
        deadline.on_expiry = _ignore  # it must not take the garbage collector to part them

    def _fail(self, error: BaseException) -> BaseException:
        """The call ends with an error; gives another to raise if the total limit was the reason."""
        if self._response is not None:
            _ = self._response.release()  # nothing to wait for
        if self._deadline is not None:
            self._deadline.stop()
            self._deadline.on_expiry = _ignore  # as above
        failure = error
        # Taken back in any case: a middleware may have made another error of the cancellation.
        is_cancelled = self._is_expired and self._take_back()
        if is_cancelled and isinstance(error, asyncio.CancelledError):
            failure = self._timed_out()
            for note in getattr(error, "__notes__", ()):  # of the middlewares that it came through
                failure.add_note(note)
        for observer in self._observers:
            observer.fail(failure)
        return failure

    def _take_back(self) -> bool:
        """The limit has cancelled the task: take that back. Has nobody else cancelled it?"""
        task = self._task
        return task is not None and task.uncancel() <= self._was_cancelling

    def _expire(self, deadline: Deadline) -> None:
        self._is_expired = True
        if self._task is not None:
            self._task.cancel()

    def _timed_out(self) -> TotalTimeoutError:
        deadline = self._deadline
        if deadline is None:
            raise RuntimeError("there is no total time limit that could have passed")
        phase = self._phase
        if phase == "connect" and self._waiter is not None:
            phase = self._waiter.phase
        return total_timeout(deadline, phase, self.first.route)


def _ignore(deadline: Deadline) -> None:
    """Nobody waits any more."""


def _around(handler: ClientHandlerType, middleware: ClientMiddlewareType) -> ClientHandlerType:
    return lambda request: middleware(request, handler)

"""The way of a request with middlewares: for each redirect, and each sending, through all of them.

`Sender.send` is the short way, for requests without. Here the total time limit is not left to the
connection: it ends whatever the task waits for, middlewares included.
"""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from aioclient._connection.exchange import Exchange
from aioclient._http.header_names import LOCATION
from aioclient._message.client_request import CallFacts, ClientRequest, Origin
from aioclient._message.handler import ClientHandlerType, ClientMiddlewareType
from aioclient._message.options import RequestOptions
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse
from aioclient._net.deadline import Deadline
from aioclient._pool.connector import BaseConnector
from aioclient._pool.lease import Lease
from aioclient._pool.waiter import LeaseWaiter
from aioclient._session.steps import give_up, judge, may_be_sent_again, total_timeout
from aioclient.errors import ClientConnectionError, ClientPayloadError

if TYPE_CHECKING:
    from aioclient._connection.upload_observer import UploadObserver
    from aioclient._session.send import Sender
    from aioclient._session.session import ClientSession


class Call:
    """One call of a session's methods: a request, and those that follow it."""

    __slots__ = (
        "_is_expired",
        "_request",
        "_task",
        "_waiter",
        "_was_cancelling",
        "connector",
        "deadline",
        "facts",
        "loop",
        "observers",
        "phase",
        "sender",
    )

    def __init__(
        self,
        sender: "Sender",
        connector: BaseConnector,
        request: Request,
        options: RequestOptions,
        session: "ClientSession",
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.sender = sender
        self.connector = connector
        self.loop = loop
        self.facts = CallFacts(session, sender.preparer, options, Origin.of(request.target))
        self._request = request
        # For the total limit, which cancels the task that waits, as `asyncio.timeout` does.
        self._task = asyncio.current_task()
        self._was_cancelling = 0 if self._task is None else self._task.cancelling()
        self._is_expired = False
        #: What it is waiting for, for the words of that limit.
        self.phase = "middleware"
        self._waiter: LeaseWaiter | None = None
        #: Told of the bodies of the requests that were sent.
        self.observers: list[UploadObserver] = []
        timeout = request.wishes.timeout
        self.deadline = None
        if timeout.total:
            self.deadline = sender.deadlines.start(
                timeout.total, self._expire, timeout.ceil_threshold
            )

    async def answer(self) -> ClientResponse:
        """The response; raises as `Sender.send`, and whatever a middleware raises."""
        request = self._request
        if request.wishes.upload_observer is not None:
            self.observers.append(request.wishes.upload_observer)
        try:
            response = await self._answer_in_time()
        except BaseException as error:
            if self.deadline is not None:
                self.deadline.stop()
            for observer in self.observers:
                observer.fail(error)
            raise
        for observer in self.observers:
            observer.answered()
        if request.wishes.raise_for_status is not False:
            await judge(response, request)
        return response

    async def _answer_in_time(self) -> ClientResponse:
        """The same, with the total limit's cancellation of the task taken back."""
        try:
            response = await self._follow()
        except asyncio.CancelledError:
            if self._is_expired and self._uncancel() <= self._was_cancelling:
                raise self.timed_out() from None
            raise
        if self._is_expired:  # a middleware had an answer all the same
            self._uncancel()
        return response

    async def _follow(self) -> ClientResponse:
        """The answer at the end of a chain of redirects (RFC 9110 section 15.4)."""
        request = self._request
        hop = Hop(self, request)
        response = await hop.answer()
        while request.wishes.redirects is not None and LOCATION in response.headers:
            location = ", ".join(response.headers.getall(LOCATION))
            following = self.sender.next_after(request, response, location)
            if following is None:
                break
            _ = response.release()  # nothing to wait for
            before = response if following.route == request.route else None
            request = following
            hop = Hop(self, request, before, (*response.history, response))
            response = await hop.answer()
        hop.hand_over(response, self.deadline)
        return response

    # --- the total time limit -------------------------------------------------------------------

    def _expire(self, deadline: Deadline) -> None:
        self._is_expired = True
        if self._task is not None:
            self._task.cancel()

    def _uncancel(self) -> int:
        return 0 if self._task is None else self._task.uncancel()

    def check_time(self) -> None:
        """Raise TotalTimeoutError if a middleware goes on although the total limit has passed."""
        if self._is_expired:
            raise self.timed_out()

    def timed_out(self) -> Exception:
        """The error that says so."""
        deadline = self.deadline
        if deadline is None:
            raise RuntimeError("there is no total time limit that could have passed")
        phase = self.phase
        if phase == "connect" and self._waiter is not None:
            phase = self._waiter.phase
        return total_timeout(deadline, phase, self._request.route)

    async def lease(self, request: Request, is_under_way: bool, needs_new: bool) -> Lease:
        """A lease that has to be waited for."""
        timeout = request.wishes.timeout
        return await self.connector.lease(
            request.route, timeout, self._waits, is_under_way, needs_new
        )

    def _waits(self, waiter: LeaseWaiter) -> None:
        self._waiter = waiter


class Hop:
    """One request of a call, sent through its middlewares as often as they want."""

    __slots__ = (
        "_before",
        "_call",
        "_exchange",
        "_history",
        "_is_again",
        "_request",
        "_response",
        "_stale",
        "attempts",
    )

    def __init__(
        self,
        call: Call,
        request: Request,
        before: ClientResponse | None = None,
        history: tuple[ClientResponse, ...] = (),
    ) -> None:
        """`before` is a response on the same route that was released just now."""
        self._call = call
        self._request = request
        self._before = before
        self._history = history
        # The last response that the handler gave, and its exchange.
        self._response: ClientResponse | None = None
        self._exchange: Exchange | None = None
        # The error of a kept connection that turned out to be closed: then there is another try.
        self._stale: ClientConnectionError | None = None
        self._is_again = False
        self.attempts = 0

    async def answer(self) -> ClientResponse:
        """The response that comes out of the middlewares."""
        call, request = self._call, self._request
        answer: object = None
        try:
            while True:
                handler: ClientHandlerType = self._send
                for middleware in reversed(request.wishes.middlewares):
                    handler = _around(handler, middleware)
                try:
                    answer = await handler(ClientRequest(request, call.facts, bool(self._history)))
                    break
                except ClientConnectionError as error:
                    if error is not self._stale:
                        raise
                # The server had closed the kept connection; once more, on a new one.
        finally:
            self._drop_unless(answer)
        return _checked_answer(answer)

    def hand_over(self, response: ClientResponse, deadline: Deadline | None) -> None:
        """From here on the total limit is that of the response's body."""
        if deadline is None:
            return
        exchange = self._exchange
        if response is not self._response or exchange is None or exchange.has_ended:
            deadline.stop()
            return
        exchange.deadline = deadline
        deadline.on_expiry = exchange.total_expired

    async def _send(self, given: object) -> ClientResponse:
        """The innermost handler: it sends a request and waits for the head of its response."""
        if not isinstance(given, ClientRequest):
            raise TypeError(f"a handler takes a ClientRequest, not {type(given).__name__}")
        call = self._call
        call.check_time()
        self._drop_unless(None)
        request = given.to_send()
        if request.payload is not None and request.payload.consumed:
            raise ClientPayloadError("the body of the request was sent, and cannot be sent again")
        observer = request.wishes.upload_observer
        if observer is not None and observer not in call.observers:
            call.observers.append(observer)
        self.attempts += 1
        exchange = await self._exchanged(request)
        call.phase = "middleware"
        head = exchange.head
        if head is None:  # the waiter is done without an error only once there is a head
            raise RuntimeError("exchange ended without a head")
        kind = request.wishes.response_class or ClientResponse
        response: ClientResponse = kind(request, head, exchange, self.attempts, self._history)
        self._response, self._exchange = response, exchange
        if head.has_set_cookie:
            call.sender.keep_cookies(request, response)
        return response

    async def _exchanged(self, request: Request) -> Exchange:
        call = self._call
        lease = exchange = None
        begun_at = monotonic()
        call.phase = "connect"
        try:
            lease = await self._lease(request, begun_at)
            call.phase = "response"
            exchange = call.sender.begin(request, lease, None, call.loop)
            exchange.begun_at = begun_at
            await exchange.waiter
        except BaseException as error:
            give_up(exchange, None)
            if (
                isinstance(error, ClientConnectionError)
                and lease is not None
                and lease.was_kept
                and request.wishes.retry_on_stale
                and may_be_sent_again(request, exchange, error)
            ):
                self._stale = error
                self._is_again = True
            raise
        self._is_again = False
        return exchange

    async def _lease(self, request: Request, now: float) -> Lease:
        """A connection: a kept one, unless one turned out to be closed; else it is waited for."""
        call, route = self._call, request.route
        if not self._is_again:
            lease = call.connector.lease_idle(route, now)
            before, self._before = self._before, None
            if lease is None and before is not None:
                await before.wait_for_close()  # shorter, most often, than to make another
                lease = call.connector.lease_idle(route, monotonic())
            if lease is not None:
                return lease
        is_under_way = bool(self._history) or self.attempts > 1
        return await call.lease(request, is_under_way, self._is_again)

    def _drop_unless(self, answer: object) -> None:
        """Release the last response, if it is not the one that is the answer."""
        response = self._response
        if response is not None and response is not answer:
            _ = response.release()  # nothing to wait for


def _checked_answer(answer: object) -> ClientResponse:
    if isinstance(answer, ClientResponse):
        return answer
    raise TypeError(f"a middleware must return a ClientResponse, not {type(answer).__name__}")


def _around(handler: ClientHandlerType, middleware: ClientMiddlewareType) -> ClientHandlerType:
    return lambda request: middleware(request, handler)

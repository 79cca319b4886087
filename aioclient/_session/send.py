"""The way of one request: prepare it, get a connection, send it, wait for the head."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from aioclient._aliases import StrOrURL
from aioclient._connection.exchange import Exchange
from aioclient._connection.prompt_future import PromptFuture
from aioclient._http.events import ResponseHead
from aioclient._http.header_names import SET_COOKIE
from aioclient._message.option_checks import claim_tracker
from aioclient._message.options import RequestOptions
from aioclient._message.prepare import Preparer
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse, new_response
from aioclient._message.session_cookies import SessionCookies
from aioclient._net.deadline import Deadline, Deadlines
from aioclient._pool.connector import BaseConnector
from aioclient._pool.lease import Lease
from aioclient._session.session_hooks import SessionHooks, through_hook
from aioclient._session.steps import (
    give_up,
    given_back,
    judge,
    may_be_sent_again,
    wait_for_lease,
)
from aioclient.errors import ClientConnectionError

if TYPE_CHECKING:
    from yarl import URL

    from aioclient._message.client_request import ClientRequest
    from aioclient._session.session import ClientSession
    from aioclient._tracing.config import TraceConfig


_REQUEST: Final = SessionHooks._request  # noqa: SLF001 - a hook


class Sender:
    """Sends the requests of one session, on the event loop that sends the first."""

    __slots__ = (
        "_connector",
        "_cookies",
        "_is_observed",
        "_loop",
        "_trace_configs",
        "deadlines",
        "preparer",
        "request_class",
    )

    def __init__(
        self,
        preparer: Preparer,
        connector: BaseConnector,
        cookies: SessionCookies,
        trace_configs: "Sequence[TraceConfig[Any]]" = (),
        request_class: "type[ClientRequest] | None" = None,
    ) -> None:
        self._trace_configs = trace_configs
        #: What requests are made of for middlewares; None: ClientRequest.
        self.request_class = request_class
        self._is_observed = bool(trace_configs) or request_class is not None
        self.preparer = preparer
        self._cookies = cookies
        self._connector: BaseConnector | None = connector
        self._loop: asyncio.AbstractEventLoop | None = None
        self.deadlines: Deadlines

    def close(self) -> None:
        """Send nothing any more."""
        self._connector = None

    def drop_timer(self) -> None:
        """Leave no timer behind, once no request is under way on somebody else's connector."""
        if self._loop is not None:
            self.deadlines.finish()

    def report(self, context: dict[str, object]) -> None:
        """Tell the exception handler of the event loop, if there is one that still runs."""
        loop = self._loop
        if loop is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
        if loop.is_running():
            loop.call_exception_handler(context)

    async def send(
        self,
        method: str,
        url: StrOrURL,
        options: RequestOptions,
        owner: "ClientSession",
        is_direct: bool = False,
    ) -> ClientResponse:
        """The response to one request, as soon as its head is there.

        `owner`, the session, lives at least until then. Whatever replaces its `_request` is asked,
        unless `is_direct`: then it is that which asks.

        Raises every error of `aioclient.errors` that a request can meet, ValueError and TypeError
        for what cannot be asked for. Cancelling gives up the connection.
        """
        if not is_direct and (
            type(owner)._request is not _REQUEST  # noqa: SLF001 - a hook
            or "_request" in owner.__dict__
        ):
            return await through_hook(owner, method, url, options)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._bind(loop)
        connector = self._connector
        if connector is None:
            raise RuntimeError("session is closed")
        prepare = self._prepare_followed if "upload_tracker" in options else self.preparer.prepare
        request = prepare(method, url, options)
        wishes = request.wishes
        if wishes.middlewares or self._is_observed:
            from aioclient._session.call import Call  # late: not before one of them is there

            configs = self._trace_configs
            return await Call(self, connector, request, options, owner, loop, configs).answer()
        timeout = wishes.timeout
        deadline = (
            self.deadlines.start(timeout.total, _ignore, timeout.ceil_threshold)
            if timeout.total
            else None
        )
        try:
            exchange, head, attempts = await self._exchange(connector, request, deadline, loop)
            if wishes.response_class is None:
                response = ClientResponse.__new__(ClientResponse)
                response.take(request, head, exchange, attempts)
            else:
                response = new_response(wishes.response_class, request, head, exchange, attempts)
            if head.has_set_cookie:
                self.keep_cookies(request, response)
            if head.location is not None and wishes.redirects is not None:
                response = await self._follow(connector, request, response, head.location, deadline)
            if wishes.upload_observer is not None:
                wishes.upload_observer.answered()
        except BaseException as error:
            if wishes.upload_observer is not None:
                wishes.upload_observer.fail(error)
            raise
        if wishes.raise_for_status is not False:
            await judge(response, request)
        return response

    def _prepare_followed(self, method: str, url: StrOrURL, options: RequestOptions) -> Request:
        """The same as `Preparer.prepare`; the caller's tracker hears of it if that fails."""
        tracker = options.get("upload_tracker")
        if tracker is None:
            return self.preparer.prepare(method, url, options)
        claim_tracker(tracker)
        try:
            return self.preparer.prepare(method, url, options)
        except BaseException as error:
            tracker.fail(error)
            raise

    async def _exchange(
        self,
        connector: BaseConnector,
        request: Request,
        deadline: Deadline | None,
        loop: asyncio.AbstractEventLoop,
        before: ClientResponse | None = None,
        is_under_way: bool = False,
    ) -> tuple[Exchange, ResponseHead, int]:
        """Send a request and wait for the head of its response; how often it was sent.

        `before` is a response on the same route that was released just now; `is_under_way` if it is
        not the first of a chain of redirects.
        """
        exchange = None
        attempts = 1
        try:
            begun_at = monotonic()
            lease = connector.lease_idle(request.route, begun_at)
            if lease is None and before is not None:
                await given_back(before, deadline, request.route)
                lease = connector.lease_idle(request.route, monotonic())
            while True:
                try:
                    if lease is None:
                        is_again = attempts > 1
                        lease = await wait_for_lease(
                            connector, request, deadline, is_under_way or is_again, is_again
                        )
                    exchange = self.begin(request, lease, deadline, loop)
                    exchange.begun_at = begun_at
                    await exchange.waiter
                    head = exchange.head
                    if head is None:  # the waiter is done without an error only with a head
                        raise RuntimeError("exchange ended without a head")
                    return exchange, head, attempts
                except ClientConnectionError as error:
                    if (
                        lease is None
                        or not lease.was_kept
                        or not request.wishes.retry_on_stale
                        or not may_be_sent_again(request, exchange, error)
                    ):
                        raise
                # The server had closed the kept connection; once more, on a new one.
                lease = exchange = None
                attempts += 1
                if deadline is not None:
                    deadline.resume()
        except BaseException:
            give_up(exchange, deadline)
            raise

    async def _follow(
        self,
        connector: BaseConnector,
        request: Request,
        response: ClientResponse,
        location: bytes | None,
        deadline: Deadline | None,
    ) -> ClientResponse:
        """The answer at the end of a chain of redirects (RFC 9110 section 15.4)."""
        loop = asyncio.get_running_loop()
        while True:
            following = self.next_after(request, response, location, response.history)
            if following is None:
                return response
            _ = response.release()  # nothing to wait for
            if deadline is not None:
                deadline.resume()
            before = response if following.route == request.route else None
            request = following
            exchange, head, attempts = await self._exchange(
                connector, request, deadline, loop, before, is_under_way=True
            )
            location = head.location
            history = (*response.history, response)
            kind = request.wishes.response_class or ClientResponse
            response = new_response(kind, request, head, exchange, attempts, history)
            if head.has_set_cookie:
                self.keep_cookies(request, response)

    async def upgrade(
        self,
        method: str,
        url: "URL",
        options: RequestOptions,
        may_cross: Sequence[str],
        owner: "ClientSession",
    ) -> ClientResponse:
        """As `send`; the server may answer by speaking another protocol (101).

        `may_cross` are names of headers that go along to other origins.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._bind(loop)
        connector = self._connector
        if connector is None:
            raise RuntimeError("session is closed")
        from aioclient._session.call import Call  # late: rarely needed

        request = self.preparer.prepare_upgrade(method, url, options)
        redirects = request.wishes.redirects
        if redirects is not None:
            redirects = redirects._replace(may_cross=redirects.may_cross.union(may_cross))
            request.wishes = request.wishes.replaced(redirects=redirects)
        configs = self._trace_configs
        return await Call(self, connector, request, options, owner, loop, configs).answer()

    @property
    def running_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the session, which it has been used in."""
        if self._loop is None:
            raise RuntimeError("the session was not used yet")
        return self._loop

    def next_after(
        self,
        request: Request,
        response: ClientResponse,
        location: str | bytes | None,
        history: tuple[ClientResponse, ...],
    ) -> Request | None:
        """The request to follow a redirect with; None if the response is the answer.

        `history` are the redirects that were followed to that.

        Raises what `next_request_of` and `Preparer.prepare_next` do; then the response is released.
        """
        from aioclient._message.follow import next_request_of  # late: not at start-up

        try:
            following = next_request_of(request, response, location, history)
            return None if following is None else self.preparer.prepare_next(following, request)
        except BaseException:
            _ = response.release()  # nothing to wait for
            raise

    def keep_cookies(self, request: Request, response: ClientResponse) -> None:
        """What a response sets is kept before anything else is asked, or the response is read."""
        try:
            self._cookies.keep(response.headers.getall(SET_COOKIE), request.target.url)
        except BaseException:  # of a jar of somebody else
            response.close()
            raise

    def begin(
        self,
        request: Request,
        lease: Lease,
        deadline: Deadline | None,
        loop: asyncio.AbstractEventLoop,
    ) -> Exchange:
        """Send a request on a connection, or begin to; the exchange's waiter waits for its head.

        Raises what went wrong before anything was sent; then the lease is given back.
        """
        wishes = request.wishes
        exchange = Exchange(PromptFuture(loop), lease.give_back, deadline, wishes.reading)
        read_limit_s = wishes.timeout.sock_read
        if read_limit_s:
            exchange.read_deadline = self.deadlines.start(read_limit_s, exchange.read_expired)
        if deadline is not None:
            deadline.on_expiry = exchange.total_expired
        if request.payload is not None:
            exchange.expect_100_s = wishes.expect_100_s
            exchange.upload_observer = wishes.upload_observer
            write_limit_s = wishes.timeout.write
            if write_limit_s:
                exchange.write_deadline = self.deadlines.stopped(
                    write_limit_s, exchange.write_expired
                )
        try:
            lease.connection.begin(request.head, request.payload, exchange)
        except BaseException:
            if exchange.read_deadline is not None:
                exchange.read_deadline.stop()
            lease.give_back(True)  # nothing was sent
            raise
        return exchange

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise RuntimeError(
                "a session cannot be used in two event loops (of two threads, or of two calls of "
                "asyncio.run): make one for each"
            )
        if self._connector is not None:
            self._connector.bind(loop)
        self._loop = loop
        self.deadlines = Deadlines(loop)


def _ignore(deadline: Deadline) -> None:
    """For the moment before anything waits."""

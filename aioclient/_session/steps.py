"""The steps of a request; `send.py` and `call.py` say in which order they are taken."""

from typing import Final

from aioclient._connection.exchange import Exchange
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse
from aioclient._net.deadline import Deadline
from aioclient._net.route import Route
from aioclient._pool.connector import BaseConnector
from aioclient._pool.lease import Lease
from aioclient._pool.waiter import LeaseWaiter
from aioclient.errors import (
    ClientConnectionError,
    ClientOSError,
    ServerDisconnectedError,
    TotalTimeoutError,
)

#: RFC 9110 section 9.2.2: doing these twice does no more than doing them once.
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


def may_be_sent_again(request: Request, exchange: Exchange | None, error: Exception) -> bool:
    """Was the connection gone, so that the server surely did, or may again do, what was asked?

    Without an exchange nothing was sent. Else nothing may have been received, and the request must
    be idempotent (RFC 9110 section 9.2.2) and have all of its body still.
    """
    if exchange is None:
        return True
    payload = request.payload
    return (
        type(error) in (ServerDisconnectedError, ClientOSError)
        and not exchange.has_received
        and request.head.method in _IDEMPOTENT
        and (payload is None or not payload.consumed)
    )


def give_up(exchange: Exchange | None, deadline: Deadline | None) -> None:
    """Nobody waits any more for what the exchange brings."""
    if exchange is not None:
        exchange.waiter.cancel()  # it is not, if the coroutine that waits was closed
        exchange.abandon(ClientConnectionError("the request was cancelled"))
    if deadline is not None:
        deadline.stop()


async def given_back(response: ClientResponse, deadline: Deadline | None, route: Route) -> None:
    """Wait for the connection of a released response, within the total limit.

    Most often that is shorter than to make another, and never much longer.
    """

    def expired(deadline: Deadline) -> None:
        response.close()

    if deadline is not None:
        deadline.on_expiry = expired
    await response.wait_for_close()
    if deadline is not None and not deadline.is_running:
        raise total_timeout(deadline, "pool", route)


async def wait_for_lease(
    connector: BaseConnector,
    request: Request,
    deadline: Deadline | None,
    is_under_way: bool,
    needs_new: bool,
) -> Lease:
    """A lease that has to be waited for, within the total limit."""

    def waits(waiter: LeaseWaiter) -> None:
        def expired(deadline: Deadline) -> None:
            waiter.fail(total_timeout(deadline, waiter.phase, request.route))

        if deadline is not None:
            deadline.on_expiry = expired

    lease = await connector.lease(
        request.route, request.wishes.timeout, waits, is_under_way, needs_new
    )
    if deadline is not None and not deadline.is_running:
        # It passed after the lease was granted, when there was nothing left to fail.
        lease.give_back(True)
        raise total_timeout(deadline, "connect", request.route)
    return lease


def total_timeout(deadline: Deadline, phase: str, route: Route) -> TotalTimeoutError:
    """The error for a total limit that passed in this phase."""
    return TotalTimeoutError.passed("total", deadline.seconds, deadline.elapsed_s, phase, route)


async def judge(response: ClientResponse, request: Request) -> None:
    """Raise for the response's status if the caller wished so; then the response is released."""
    wishes = request.wishes
    verdict = wishes.raise_for_status
    try:
        if callable(verdict):
            await verdict(response)
        elif response.status >= 400:
            from aioclient._message.error_body import wait_for_error_body  # late: rarely needed

            await wait_for_error_body(response, wishes.reading.max_error_body_bytes)
            response.raise_for_status()
    except BaseException:
        _ = response.release()  # nothing to wait for
        raise

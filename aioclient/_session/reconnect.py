"""A WebSocket that is opened again whenever it has ended."""

import asyncio
import random as random_module
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Final, Literal, Unpack

from aioclient._aliases import StrOrURL
from aioclient._middlewares.retry import RETRIED_STATUSES, may_pass
from aioclient._session.websocket import ClientWebSocketResponse
from aioclient._session.ws_connect import WSConnectOptions
from aioclient.errors import ClientError, TotalTimeoutError, WSServerHandshakeError

if TYPE_CHECKING:
    from aioclient._session.session import ClientSession

#: A connection that lasted so many seconds was good: the next wait is a short one again.
_GOOD_AFTER_S: Final = 10.0


async def reconnect(
    session: "ClientSession",
    url: StrOrURL,
    *,
    backoff: float = 0.5,
    max_backoff: float = 60.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    random: Callable[[], float] = random_module.random,
    **options: Unpack[WSConnectOptions],
) -> AsyncGenerator[ClientWebSocketResponse[Literal[True]], None]:
    """WebSockets to a URL, each opened when the one before has ended (new here).

        async for ws in aioclient.reconnect(session, "wss://example.com/feed"):
            async for message in ws:
                ...

    The one before is closed, if it is not, when the next is asked for; leave the loop by ``break``
    or an exception to end it all. What the loop's body raises is raised.

    Before another it waits: a random time up to `backoff` seconds, then up to twice as long, and so
    on up to `max_backoff`; anew when one has lasted for ten seconds. Failures to connect that may
    pass lead to another try: connections that could not be made or were lost, time limits, and
    answers with status 408, 429, 502, 503 and 504. Others are raised. The options are those of
    `ClientSession.ws_connect`; `clock`, `sleep` and `random` are for tests.
    """
    failures = 0
    while True:
        begun_at = clock()
        websocket = None
        try:
            websocket = await session.ws_connect(url, **options)
        except ClientError as error:
            if not _may_pass(error):
                raise
        if websocket is not None:
            try:
                yield websocket
            finally:
                await websocket.close()
            if clock() - begun_at >= _GOOD_AFTER_S:
                failures = 0
        await sleep(random() * min(backoff * 2.0 ** min(failures, 60), max_backoff))
        failures += 1


def _may_pass(error: ClientError) -> bool:
    if isinstance(error, WSServerHandshakeError):
        return error.status in RETRIED_STATUSES
    return isinstance(error, TotalTimeoutError) or may_pass(type(error))

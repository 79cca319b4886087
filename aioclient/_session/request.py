"""One request without a session of the caller's."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Unpack

from aioclient._aliases import StrOrURL
from aioclient._caller import warn_deprecated
from aioclient._http.version import HttpVersion, HttpVersion11
from aioclient._message.options import RequestOptions
from aioclient._message.response import ClientResponse
from aioclient._pool.connector import BaseConnector
from aioclient._pool.tcp import TCPConnector
from aioclient._session.pending import Pending
from aioclient._session.session import ClientSession


def request(
    method: str,
    url: StrOrURL,
    *,
    version: HttpVersion = HttpVersion11,
    connector: BaseConnector | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    **options: Unpack[RequestOptions],
) -> Pending:
    """Send one request: for programs that make few; others keep a `ClientSession`.

    ``async with request("GET", url) as response`` closes everything at the end of the block;
    after ``response = await request("GET", url)`` the connection closes when the body has been read
    or the response is released. The options are those of `ClientSession.request`; `version` is that
    of `ClientSession`. `connector` is used and left open if it is given; `loop` is deprecated and
    has no effect.
    """
    if loop is not None:
        warn_deprecated("loop is deprecated and has no effect")
    own = TCPConnector(force_close=True) if connector is None else None
    return OneRequest(_send(connector, own, version, method, url, options), own)


async def _send(
    given: BaseConnector | None,
    own: BaseConnector | None,
    version: HttpVersion,
    method: str,
    url: StrOrURL,
    options: RequestOptions,
) -> ClientResponse:
    session = ClientSession(connector=given or own, version=version)
    try:
        return await session.request(method, url, **options)
    finally:
        session.detach()
        if own is not None:
            await own.retire()  # with the response, its connection goes


class OneRequest(Pending):
    """A pending answer with a connector of its own, unless that was given."""

    __slots__ = ("_connector",)

    def __init__(
        self, call: Coroutine[Any, Any, ClientResponse], connector: BaseConnector | None
    ) -> None:
        super().__init__(call)
        self._connector = connector

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(exc_type, exc, traceback)
        if self._connector is not None:
            await self._connector.close()

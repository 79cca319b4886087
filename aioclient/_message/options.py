"""What a caller can say in one request."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypedDict

from aioclient._aliases import BodyData, LooseHeaders, Query
from aioclient._message.response import ClientResponse
from aioclient._net.route import TlsWish
from aioclient._timeout import TimeoutWish

RaiseForStatus: TypeAlias = bool | Callable[[ClientResponse], Awaitable[None]]


class RequestOptions(TypedDict, total=False):
    """The options of `ClientSession.request` and of the methods named after HTTP's."""

    #: Added to the URL's query.
    params: Query
    #: Headers of this request; each replaces the session's of the same name.
    headers: LooseHeaders | None
    #: The body: bytes-like, str (sent as UTF-8 text) or an async iterable of bytes.
    data: BodyData | None
    #: The body as a value to encode as JSON; excludes `data`.
    json: Any
    #: Limits of this request; a number or None replaces the session's `total` only.
    timeout: TimeoutWish
    #: TLS: True (the connector's setting), False (no verification) or an `ssl.SSLContext`.
    ssl: TlsWish
    #: Raise ClientResponseError for a status of 400 and above, or ask this function to judge.
    raise_for_status: RaiseForStatus | None
    #: Send the body in chunks even if its size is known.
    chunked: bool | None

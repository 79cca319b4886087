"""A request as a `MockConnector` received it."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from multidict import CIMultiDictProxy
from yarl import URL

from aioclient._cookies.pairs import header_pairs
from aioclient._net.route import Route

from ._server_side import ServerExchange
from ._showing import shown_body, shown_url


class MockRequest:
    """A request that was sent: what the server of it would have seen.

    Attributes: `method`; `url`, as it was asked for, without login, password and fragment;
    `headers`, those that were sent, in any case of their names; `connection`, the number of the
    connection that it came by, 1 for the first.

    Its body has been read when a handler is called or `MockConnector.requests` gives it, unless the
    connector has `stream_requests`; then it is for the handler to read it.
    """

    __slots__ = (
        "_body",
        "_exchange",
        "_is_iterated",
        "_max_bytes",
        "connection",
        "headers",
        "method",
        "url",
    )

    def __init__(
        self, exchange: ServerExchange, route: Route, connection: int, max_bytes: int
    ) -> None:
        head = exchange.head
        self.method: Final[str] = head.method
        self.url: Final[URL] = _url(route, head.target)
        self.headers: Final[CIMultiDictProxy[str]] = head.headers
        self.connection: Final[int] = connection
        self._exchange = exchange
        self._max_bytes = max_bytes
        self._body: bytes | None = None
        self._is_iterated = False

    @property
    def body(self) -> bytes:
        """The whole body. Raises RuntimeError if nobody has read it whole."""
        if self._body is None:
            raise RuntimeError("the body was not read: await request.read()")
        return self._body

    @property
    def is_read(self) -> bool:
        """Is the whole body in `body`?"""
        return self._body is not None

    async def read(self) -> bytes:
        """Read the whole body, which stays in `body`.

        Raises ValueError if it has more than `max_body_bytes` of the connector, RuntimeError if
        `iter` has taken a part of it, ConnectionResetError if the client went away.
        """
        if self._body is not None:
            return self._body
        if self._is_iterated:
            raise RuntimeError("the body was read in pieces already")
        pieces, size = [], 0
        while piece := await self._exchange.read():
            pieces.append(piece)
            size += len(piece)
            if size > self._max_bytes:
                raise ValueError(
                    f"request body has more than max_body_bytes ({self._max_bytes}); "
                    "with stream_requests=True a handler can read it in pieces"
                )
        self._body = b"".join(pieces)
        return self._body

    async def iter(self) -> AsyncIterator[bytes]:
        """The body in pieces, as they come; the client waits when they are not taken.

        They are not kept. A body that was read whole is one piece.
        """
        if self._body is not None:
            if self._body:
                yield self._body
            return
        self._is_iterated = True
        while piece := await self._exchange.read():
            yield piece

    def text(self) -> str:
        """The body as text, in the charset that Content-Type names, or UTF-8."""
        _, _, rest = self.headers.get("Content-Type", "").lower().partition("charset=")
        return self.body.decode(rest.partition(";")[0].strip(' "') or "utf-8")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none."""
        return json.loads(self.body)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that came with it, by name."""
        return dict(header_pairs("; ".join(self.headers.getall("Cookie", ()))))

    @property
    def shown_body(self) -> str:
        """The body for a message: what sounds like a secret is not in it."""
        return shown_body(self._body, self.headers.get("Content-Type", ""))

    def __str__(self) -> str:
        return f"{self.method} {shown_url(self.url)}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


def _url(route: Route, target: str) -> URL:
    """The URL that was asked for: a Host header of the program's own is not in it."""
    scheme = "https" if route.is_ssl else "http"
    host = f"[{route.host}]" if ":" in route.host else route.host
    port = "" if route.port == (443 if route.is_ssl else 80) else f":{route.port}"
    path = target if target.startswith("/") else "/"
    return URL(f"{scheme}://{host}{port}{path}", encoded=True)

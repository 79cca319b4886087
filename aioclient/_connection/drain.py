"""The rest of a response that nobody wants: discarded as it arrives, so that its connection lives.

To read a little costs less than to connect again; to read much, or to wait for a slow server, does
not. What arrives is counted as it comes, framing included, and content codings are not undone: a
server cannot make the discarding dearer than the bytes that it sends.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from aioclient._connection.exchange import Exchange
from aioclient._http.events import CHUNKED, ResponseHead
from aioclient._http1.framing import body_length

#: So much is discarded, then the connection is cut: about what is under way anyway when a response
#: is released, and less than what a TLS handshake takes of time on most links.
DRAIN_BYTES: Final = 64 * 1024
#: For so long: some round trips, or a packet that has to be sent again. Connecting would be done.
DRAIN_S: Final = 0.5


def is_worth_draining(head: ResponseHead, arrived_bytes: int) -> bool:
    """Is the rest of a body short, for all we know, after so many bytes of it?

    One that ends with its connection has nothing to drain it for.
    """
    length = body_length(head, "")  # with HEAD there would be no rest
    return length == CHUNKED or 0 <= length - arrived_bytes <= DRAIN_BYTES


class Drain:
    """The end of an exchange whose response was released; `on_expiry` is called if it lasts."""

    __slots__ = ("_left_bytes", "_timer", "exchange", "head")

    def __init__(
        self,
        exchange: Exchange,
        head: ResponseHead,
        loop: asyncio.AbstractEventLoop,
        on_expiry: Callable[[], None],
    ) -> None:
        self.exchange = exchange
        self.head = head
        self._left_bytes = DRAIN_BYTES
        self._timer = loop.call_later(DRAIN_S, on_expiry)

    def takes(self, size: int) -> bool:
        """Count bytes that arrived; may they be discarded, or are they too many?"""
        self._left_bytes -= size
        return self._left_bytes >= 0

    def end(self, reusable: bool) -> None:
        """Give the connection back."""
        self._timer.cancel()
        self.exchange.give_back(reusable)

"""A link after its server switched protocols, until whoever speaks the new one takes it."""

from collections.abc import Callable
from typing import Protocol

from aioclient._net.link import Link, Receiver


class Successor(Receiver, Protocol):
    """Speaks the new protocol."""

    def link_closes(self, why: str) -> None:
        """The link will be closed, by its owner: the moment for a goodbye."""


class SwitchedLink:
    """Receives for somebody who comes in a moment; the server has to wait until then.

    Arguments: `link`; `rest`, what came of the new protocol with the end of the old one; `on_gone`,
    told when the link is gone, whoever has it.
    """

    __slots__ = ("_came", "_end", "_is_gone", "_link", "_on_gone", "_successor")

    def __init__(self, link: Link, rest: bytes, on_gone: Callable[[], None]) -> None:
        self._link = link
        self._came = [rest] if rest else []
        self._on_gone = on_gone
        self._is_gone = False
        # What the successor is to hear, if it is over already.
        self._end: Callable[[Receiver], None] | None = None
        self._successor: Successor | None = None
        link.receiver = self
        link.pause_reading()

    def take(self, successor: Successor) -> None:
        """Let somebody have the link, and all that came; `link_made` is the first to be heard.

        It must call `gone` when the link is.
        """
        self._successor = successor
        link = self._link
        link.receiver = successor
        successor.link_made(link)
        # Before what came is handed over: that may be so much that the server has to wait again.
        link.resume_reading()
        came, self._came = self._came, []
        for piece in came:
            successor.bytes_arrived(piece)
        if self._end is not None:
            self._end(successor)

    def gone(self) -> None:
        """The link is gone: its connection hears of it, once."""
        if not self._is_gone:
            self._is_gone = True
            self._on_gone()

    def close(self, why: str) -> None:
        """The link will be closed by its owner."""
        if self._successor is not None:
            self._successor.link_closes(why)

    # --- as a receiver ---------------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """It was made long ago."""

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """More than was to be stopped."""
        self._came.append(bytes(data))

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The server sends nothing more; the link is lost soon."""

    def link_lost(self, error: Exception | None) -> None:
        """The link is gone before anybody came."""
        self._end = lambda receiver: receiver.link_lost(error)
        self.gone()  # perhaps nobody ever comes

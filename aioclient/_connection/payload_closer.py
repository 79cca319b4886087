"""Closes a payload when its request has no more use for it."""

import asyncio
from collections.abc import Callable

from aioclient._body.payload import Payload
from aioclient._connection.upload_observer import UploadObserver

# Payloads that are being closed: the loop alone would not keep the tasks alive.
_closing: set[asyncio.Task[None]] = set()


class PayloadCloser:
    """Closes a payload once: when it is not being sent, and will not be sent again.

    What it hears it tells to another observer, if there is one.
    """

    __slots__ = ("_is_answered", "_is_sending", "_other", "_payload")

    def __init__(self, payload: Payload, other: UploadObserver | None) -> None:
        self._payload: Payload | None = payload
        self._other = other
        self._is_sending = False
        self._is_answered = False

    def begin(self, count: Callable[[], int]) -> None:
        """The payload is being sent."""
        self._is_sending = True
        if self._other is not None:
            self._other.begin(count)

    def end(self, is_sent: bool) -> None:
        """It is not any more; until the answer is there it may be sent again."""
        self._is_sending = False
        if self._other is not None:
            self._other.end(is_sent)
        if self._is_answered:
            self._close()

    def answered(self) -> None:
        """It will not be sent again; it may still be on its way."""
        self._is_answered = True
        if self._other is not None:
            self._other.answered()
        if not self._is_sending:
            self._close()

    def fail(self, error: BaseException) -> None:
        """Nobody needs it any more."""
        if self._other is not None:
            self._other.fail(error)
        self._close()

    def _close(self) -> None:
        payload, self._payload = self._payload, None
        if payload is not None:
            task = asyncio.get_running_loop().create_task(payload.close())
            _closing.add(task)
            task.add_done_callback(_closed)


def _closed(task: asyncio.Task[None]) -> None:
    """An error of closing is nobody's: the loop says so, as of any callback."""
    _closing.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error

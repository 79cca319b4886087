"""What a caller may know of a request body on its way out."""

import asyncio
from collections.abc import Callable

from aioclient.errors import UploadAbortedError


class UploadTracker:
    """Follows the upload of one request: make one for each, on the event loop.

    Attributes: `attempts`, how often the body was begun to be sent (a redirect or a closed
    connection can make it several times); `upload_complete`, a future that is done when the system
    has taken all of the body, or fails with what prevented it: the request's error, or
    UploadAbortedError if the server answered and did not want the rest. Nobody has to await it.

    Raises RuntimeError outside of a running event loop.
    """

    def __init__(self) -> None:
        self.attempts: int = 0
        self.upload_complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_used = False
        self._is_answered = False
        self._is_stopped = False
        self._count: Callable[[], int] = int

    @property
    def bytes_written(self) -> int:
        """How many bytes of the body the system has taken, in the current attempt."""
        return self._count()

    # --- for the request ------------------------------------------------------------------------

    def claim(self) -> None:
        """Belong to a request. Raises RuntimeError if it belongs to one already."""
        if self._is_used:
            raise RuntimeError("an UploadTracker can be used for one request only")
        self._is_used = True

    def begin(self, count: Callable[[], int]) -> None:
        """Another attempt begins; `count` tells how many bytes of the body have left."""
        self.attempts += 1
        self._count = count
        self._is_stopped = False

    def end(self, is_sent: bool) -> None:
        """The attempt is over: all is sent, or the server did not want the rest."""
        total = self._count()
        self._count = lambda: total  # without holding on to the connection
        if is_sent:
            if not self.upload_complete.done():
                self.upload_complete.set_result(None)
        else:
            self._is_stopped = True
            if self._is_answered:
                self._abort()

    def answered(self) -> None:
        """The final answer is there: there are no more attempts."""
        self._is_answered = True
        if self._is_stopped:
            self._abort()
        elif not self.attempts:  # there was no body to send
            self.attempts = 1
            self.end(True)

    def fail(self, error: BaseException) -> None:
        """The request failed."""
        if not self.upload_complete.done():
            if isinstance(error, asyncio.CancelledError):
                self.upload_complete.cancel()
                return
            self.upload_complete.set_exception(error)
            self.upload_complete.exception()  # so that nobody has to ask for it

    def _abort(self) -> None:
        self.fail(UploadAbortedError("the server answered before the whole body was sent"))

"""Who is told how a request's body leaves."""

from collections.abc import Callable
from typing import Protocol


class UploadObserver(Protocol):
    """Is told how a request's body leaves; an `UploadTracker` is one."""

    def begin(self, count: Callable[[], int]) -> None:
        """An attempt begins; `count` tells how many bytes of the body have left."""

    def end(self, is_sent: bool) -> None:
        """The attempt is over: all is sent, or the server did not want the rest."""

    def answered(self) -> None:
        """The final answer is there: there are no more attempts."""

    def fail(self, error: BaseException) -> None:
        """The request failed."""

"""What the log says of cookies that are not kept."""

import logging
from typing import Final

from .parse import MAX_FIELDS

#: So many reasons are warned of, each once. A server gives the same one with every response.
MAX_WARNINGS: Final = 64

_LOG: Final = logging.getLogger("aioclient.cookies")


class RefusalLog:
    """Logs for one jar: a reason is a warning at first, and debugging output from then on."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, what: str, count: int, total: int, reason: str | None) -> None:
        """Log, once for all, that so many cookies of so many are ignored, if any are.

        `reason` is that for the first, without its value; None if they are only too many.
        """
        if not count:
            return
        reason = reason or f"a response has at most {MAX_FIELDS}"
        level = logging.DEBUG
        if reason not in self._known and len(self._known) < MAX_WARNINGS:
            self._known.add(reason)
            level = logging.WARNING
        _LOG.log(level, "%s: %d of %d ignored: %s", what, count, total, reason)

"""What a connector counts."""

from aioclient._pool import reasons


class Counts:
    """The counters of one connector."""

    __slots__ = ("closed", "created", "failed", "reused")

    def __init__(self) -> None:
        self.created = 0
        self.failed = 0
        self.reused = 0
        self.closed = dict.fromkeys(reasons.ALL, 0)

"""A log of requests, kept for a test."""

import logging
from typing import Any

from clock import Clock

from aioclient import ClientSession, LoggingMiddleware


class Log(logging.Handler):
    """Keeps what comes to a logger of its own."""

    def __init__(self, level: int = logging.INFO) -> None:
        super().__init__()
        self.logger = logging.Logger("of this test", level)  # noqa: LOG001 - nobody else's
        self.logger.addHandler(self)
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()  # as every formatter does
        self.records.append(record)

    @property
    def only(self) -> Any:
        (record,) = self.records
        return record

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    def session(self, **options: Any) -> ClientSession:
        """One whose requests are logged here, by a clock that stands still."""
        chain = options.pop("behind", ())
        options.setdefault("clock", Clock())
        middleware = LoggingMiddleware(logger=self.logger, **options)
        return ClientSession(middlewares=[middleware, *chain])

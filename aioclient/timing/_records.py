"""The last records, in the order in which their requests began."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from ._record import TimingRecord

OnRecord: TypeAlias = Callable[[TimingRecord], object]


class Records:
    """So many records at most; each is told of once, when it is finished or pushed out."""

    __slots__ = ("_kept", "_on_record", "_unfinished")

    def __init__(self, max_records: int, on_record: OnRecord | None) -> None:
        self._kept: deque[TimingRecord] = deque(maxlen=max_records)
        self._on_record = on_record
        # Of those that are kept.
        self._unfinished: set[TimingRecord] = set()

    def kept(self) -> list[TimingRecord]:
        """Those that are there, the oldest first."""
        return list(self._kept)

    def clear(self) -> None:
        """Keep none of them; nobody is told of those that are not finished."""
        self._kept.clear()
        self._unfinished.clear()

    def add(self, record: TimingRecord) -> None:
        """A request begins."""
        if len(self._kept) == self._kept.maxlen:
            oldest = self._kept[0]
            if oldest in self._unfinished:
                self._unfinished.discard(oldest)
                self._tell(oldest)
        self._kept.append(record)
        self._unfinished.add(record)

    def finish(self, record: TimingRecord) -> None:
        """There is no more to be said of it; of one that was pushed out, nobody wants to hear."""
        if record in self._unfinished:
            self._unfinished.discard(record)
            record.is_finished = True
            self._tell(record)

    def _tell(self, record: TimingRecord) -> None:
        """Its error is none of the request's: that might even be another one."""
        if self._on_record is None:
            return
        try:
            self._on_record(record)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "on_record of a TimingConfig failed", "exception": error}
            )

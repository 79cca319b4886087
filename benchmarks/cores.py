"""Which cores the measured process and the servers run on."""

import contextlib
import os
from collections.abc import Iterator


def choose() -> tuple[int | None, int | None]:
    """The cores for (client, server); no pinning (None) with one core only."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return None, None
    return usable[0], usable[-1]


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Let this process, and those it starts, run on `core` only, for the time of the block."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

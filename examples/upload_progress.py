"""A large file as the body, and how much of it is out; compressed on the way if that is wanted.

python examples/upload_progress.py URL FILE [--gzip]
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aioclient

#: As long as it takes, but the server must take something every half minute.
TIMEOUT = aioclient.ClientTimeout(total=None, sock_connect=10, sock_read=120, write=30)


@contextlib.asynccontextmanager
async def shown(tracker: aioclient.UploadTracker, size: int | None) -> AsyncIterator[None]:
    """Show every tenth of a second how much has left; `size` is what there is of it."""

    async def show() -> None:
        while True:
            done = tracker.bytes_written
            part = f"{done / size:4.0%} of {size:,}" if size else f"{done:,}"
            again = f", attempt {tracker.attempts}" if tracker.attempts > 1 else ""
            print(f"\r{part} bytes{again}", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(0.1)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        print(file=sys.stderr)


async def upload(url: str, path: Path, compress: str | None = None) -> int:
    """How many bytes of the body were sent."""
    tracker = aioclient.UploadTracker()
    async with aioclient.ClientSession(timeout=TIMEOUT, raise_for_status=True) as session:
        with path.open("rb") as file:
            # How small it becomes is known when all is sent.
            size = None if compress else os.fstat(file.fileno()).st_size
            async with shown(tracker, size):
                # `expect100` asks first, so that a server that refuses gets nothing of the file.
                async with session.put(
                    url, data=file, compress=compress, expect100=True, upload_tracker=tracker
                ):
                    pass
    return tracker.bytes_written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", metavar="URL")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--gzip", action="store_const", const="gzip", help="compress it")
    given = parser.parse_args()
    try:
        print(f"{asyncio.run(upload(given.url, given.file, given.gzip)):,} bytes sent")
    except aioclient.ClientError as error:
        sys.exit(f"not sent: {error}")

"""An upload with its progress, compressed on the way.

python examples/upload_progress.py URL FILE
"""

import asyncio
import sys
from pathlib import Path

import aioclient


async def show(tracker: aioclient.UploadTracker) -> None:
    while not tracker.upload_complete.done():
        await asyncio.sleep(0.1)
        print(f"\r{tracker.bytes_written:,} bytes", end="", file=sys.stderr)


async def upload(url: str, path: Path) -> int:
    tracker = aioclient.UploadTracker()
    async with aioclient.ClientSession() as session:
        with path.open("rb") as file:
            request = session.put(url, data=file, compress="gzip", upload_tracker=tracker)
            async with asyncio.TaskGroup() as group:
                group.create_task(show(tracker))
                async with request as response:
                    response.raise_for_status()
    return tracker.bytes_written


if __name__ == "__main__":
    sent = asyncio.run(upload(sys.argv[1], Path(sys.argv[2])))
    print(f"\n{sent:,} bytes sent")

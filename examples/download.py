"""A large body, written piece by piece: memory stays small, and the server waits for the disk.

python examples/download.py URL FILE
"""

import asyncio
import sys
from pathlib import Path

import aioclient


async def download(url: str, path: Path) -> int:
    size = 0
    async with aioclient.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        with path.open("wb") as file:
            async for piece in response.content.iter_chunked(256 * 1024):
                await asyncio.to_thread(file.write, piece)
                size += len(piece)
    return size


if __name__ == "__main__":
    print(asyncio.run(download(sys.argv[1], Path(sys.argv[2]))), "bytes")

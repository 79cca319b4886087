"""A file as the body: the server is asked first, and given up if it stops reading.

python examples/upload_file.py URL FILE
"""

import asyncio
import sys
from pathlib import Path

import aioclient

TIMEOUT = aioclient.ClientTimeout(total=None, sock_connect=10, sock_read=60, write=30)


async def upload(url: str, path: Path) -> int:
    async with aioclient.ClientSession(timeout=TIMEOUT) as session:
        with path.open("rb") as file:
            async with session.post(url, data=file, expect100=True) as response:
                return response.status


if __name__ == "__main__":
    print(asyncio.run(upload(sys.argv[1], Path(sys.argv[2]))))

"""A body that is made while it is sent: it goes out in chunks, no faster than the server reads.

python examples/upload.py URL
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import aioclient


async def lines(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield f"line {number}\n".encode()
        await asyncio.sleep(0)  # whatever the next line has to be waited for


async def upload(url: str, count: int = 1000) -> int:
    async with aioclient.ClientSession() as session:
        async with session.post(
            url, data=lines(count), headers={"Content-Type": "text/plain"}
        ) as response:
            return response.status


if __name__ == "__main__":
    print(asyncio.run(upload(sys.argv[1])))

"""A program that asks a hostile server, and prints how much its memory grew at most.

Usage: memory_of_a_response.py {read|stream} URL

Prints the name of the error that it met (``none`` without), the bytes of body that it took, and the
growth of its largest resident size, in bytes, since a first request, to ``small`` in place of
``hostile`` in the URL.
"""

import asyncio
import re
import sys
from pathlib import Path

from aioclient import ClientError, ClientSession, ClientTimeout

ENOUGH_BYTES = 200 * 1000 * 1000


def largest_resident_bytes() -> int:
    # Not by getrusage: there Linux counts what the parent was when it started this program.
    status = Path("/proc/self/status").read_text()
    (kib,) = re.findall(r"VmHWM:\s*(\d+) kB", status)
    return int(kib) * 1024


async def main(how: str, url: str) -> None:
    error, taken = "none", 0
    async with ClientSession(timeout=ClientTimeout(total=60)) as session:
        async with session.get(url.replace("hostile", "small")) as response:
            await response.content.read()
        before = largest_resident_bytes()
        try:
            async with session.get(url) as response:
                if how == "read":
                    taken = len(await response.read())
                else:
                    async for piece in response.content.iter_any():
                        taken += len(piece)
                        if taken >= ENOUGH_BYTES:
                            break
        except ClientError as failure:
            error = type(failure).__name__
    print(error, taken, largest_resident_bytes() - before)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

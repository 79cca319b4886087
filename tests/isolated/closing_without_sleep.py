"""A program that closes its session, and ends at once: no sleep, and nothing to warn of.

Run with ``-X dev -W error``. The argument is the port of a TLS server, and the file with the
certificate of its authority.
"""

import asyncio
import ssl
import sys

from aioclient import ClientSession, TCPConnector


async def main(port: str, authority: str) -> None:
    asyncio.get_running_loop().slow_callback_duration = 60.0  # a slow machine is nothing to warn of
    trusting = ssl.create_default_context(cafile=authority)
    connector = TCPConnector(limit=0, ssl=trusting)
    async with ClientSession(connector=connector) as session:

        async def one() -> None:
            async with session.get(f"https://127.0.0.1:{port}/delay/0.5") as response:
                assert response.status == 200

        await asyncio.gather(*(one() for _ in range(100)))
        print(connector.stats().idle)


asyncio.run(main(*sys.argv[1:]))

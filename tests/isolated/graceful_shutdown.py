"""The guide's example of "Graceful Shutdown", without the sleep that it ends with.

Usage: graceful_shutdown.py {block|close|never} URL [AUTHORITY]

Reads the URL once, and closes the session by leaving its block, by calling `close`, or not at all.
AUTHORITY is a file with the certificate of the server's authority. Run with ``-X dev -W error``: if
something is left open, Python says so on standard error.
"""

import asyncio
import gc
import ssl
import sys

import aioclient as aiohttp


def connector(authority: str | None) -> aiohttp.TCPConnector:
    if authority is None:
        return aiohttp.TCPConnector()
    return aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority))


async def read_website(url: str, authority: str | None) -> None:
    async with (
        aiohttp.ClientSession(connector=connector(authority)) as session,
        session.get(url) as resp,
    ):
        await resp.read()


async def read_and_close(url: str, authority: str | None, is_closed: bool) -> None:
    session = aiohttp.ClientSession(connector=connector(authority))
    async with session.get(url) as resp:
        await resp.read()
    if is_closed:
        await session.close()


async def run(how: str, url: str, authority: str | None = None) -> None:
    # Else asyncio, which is in its debug mode, says of a busy machine that it is slow.
    asyncio.get_running_loop().slow_callback_duration = 60
    if how == "block":
        await read_website(url, authority)
    else:
        await read_and_close(url, authority, how == "close")


def main(*arguments: str) -> None:
    asyncio.run(run(*arguments))
    gc.collect()
    print("done")


main(*sys.argv[1:])

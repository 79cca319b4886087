"""A service that is told to end lets its requests end first, for ten seconds at most.

python examples/graceful_shutdown.py URL        and then Ctrl-C
"""

import asyncio
import signal
import sys

import aioclient


async def serve(url: str, is_over: asyncio.Event, every_s: float = 0.01) -> dict[str, int]:
    """Ask for the URL again and again until it is over; how many requests ended which way."""
    outcomes = {"answered": 0, "broken off": 0}
    session = aioclient.ClientSession()

    async def get_one() -> None:
        try:
            async with session.get(url) as response:
                await response.read()
            outcomes["answered"] += 1
        except aioclient.ClientConnectionError:
            outcomes["broken off"] += 1

    async with asyncio.TaskGroup() as group:
        while not is_over.is_set():
            group.create_task(get_one())
            await asyncio.sleep(every_s)
        # No new requests from here on. When this returns, nothing is open any more.
        await session.close(drain=10)
    return outcomes


async def main(url: str) -> None:
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(is_over.set))
    print(await serve(url, is_over))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

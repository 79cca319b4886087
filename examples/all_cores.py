"""More requests than one core can handle: a session for each process, or for each thread.

A session lives on the event loop that it is used on, and an event loop runs on one core. Where a
program spends its time in Python and not in waiting, it takes several of them: processes, which
have memory of their own, or threads on a free-threaded build of Python. With the GIL threads take
turns and gain nothing.

python examples/all_cores.py {processes|threads} WORKERS URL [COUNT]
"""

import asyncio
import os
import sys
import time
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import aioclient


async def get_all(urls: list[str], at_a_time: int) -> Counter[int]:
    """Get these over one session, as a worker does; how often which status came."""
    statuses: Counter[int] = Counter()
    left = iter(urls)

    async def get_some(session: aioclient.ClientSession) -> None:
        for url in left:  # one iterator for all: each takes what is next
            async with session.get(url) as response:
                await response.read()
                statuses[response.status] += 1

    async with aioclient.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(at_a_time):
            group.create_task(get_some(session))
    return statuses


def work(urls: list[str], at_a_time: int = 16) -> Counter[int]:
    """A worker: an event loop and a session of its own."""
    return asyncio.run(get_all(urls, at_a_time))


def workers(kind: str, count: int) -> Executor:
    """So many threads or processes."""
    if kind == "threads":
        return ThreadPoolExecutor(count)
    # Started anew: what a forked child has of its parent's loops and sockets is of no use.
    return ProcessPoolExecutor(count, get_context("spawn"))


def get_with(kind: str, count: int, urls: list[str]) -> Counter[int]:
    """Share the URLs out among workers, and add up what they say."""
    shares = [urls[number::count] for number in range(count)]
    statuses: Counter[int] = Counter()
    with workers(kind, count) as pool:
        for found in pool.map(work, shares):
            statuses += found
    return statuses


if __name__ == "__main__":
    kind, count, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    requests = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    start = time.perf_counter()
    print(dict(get_with(kind, count, [url] * requests)))
    seconds = time.perf_counter() - start
    print(f"{requests / seconds:.0f} a second with {count} {kind} on {os.cpu_count()} cores")

"""More requests than one core can handle: a session for each process, or for each thread.

A session lives on the event loop that it is used on, and an event loop runs on one core. Where a
program spends its time in Python and not in waiting, it takes several of them: processes, which
have memory of their own, or threads on a free-threaded build of Python. With the GIL threads take
turns and gain nothing.

python examples/all_cores.py {processes|threads} WORKERS URL [COUNT]
"""

import asyncio
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import aioclient

_WORD = re.compile(r"\w+")


async def count_words(urls: list[str], at_a_time: int) -> Counter[str]:
    """Get these pages over one session, as a worker does; how often which word is in them."""
    words: Counter[str] = Counter()
    left = iter(urls)

    async def read_some(session: aioclient.ClientSession) -> None:
        for url in left:  # one iterator for all: each takes what is next
            async with session.get(url, raise_for_status=True) as response:
                text = await response.text(errors="replace")
            words.update(_WORD.findall(text))  # what the program wants of them, and its core

    async with aioclient.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(at_a_time):
            group.create_task(read_some(session))
    return words


def work(urls: list[str], at_a_time: int = 16) -> Counter[str]:
    """A worker: an event loop and a session of its own."""
    return asyncio.run(count_words(urls, at_a_time))


def workers(kind: str, count: int) -> Executor:
    """So many threads or processes."""
    if kind == "threads":
        return ThreadPoolExecutor(count)
    # Started anew: what a forked child has of its parent's loops and sockets is of no use.
    return ProcessPoolExecutor(count, get_context("spawn"))


def count_with(kind: str, count: int, urls: list[str]) -> Counter[str]:
    """Share the pages out among workers, and add up what they found."""
    shares = [urls[number::count] for number in range(count)]
    words: Counter[str] = Counter()
    with workers(kind, count) as pool:
        for found in pool.map(work, shares):
            words += found
    return words


if __name__ == "__main__":
    kind, count, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    requests = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    start = time.perf_counter()
    for word, times in count_with(kind, count, [url] * requests).most_common(5):
        print(f"{times:8} {word}")
    seconds = time.perf_counter() - start
    print(f"{requests / seconds:.0f} pages a second with {count} {kind} on {os.cpu_count()} cores")

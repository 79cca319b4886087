"""A crawl that outgrows one machine: URLs partitioned among the workers of a Dask cluster.

Each worker process has one session for all tasks that it is given: connections, the DNS cache and
cookies are kept from one partition to the next. URLs are partitioned by host, so that a host is
asked by one worker alone, which keeps few connections to it and is polite to it.

python examples/crawl_with_dask.py SCHEDULER URL [URL ...]

SCHEDULER is the address of a scheduler, or ``local`` for a cluster of two processes here. Needs
Dask: ``pip install distributed``.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, cast
from zlib import crc32

from dask.distributed import Client, LocalCluster, Worker, WorkerPlugin, get_worker
from yarl import URL

import aioclient


class Page(NamedTuple):
    """What came of a URL: an error is no reason to lose the others."""

    url: str
    status: int | None
    size: int
    error: str | None
    worker: str


class SessionOfWorker(WorkerPlugin):
    """Opens a session in each worker, on the loop that the worker runs on, and closes it."""

    name = "session"

    async def setup(self, worker: Worker) -> None:
        connector = aioclient.TCPConnector(limit=100, limit_per_host=4)
        limits = aioclient.ClientTimeout(total=60)
        self.session = aioclient.ClientSession(connector=connector, timeout=limits)

    async def teardown(self, worker: Worker) -> None:
        await self.session.close()


async def fetch(urls: list[str]) -> list[Page]:
    """A partition, got in a worker."""
    worker = get_worker()
    session = cast("SessionOfWorker", worker.plugins["session"]).session

    async def fetch_one(url: str) -> Page:
        try:
            async with session.get(url) as response:
                body = await response.read()
                return Page(url, response.status, len(body), None, worker.name)
        except aioclient.ClientError as error:
            return Page(url, None, 0, f"{type(error).__name__}: {error}", worker.name)

    return await asyncio.gather(*map(fetch_one, urls))


def partitions(urls: Iterable[str], at_most: int = 50) -> list[list[str]]:
    """Those of one host together, but not too many."""
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        by_host[str(URL(url).origin())].append(url)
    return [
        of_host[start : start + at_most]
        for of_host in by_host.values()
        for start in range(0, len(of_host), at_most)
    ]


def worker_of(urls: list[str], workers: list[str]) -> str:
    """The worker that asks the host of this partition, now and later."""
    host = str(URL(urls[0]).origin())
    return workers[crc32(host.encode()) % len(workers)]


def crawl(client: Client, urls: Iterable[str]) -> list[Page]:
    """Let the workers get all of them; in no particular order."""
    client.register_plugin(SessionOfWorker())
    workers = sorted(client.scheduler_info()["workers"])
    tasks = [
        client.submit(fetch, part, workers=worker_of(part, workers), pure=False)
        for part in partitions(urls)
    ]
    gathered: list[list[Page]] = client.gather(tasks)  # pyright: ignore[reportAssignmentType] # not typed
    return [page for pages in gathered for page in pages]


def main(scheduler: str, urls: list[str]) -> None:
    """Crawl on a cluster that is there, or on one of two processes."""
    if scheduler == "local":
        with (
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                dashboard_address=None,  # pyright: ignore[reportArgumentType] # it may be None
                host="127.0.0.1",
            ) as cluster,
            Client(cluster) as client,
        ):
            pages = crawl(client, urls)
    else:
        with Client(scheduler) as client:
            pages = crawl(client, urls)
    for page in pages:
        print(page)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

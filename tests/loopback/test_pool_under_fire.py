"""The pool against a server that breaks connections at random moments; see `harmful_server`.

Many tasks share few connections to several hosts, and give some of their requests up. Each request
has a number, which must come back. A GET may fail only where the server cut its answer off: what
else happens to it, happens on kept connections before a byte of the answer, and then it is sent
again. A POST is not, so it may fail with its connection, but must never be done twice.

AIOCLIENT_FIRE_REQUESTS says how many requests are made.
"""

import asyncio
import gc
import os
import random
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from running import has_addresses, open_sockets, run, settled, until
from server_process import ServerProcess

from aioclient import (
    ClientConnectionError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
    TotalTimeoutError,
)

REQUESTS: Final = int(os.environ.get("AIOCLIENT_FIRE_REQUESTS", "4000"))
SEED: Final = os.environ.get("AIOCLIENT_FIRE_SEED", "9112")
HOSTS: Final = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]
AT_ONCE: Final = 90
LIMIT: Final = 30
LIMIT_PER_HOST: Final = 9
PAUSE_S: Final = 0.03
#: In so many turns of the loop whoever may have a connection has it.
TURNS: Final = 20
#: No request takes longer than its answer and those before it in the queue.
PATIENCE_S: Final = 20.0
BODY: Final = random.Random(SEED).randbytes(40_000).hex().encode()


class Load:
    """Makes the requests, and counts how they end."""

    def __init__(self, session: ClientSession, connector: TCPConnector, servers: list[str]) -> None:
        self._session = session
        self._connector = connector
        self._servers = servers
        self._random = random.Random(SEED)
        self.ended: Counter[str] = Counter()
        self.sent_again = 0
        self.failed_gets: dict[int, ClientError] = {}

    async def make(self, numbers: Iterator[int]) -> None:
        """One request after the other."""
        for number in numbers:
            if self._random.random() < 0.3:
                await asyncio.sleep(self._random.uniform(0, PAUSE_S))
            await self._one(number)
            await check_limits(self._connector)

    async def _one(self, number: int) -> None:
        draw = self._random
        method = "GET" if draw.random() < 0.8 else "POST"
        options: dict[str, Any] = {"timeout": ClientTimeout(total=PATIENCE_S)}
        if method == "POST":
            options["data"] = draw.choice([BODY, b"x", pieces()])
        fate = draw.choices(["done", "cancelled", "out of time"], [88, 9, 3])[0]
        moment_s = draw.uniform(0, PAUSE_S)
        if fate == "out of time":
            options["timeout"] = ClientTimeout(total=moment_s)
        url = f"{draw.choice(self._servers)}/{number}"
        task = asyncio.ensure_future(self._exchange(method, url, number, options))
        timer = asyncio.get_running_loop().call_later(moment_s, task.cancel)
        if fate != "cancelled":
            timer.cancel()
        await asyncio.wait([task])
        timer.cancel()
        self._judge(method, number, fate, task)

    async def _exchange(self, method: str, url: str, number: int, options: dict[str, Any]) -> None:
        async with self._session.request(method, url, **options) as response:
            self.sent_again += response.attempts - 1
            assert response.attempts <= 2
            assert response.headers["X-Number"] == str(number)
            if number % 20:
                assert (await response.read()).startswith(b"%d;" % number)

    def _judge(self, method: str, number: int, fate: str, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            assert fate == "cancelled"
            self.ended["cancelled"] += 1
            return
        error = task.exception()
        if error is None:
            self.ended[f"{method} done"] += 1
        elif isinstance(error, TotalTimeoutError) and fate == "out of time":
            self.ended["out of time"] += 1
        elif (
            isinstance(error, ServerDisconnectedError | ClientOSError | ClientPayloadError)
            or type(error) is ClientConnectionError
        ):
            self.ended[f"{method} failed"] += 1
            if method == "GET":
                self.failed_gets[number] = error
        else:
            raise error


async def pieces() -> AsyncGenerator[bytes, None]:
    for start in range(0, len(BODY), 20_000):
        await asyncio.sleep(0)
        yield BODY[start : start + 20_000]


@pytest.mark.skipif(not has_addresses(*HOSTS), reason="127.0.0.1 is the only loopback address")
def test_no_get_fails_that_can_be_sent_again_and_nothing_is_left(
    certificate_files: Path, trusting: ssl.SSLContext
) -> None:
    async def whole(server: ServerProcess) -> None:
        gc.collect()  # what other tests dropped is not to be closed meanwhile
        tasks, sockets = asyncio.all_tasks(), open_sockets()
        servers = [f"http://{host}:{server.told['port']}" for host in HOSTS]
        servers.append(f"https://{HOSTS[0]}:{server.told['tls_port']}")
        connector = TCPConnector(limit=LIMIT, limit_per_host=LIMIT_PER_HOST, ssl=trusting)
        async with ClientSession(connector=connector) as session:
            load = Load(session, connector, servers)
            numbers = iter(range(REQUESTS))
            await asyncio.gather(*(load.make(numbers) for _ in range(AT_ONCE)))
            assert sum(load.ended.values()) == REQUESTS
            # The last bodies are discarded, the last connections given up.
            await until(lambda: not any(connector.stats()[:2]))
            check_books(connector)
            assert asyncio.all_tasks() == tasks
            for url in servers:
                await use_all_slots(session, connector, url)
            check_books(connector)
        closed = connector.stats()
        assert closed.created == sum(closed.closed.values())
        await until(lambda: open_sockets() <= sockets)
        await settled()
        assert asyncio.all_tasks() == tasks
        seen = await asyncio.to_thread(server.report)
        print(dict(load.ended), f"{load.sent_again} sent again", closed, seen["drawn"], sep="\n")
        assert {n: e for n, e in load.failed_gets.items() if n not in seen["cut"]} == {}
        assert seen["posts_twice"] == []
        assert seen["gets_more_than_twice"] == []
        assert seen["open"] == 0
        # There was fire.
        assert load.sent_again > REQUESTS / 100
        assert load.ended["POST failed"] > REQUESTS / 300

    with ServerProcess("harmful_server.py", SEED, certificate_files, *HOSTS) as server:
        run(whole(server), 20.0 + REQUESTS / 200)


async def check_limits(connector: TCPConnector) -> None:
    """No more connections are in use than there may be, and nobody waits without need.

    A connection that is lost between its being lent and its first use is not counted any more, but
    has its place until who it was lent to wakes up: so who seems to wait without need may do so for
    a few turns of the loop.
    """
    for _ in range(TURNS):
        stats = connector.stats()
        assert stats.active + stats.connecting <= LIMIT
        assert all(h.active + h.connecting <= LIMIT_PER_HOST for h in stats.per_host.values())
        if stats.active + stats.connecting == LIMIT or not any(
            host.waiting and host.active + host.connecting < LIMIT_PER_HOST
            for host in stats.per_host.values()
        ):
            return
        await asyncio.sleep(0)
    raise AssertionError(f"some wait without need: {stats}")


def check_books(connector: TCPConnector) -> None:
    """No request is under way, and every connection that was made is idle or was closed."""
    stats = connector.stats()
    assert (stats.active, stats.connecting, stats.waiting) == (0, 0, 0)
    assert stats.created - sum(stats.closed.values()) == stats.idle
    assert stats.idle == sum(host.idle for host in stats.per_host.values())
    assert all(host[::3] == (0, 0) and not host.connecting for host in stats.per_host.values())


async def use_all_slots(session: ClientSession, connector: TCPConnector, url: str) -> None:
    """As many connections to a host can be in use at the same time as there may be."""
    numbers = range(REQUESTS, REQUESTS + LIMIT_PER_HOST)
    asked = [asyncio.ensure_future(session.get(f"{url}/calm/{number}")) for number in numbers]
    await settled(3)
    stats = connector.stats()
    assert stats.active + stats.connecting == LIMIT_PER_HOST
    assert stats.waiting == 0
    for number, response in zip(numbers, await asyncio.gather(*asked), strict=True):
        assert (await response.read()).startswith(b"%d;" % number)

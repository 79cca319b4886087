"""POSTs to a server that closes each connection when it said so: none may meet its end.

A POST is not sent again when its connection turns out to be closed, because it may have been done.
So a connection must not be used any more when the server is about to close it. The tasks pause
around that moment, and around the moment at which the client stops using a connection.

AIOCLIENT_STALE_POSTS says how many are made.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Final

import pytest
from running import has_addresses, run
from server_process import ServerProcess, standstill

from aioclient import ClientSession, TCPConnector

POSTS: Final = int(os.environ.get("AIOCLIENT_STALE_POSTS", "1500"))
SEED: Final = os.environ.get("AIOCLIENT_STALE_SEED", "2068")
#: What the server advertises, and keeps.
KEPT_S: Final = 1
#: Tasks that share the connections to one host, and tasks with a host each: their connections are
#: idle for exactly as long as they pause.
SHARING: Final = 150
ALONE: Final = 150
HOSTS: Final = ["127.0.0.1", *(f"127.0.2.{n}" for n in range(1, ALONE + 1))]


class Load:
    """Makes the POSTs."""

    def __init__(self, session: ClientSession, port: int) -> None:
        self._session = session
        self._port = port
        self._random = random.Random(SEED)

    async def make(self, host: str, numbers: Iterator[int]) -> None:
        """One after the other."""
        for number in numbers:
            async with self._session.post(
                f"http://{host}:{self._port}/{number}", data=b"body of %d" % number
            ) as response:
                assert await response.text() == str(number)
                assert response.attempts == 1
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        draw = self._random
        middle = draw.choice([0.0, KEPT_S / 2, KEPT_S / 2, KEPT_S, KEPT_S])
        spread = draw.choice([0.0, 0.002, 0.1])
        return max(0.0, middle + draw.uniform(-spread, spread))


@pytest.mark.skipif(not has_addresses(*HOSTS), reason="127.0.0.1 is the only loopback address")
def test_no_post_meets_the_end_of_its_connection_and_each_is_done_once() -> None:
    async def whole(server: ServerProcess) -> None:
        connector = TCPConnector(limit=0)
        async with ClientSession(connector=connector) as session, standstill() as stood_still:
            load = Load(session, server.told)
            numbers = iter(range(POSTS))
            hosts = [HOSTS[0]] * SHARING + HOSTS[1:]
            tasks = [asyncio.ensure_future(load.make(host, numbers)) for host in hosts]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            errors = [task.exception() for task in tasks if task.done() and task.exception()]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            stats = connector.stats()
        seen = await asyncio.to_thread(server.report)
        stood_still_s = seen["stood_still_s"] + stood_still.seconds
        if errors and stood_still_s > KEPT_S / 4:
            pytest.skip(f"this machine is too busy: it stood still for {stood_still_s:.2f} s")
        assert not errors
        assert seen["numbers"] == {str(number): 1 for number in range(POSTS)}
        # Both sides of the limit were tried, and it was the client who closed.
        assert stats.created + stats.reused == POSTS
        assert stats.reused > POSTS / 10
        assert stats.closed["idle_too_long"] > POSTS / 10

    with ServerProcess("keep_alive_server.py", KEPT_S, *HOSTS) as server:
        run(whole(server), 30.0 + POSTS / 50)

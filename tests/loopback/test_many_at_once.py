"""Ten thousand requests in flight at the same time.

The server answers none before all have arrived. AIOCLIENT_AT_ONCE says how many they are.
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Final

import pytest
from running import run
from server_process import ServerProcess

from aioclient import ClientSession, TCPConnector

AT_ONCE: Final = int(os.environ.get("AIOCLIENT_AT_ONCE", "10000"))
#: What the process has open besides.
OTHER_DESCRIPTORS: Final = 200
PATIENCE_S: Final = 60.0


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """As many open files as the system lets this process have; skips if they are too few."""
    resource = pytest.importorskip(
        "resource", reason="Windows does not say how many files may be open"
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = AT_ONCE + OTHER_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"{needed} open files are needed, the hard limit of this process is {hard}")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_so_many_requests_can_be_in_flight_at_the_same_time() -> None:
    async def whole(server: ServerProcess) -> None:
        connector = TCPConnector(limit=0)
        async with ClientSession(connector=connector) as session:

            async def get(number: int) -> None:
                async with session.get(f"http://127.0.0.1:{server.told}/{number}") as response:
                    assert await response.text() == str(number)

            await asyncio.gather(*(get(number) for number in range(AT_ONCE)))
            stats = connector.stats()
            assert (stats.active, stats.idle, stats.created) == (0, AT_ONCE, AT_ONCE)
            await get(1)
        assert connector.stats().closed["connector_closed"] == AT_ONCE
        assert (await asyncio.to_thread(server.report))["most"] == AT_ONCE

    with ServerProcess("patient_server.py", AT_ONCE) as server:
        run(whole(server), PATIENCE_S)

"""Many requests at once over a few kept connections: the connector's limit does the queueing.

python examples/many_requests.py URL
"""

import asyncio
import sys
from collections import Counter

import aioclient


async def get_many(url: str, count: int = 200, connections: int = 10) -> Counter[int]:
    statuses: Counter[int] = Counter()

    async def get_one(session: aioclient.ClientSession) -> None:
        async with session.get(url) as response:
            await response.read()
            statuses[response.status] += 1

    connector = aioclient.TCPConnector(limit=connections)
    async with aioclient.ClientSession(connector=connector) as session:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(get_one(session))
    return statuses


if __name__ == "__main__":
    for status, count in asyncio.run(get_many(sys.argv[1])).items():
        print(status, count)

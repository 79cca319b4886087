"""Two sessions with limits of their own share connections, and the limit on these.

python examples/shared_connector.py URL
"""

import asyncio
import sys

import aioclient


async def ask_twice(url: str) -> str:
    async with aioclient.TCPConnector(limit=20, limit_per_host=5) as connector:
        # The connector belongs to neither of them, and is closed after both.
        patient = aioclient.ClientSession(connector=connector, connector_owner=False, timeout=60)
        hasty = aioclient.ClientSession(connector=connector, connector_owner=False, timeout=5)
        async with patient, hasty:
            for session in (patient, hasty):
                async with session.get(url) as response:
                    await response.read()
        stats = connector.stats()
        return f"{stats.created} made, {stats.reused} used again"


if __name__ == "__main__":
    print(asyncio.run(ask_twice(sys.argv[1])))

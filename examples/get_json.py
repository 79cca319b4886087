"""One request: check the status, decode the JSON.

python examples/get_json.py URL
"""

import asyncio
import sys
from typing import Any

import aioclient


async def get_json(url: str) -> Any:
    async with aioclient.ClientSession(raise_for_status=True) as session:
        async with session.get(url, headers={"Accept": "application/json"}) as response:
            return await response.json()


if __name__ == "__main__":
    print(asyncio.run(get_json(sys.argv[1])))

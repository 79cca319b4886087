"""Time limits: which one passed, and how to tell.

python examples/time_limits.py URL
"""

import asyncio
import sys

import aioclient


async def status_or_reason(url: str, total_s: float) -> str:
    timeout = aioclient.ClientTimeout(total=total_s, sock_connect=2)
    async with aioclient.ClientSession(timeout=timeout) as session:
        try:
            async with session.get(url) as response:
                await response.read()
                return str(response.status)
        except aioclient.ClientTimeoutError as error:
            return f"{error.limit} limit passed while waiting for: {error.phase}"
        except aioclient.ClientConnectionError as error:
            return f"no connection: {error}"


if __name__ == "__main__":
    print(asyncio.run(status_or_reason(sys.argv[1], total_s=5)))

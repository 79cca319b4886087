"""Requests that are sent again when a server fails for a moment, within what it allows.

python examples/steady_requests.py URL [LOGIN PASSWORD]
"""

import asyncio
import logging
import sys

import aioclient


async def get_steadily(url: str, login: str = "", password: str = "") -> str:
    retry = aioclient.RetryMiddleware(attempts=4, backoff=0.1)
    rate = aioclient.RateLimitMiddleware(requests_per_second=20, max_concurrent=2)
    # The first sees a request first, so each attempt waits for its turn, and each is logged.
    middlewares: list[aioclient.ClientMiddlewareType] = [retry, rate]
    if login:
        middlewares.append(aioclient.DigestAuthMiddleware(login, password, origins=[url]))
    middlewares.append(aioclient.LoggingMiddleware())
    async with aioclient.ClientSession(middlewares=middlewares) as session:
        async with session.get(url) as response:
            return f"{response.status}: {await response.text()}"


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    print(asyncio.run(get_steadily(*sys.argv[1:4])))

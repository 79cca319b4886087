"""Redirects: where they led, and a policy that keeps them at home.

python examples/redirects.py URL
"""

import asyncio
import sys

import aioclient


def stay_here(
    response: aioclient.ClientResponse, following: aioclient.NextRequest
) -> aioclient.NextRequest | None:
    """Follow redirects within an origin only; of others the redirect itself is the answer."""
    return None if following.crosses_origin else following


async def way(url: str) -> list[str]:
    async with aioclient.ClientSession(redirect_policy=stay_here) as session:
        async with session.get(url, max_redirects=5) as response:
            hops = [*response.history, response]
            return [f"{hop.status} {hop.url.path}" for hop in hops]


if __name__ == "__main__":
    print("\n".join(asyncio.run(way(sys.argv[1]))))

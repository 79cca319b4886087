"""Login, password and cookies: for one origin, whatever a server redirects to.

python examples/credentials.py URL LOGIN PASSWORD
"""

import asyncio
import sys

import aioclient


async def who_am_i(url: str, login: str, password: str) -> str:
    auth = aioclient.BasicAuth(login, password)
    # Both are for the first origin that is asked; no other gets them, redirect or not.
    async with aioclient.ClientSession(auth=auth, cookies={"theme": "dark"}) as session:
        async with session.get(url, cookies={"page": "1"}) as response:
            response.raise_for_status()
            return await response.text()


if __name__ == "__main__":
    print(asyncio.run(who_am_i(*sys.argv[1:4])))

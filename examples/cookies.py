"""A login that outlives the program: the cookies of a site, kept in a file.

python examples/cookies.py URL FILE
"""

import asyncio
import sys
from pathlib import Path

import aioclient


def visit(url: str, path: Path) -> list[str]:
    """Ask with the cookies of last time; which were sent and which are kept, without the values."""
    jar = aioclient.CookieJar(unsafe=True)  # of servers that are called by an address, too
    if path.exists():
        jar.load(path)
    sent = asyncio.run(get(url, jar))
    jar.save(path)  # only its owner may read it: who has the cookies has the login
    kept = [f"{each.key} until {each['expires'] or 'it is deleted'}" for each in jar]
    return [f"sent: {', '.join(sent) or 'none'}", *kept]


async def get(url: str, jar: aioclient.CookieJar) -> list[str]:
    async with aioclient.ClientSession(cookie_jar=jar) as session:
        async with session.get(url) as response:
            header = response.request_info.headers.get("Cookie", "")
            return [cookie.partition("=")[0] for cookie in header.split("; ") if cookie]


if __name__ == "__main__":
    print("\n".join(visit(sys.argv[1], Path(sys.argv[2]))))

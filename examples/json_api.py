"""A JSON API: all pages of a list, and something new on it, sent again while the server is busy.

python examples/json_api.py "https://api.github.com/repos/python/cpython/tags?per_page=50" [PAGES]
python examples/json_api.py http://localhost:8000/items --add '{"name": "pen"}'
"""

import argparse
import asyncio
import json
import logging
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aioclient

#: Reads are sent again by themselves: after 429 and 503, when Retry-After says so, after a lost
#: connection, with growing delays, and never for more than half a minute.
RETRY = aioclient.RetryMiddleware(attempts=5, backoff=0.2, max_total=30)
#: A POST may do its work twice, unless the server knows from a key what it has done already.
RETRY_POST = aioclient.RetryMiddleware(attempts=5, backoff=0.2, max_total=30, methods=["POST"])


def open_session() -> aioclient.ClientSession:
    return aioclient.ClientSession(
        headers={"Accept": "application/json"},
        timeout=aioclient.ClientTimeout(total=60, sock_read=10),
        middlewares=[RETRY],
        raise_for_status=True,
    )


async def items(session: aioclient.ClientSession, url: str, pages: int = 3) -> AsyncIterator[Any]:
    """What is in the lists of so many pages, each of which has a link to the next."""
    target: Any = url
    for _ in range(pages):
        async with session.get(target) as response:
            page = await response.json()
        for item in page:
            yield item
        if (following := response.links.get("next")) is None:
            return
        target = following["url"]


async def add(session: aioclient.ClientSession, url: str, item: Any) -> str:
    """Add an item once, however often it has to be sent; where it is found."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    async with session.post(url, json=item, headers=headers, middlewares=[RETRY_POST]) as response:
        return response.headers.get("Location", "nowhere")


async def main(url: str, pages: int, new: str | None) -> None:
    async with open_session() as session:
        if new is not None:
            print("added:", await add(session, url, json.loads(new)))
            return
        async for item in items(session, url, pages):
            print(json.dumps(item)[:100])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", metavar="URL")
    parser.add_argument("pages", metavar="PAGES", nargs="?", type=int, default=3)
    parser.add_argument("--add", metavar="JSON", help="add this, instead of showing what is there")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)  # tells of each further attempt
    try:
        asyncio.run(main(given.url, given.pages, given.add))
    except aioclient.ClientResponseError as error:
        sys.exit(f"{error.status} {error.message}: {error.body.decode(errors='replace')}")
    except aioclient.ClientError as error:
        sys.exit(str(error))

"""The pages of one site that are a few links away, no faster than the site likes it.

It asks for nothing that robots.txt forbids (RFC 9309), leaves time between two requests, waits when
the server says so, and follows neither links nor redirects to other sites.

python examples/polite_crawler.py URL [--depth 2] [--pages 100] [--per-second 1]
"""

import argparse
import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator
from html.parser import HTMLParser
from urllib.robotparser import RobotFileParser

from yarl import URL

import aioclient

#: Say in it whom to write to: "polite-crawler (+https://me.example/crawler)".
AGENT = "polite-crawler"


class Links(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self, base: URL, html: str) -> None:
        super().__init__()
        self.targets: list[URL] = []
        self._base = base
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href") and "nofollow" not in (values.get("rel") or ""):
            with contextlib.suppress(ValueError):  # whatever that is, it is no URL
                self.targets.append(self._base.join(URL(values["href"] or "")).with_fragment(None))


async def read_robots(site: URL) -> RobotFileParser:
    robots = RobotFileParser()
    async with aioclient.ClientSession(headers={"User-Agent": AGENT}) as session:
        async with session.get(site.join(URL("/robots.txt"))) as response:
            # RFC 9309 section 2.3.1: who has no rules allows all; who cannot say them, nothing.
            rules = "User-agent: *\nDisallow: /" if response.status >= 500 else ""
            if response.ok:
                rules = await response.text(errors="replace")
            robots.parse(rules.splitlines())
    return robots


async def crawl(
    start: URL, depth: int = 2, pages: int = 100, per_second: float = 1
) -> AsyncGenerator[tuple[URL, str]]:
    """Each page and what became of it, the nearest first."""
    robots = await read_robots(start)
    delay = robots.crawl_delay(AGENT)

    def is_welcome(url: URL) -> bool:
        is_here = (url.scheme, url.host, url.port) == (start.scheme, start.host, start.port)
        return is_here and robots.can_fetch(AGENT, str(url))

    def stay(
        response: aioclient.ClientResponse, following: aioclient.NextRequest
    ) -> aioclient.NextRequest | None:
        return following if is_welcome(following.url) else None

    retry = aioclient.RetryMiddleware()
    rate = aioclient.RateLimitMiddleware(
        requests_per_second=min(per_second, 1 / float(delay)) if delay else per_second
    )
    left, seen = deque([(start, 0)] if is_welcome(start) else []), {start}
    async with aioclient.ClientSession(
        headers={"User-Agent": AGENT}, middlewares=[retry, rate], redirect_policy=stay
    ) as session:
        for _ in range(pages):
            if not left:
                return
            url, steps = left.popleft()
            targets: list[URL] = []
            try:
                async with session.get(url, max_body_size=2_000_000) as response:
                    words = f"{response.status} {response.content_type}"
                    if response.status == 200 and response.content_type == "text/html":
                        targets = Links(response.url, await response.text(errors="replace")).targets
            except aioclient.ClientError as error:
                words = f"failed: {error}"
            yield url, words
            for target in targets if steps < depth else []:
                if target not in seen and is_welcome(target):
                    seen.add(target)
                    left.append((target, steps + 1))


async def main(given: argparse.Namespace) -> None:
    pages = crawl(given.url, given.depth, given.pages, given.per_second)
    async with contextlib.aclosing(pages):
        async for url, words in pages:
            print(f"{words:20} {url}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", metavar="URL", type=URL)
    parser.add_argument("--depth", type=int, default=2, help="how many links away (2)")
    parser.add_argument("--pages", type=int, default=100, help="how many at most (100)")
    parser.add_argument("--per-second", type=float, default=1, help="how many a second (1)")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args()))

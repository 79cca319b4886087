"""What a connector tells of itself, as lines for Prometheus.

python examples/connector_stats.py URL
"""

import asyncio
import sys
from collections.abc import Iterator

import aioclient

GAUGES = ("active", "connecting", "idle", "waiting")


def metrics(stats: aioclient.ConnectorStats) -> Iterator[str]:
    """The text format: one line for each value."""
    for (host, port, is_tls), of_host in stats.per_host.items():
        name = f"[{host}]" if ":" in host else host
        origin = f"{'https' if is_tls else 'http'}://{name}:{port}"
        for gauge in GAUGES:
            labels = f'origin="{origin}",state="{gauge}"'
            yield f"http_client_connections{{{labels}}} {getattr(of_host, gauge)}"
    yield f"http_client_connections_created_total {stats.created}"
    yield f"http_client_connections_failed_total {stats.failed}"
    yield f"http_client_connections_reused_total {stats.reused}"
    for reason, count in stats.closed.items():
        yield f'http_client_connections_closed_total{{reason="{reason}"}} {count}'


async def scrape(url: str, requests: int = 20, limit: int = 4) -> list[str]:
    connector = aioclient.TCPConnector(limit=limit)
    async with aioclient.ClientSession(connector=connector) as session:

        async def get_one() -> None:
            async with session.get(url) as response:
                await response.read()

        await asyncio.gather(*(get_one() for _ in range(requests)))
        return list(metrics(connector.stats()))


if __name__ == "__main__":
    print("\n".join(asyncio.run(scrape(sys.argv[1]))))

"""sentry's aiohttp integration: spans and breadcrumbs of requests, and its trace headers."""

import aiohttp
import sentry_sdk
from scenario import WAY, Answer, Seen, Site, json_answer, run
from sentry_sdk.integrations.aiohttp import AioHttpIntegration, create_trace_config
from sentry_sdk.transport import Transport

import aioclient


def answer(seen: Seen) -> Answer:
    return json_answer({"trace": seen.headers.get("sentry-trace")})


class Kept(Transport):
    """Keeps what would be sent to sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict] = []

    def capture_envelope(self, envelope) -> None:
        self.items += [item.payload.json for item in envelope.items if item.payload.json]


def new_session() -> aioclient.ClientSession:
    if WAY == "installed":
        return aiohttp.ClientSession()
    return aioclient.ClientSession(trace_configs=[create_trace_config()])


async def main() -> None:
    kept = Kept()
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:1/1",
        traces_sample_rate=1.0,
        transport=kept,
        integrations=[AioHttpIntegration()],
        default_integrations=False,
    )
    async with Site(answer) as site:
        with sentry_sdk.start_transaction(name="a program") as transaction:
            async with new_session() as session:
                async with session.get(site.url("/a")) as response:
                    trace = (await response.json())["trace"]
        assert transaction.trace_id in trace
        sentry_sdk.capture_message("a message")
        sentry_sdk.flush()
        spans = [span for item in kept.items for span in item.get("spans", ())]
        assert [(span["op"], span["description"]) for span in spans] == [
            ("http.client", f"GET {site.url('/a')}")
        ]
        crumbs = [
            crumb
            for item in kept.items
            for crumb in (item.get("breadcrumbs") or {}).get("values", ())
        ]
        assert any(crumb.get("data", {}).get("url") == site.url("/a") for crumb in crumbs), crumbs
        site.check_client()


run(main)

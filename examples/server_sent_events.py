"""Events that a server sends when there are any, and goes on with after a lost connection.

Each event is some lines of a body that does not end (https://html.spec.whatwg.org, server-sent
events). Who comes back says which event was the last.

python examples/server_sent_events.py URL [COUNT]       Ctrl-C ends it
"""

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import aioclient

#: Servers send an empty comment every few seconds: a minute without one is a lost connection.
TIMEOUT = aioclient.ClientTimeout(total=None, sock_connect=10, sock_read=60)


@dataclass
class Event:
    kind: str = "message"
    data: str = ""


class EventSource:
    """The events of one URL, over as many responses as it takes."""

    def __init__(self, session: aioclient.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._last_id = ""
        self._delay_s = 1.0

    async def events(self) -> AsyncGenerator[Event]:
        """Give events until the server says by a 204 that there will be no more."""
        while True:
            headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
            if self._last_id:
                headers["Last-Event-ID"] = self._last_id
            try:
                async with self._session.get(self._url, headers=headers) as response:
                    response.raise_for_status()  # which is not tried again
                    if response.status == 204:
                        return
                    async for event in self._read(response):
                        yield event
            except (aioclient.ClientConnectionError, aioclient.ClientPayloadError) as error:
                print(f"lost: {error}", file=sys.stderr)
            await asyncio.sleep(self._delay_s)

    async def _read(self, response: aioclient.ClientResponse) -> AsyncGenerator[Event]:
        kind, lines = "", list[str]()
        async for line in response.content:
            name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if not name and not value:  # an empty line is the end of an event
                if lines:
                    yield Event(kind or "message", "\n".join(lines))
                kind, lines = "", []
            elif name == "event":
                kind = value
            elif name == "data":
                lines.append(value)
            elif name == "id":
                self._last_id = value
            elif name == "retry" and value.isdecimal():
                self._delay_s = int(value) / 1000


async def show(url: str, count: int | None) -> None:
    async with aioclient.ClientSession(timeout=TIMEOUT) as session:
        async with contextlib.aclosing(EventSource(session, url).events()) as events:
            for number in itertools.count(1):
                event = await anext(events, None)
                if event is None:
                    break
                print(f"{event.kind}: {event.data}", flush=True)
                if number == count:
                    break


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(show(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None))

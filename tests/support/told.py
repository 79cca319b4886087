"""What is told of requests by all signals of a `TraceConfig`, in the order in which it happens."""

from typing import Any, Final

from fake_resolver import FakeResolver
from pages import Pages

from aioclient import ClientSession, TCPConnector, TraceConfig
from aioclient._tracing.config import EVENTS

#: A name of this machine, as is "localhost".
NAME: Final = "a.example"

CREATED: Final = ("connection_create_start", "connection_create_end")
LOOKED_UP: Final = ("dns_cache_miss", "dns_resolvehost_start", "dns_resolvehost_end")
HANDSHAKE: Final = ("tls_handshake_start", "tls_handshake_end")
SENT: Final = "request_headers_sent"
#: Each time that a request is sent ends so; and then the last one.
TRIED: Final = "request_attempt_end"
ANSWERED: Final = (TRIED, "request_end", "response_end")
GAVE_UP: Final = (TRIED, "request_exception")
READ: Final = "response_chunk_received"

#: All that is told of a GET on a kept connection.
REUSED: Final = ("request_start", "connection_reuseconn", SENT, *ANSWERED, READ)

#: The events that aiohttp does not have.
ADDED: Final = frozenset({*HANDSHAKE, TRIED, "response_informational", "response_end"})


def created(*between: str) -> list[str]:
    """All that is told of a GET on a new connection, with what is told while it is made."""
    start, end = CREATED
    return ["request_start", start, *between, end, SENT, *ANSWERED, READ]


def session(*configs: TraceConfig[Any], **options: Any) -> ClientSession:
    """A session that is traced and connects to this machine by names; options of its connector."""
    middlewares = options.pop("middlewares", ())
    options.setdefault("resolver", FakeResolver({NAME: ["127.0.0.1"], "localhost": ["127.0.0.1"]}))
    connector = TCPConnector(**options)
    return ClientSession(connector=connector, trace_configs=list(configs), middlewares=middlewares)


async def get(session: ClientSession, url: str, **options: Any) -> bytes:
    """The body behind a URL."""
    async with session.get(url, **options) as response:
        return await response.read()


async def assert_healthy(client: ClientSession) -> None:
    """The one connection that a session may have, with `limit=1`, is free for another request."""
    async with Pages() as server, client.get(server.url(), timeout=2) as response:
        assert await response.read() == b"ok"
    assert client.connector is not None
    stats = client.connector.stats()
    assert (stats.active, stats.connecting, stats.waiting) == (0, 0, 0)


class Told(TraceConfig[Any]):
    """A config whose handlers write down each event.

    Arguments: `only`, the names of events that have handlers, all by default; `fail`, the name of
    one whose handler raises `error`; and those of a TraceConfig.
    """

    def __init__(
        self, *only: str, fail: str = "", error: BaseException | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        #: Names and what came with them.
        self.all: list[tuple[str, Any]] = []
        self.contexts: list[Any] = []
        self._fail = fail
        self.error = error or RuntimeError(f"of the handler of {fail}")
        for event in only or EVENTS:
            self.signal(event).append(self._handler(event))

    def _handler(self, event: str) -> Any:
        async def handler(session: ClientSession, context: object, params: object) -> None:
            assert isinstance(session, ClientSession)
            self.all.append((event, params))
            self.contexts.append(context)
            if event == self._fail:
                raise self.error

        return handler

    @property
    def names(self) -> list[str]:
        """Of the events so far."""
        return [name for name, _ in self.all]

    def take(self) -> list[str]:
        """The same; they are forgotten."""
        names = self.names
        self.all.clear()
        self.contexts.clear()
        return names

    def params(self, event: str) -> list[Any]:
        """What came with the events of this name."""
        return [params for name, params in self.all if name == event]

    def param(self, event: str) -> Any:
        """What came with the only event of this name."""
        (params,) = self.params(event)
        return params

    def chunks(self, event: str) -> list[bytes]:
        """The pieces that the events of this name told of."""
        return [params.chunk for params in self.params(event)]

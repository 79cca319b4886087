"""What goes wrong in the soak test: what the client gives up, and what servers do to it."""

import asyncio
import json
from typing import Final

from origin_replies import FIXED_JSON
from soak_world import (
    BLOCK,
    PATIENCE,
    Errors,
    World,
    WrongAnswer,
    expect,
    expect_sum,
    kind,
    pieces,
)

from aioclient import (
    BodyLimitError,
    BodyTooLargeError,
    ClientConnectionError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    ClientTimeoutError,
    ConnectionTimeoutError,
    HeadLimitError,
    NonHttpUrlRedirectClientError,
    ServerDisconnectedError,
    ServerProtocolError,
    SocketTimeoutError,
    TCPConnector,
    TooManyRedirects,
    TotalTimeoutError,
    WSMsgType,
)

# --- what is given up -----------------------------------------------------------------------------


@kind(3, ClientTimeoutError)
async def hasty(world: World) -> None:
    """A total that passes at any moment of a request, or not."""
    timeout = ClientTimeout(total=world.chance.uniform(0.0005, 0.03))
    path = world.chance.choice(("/json", "/bytes/300000", "/delay/0.02", "/slow-body/1000/0.05"))
    url = world.url(world.chance.choice(("plain", "tls")), path)
    async with world.session.get(url, timeout=timeout) as response:
        await response.read()


@kind(0.6, SocketTimeoutError)
async def silent_server(world: World) -> None:
    timeout = ClientTimeout(sock_read=0.2)
    async with world.session.get(world.url("broken", "/silent"), timeout=timeout):
        raise WrongAnswer("an answer of a server that is silent")


@kind(0.3, TotalTimeoutError)
async def dripping_server(world: World) -> None:
    timeout = ClientTimeout(total=0.5, sock_read=10)
    async with world.session.get(world.url("broken", "/drip"), timeout=timeout) as response:
        await response.read()
        raise WrongAnswer("a body sooner than it was sent")


@kind(0.4, ConnectionTimeoutError)
async def silent_handshake(world: World) -> None:
    """TLS with a server that speaks none, and waits."""
    timeout = ClientTimeout(total=30, tls=0.1)
    url = f"https://localhost:{world.ports['broken']}/silent"
    async with world.session.get(url, timeout=timeout):
        raise WrongAnswer("TLS with a server that has none")


@kind(1, ClientConnectionError)
async def closed_meanwhile(world: World) -> None:
    """A session that is closed while requests are under way."""
    async with ClientSession(timeout=PATIENCE) as session:
        url = world.url("plain", "/slow-body/100000/0.1")
        tasks = [asyncio.create_task(fetch(session, url)) for _ in range(4)]
        try:
            await asyncio.sleep(world.chance.uniform(0, 0.1))
            await session.close(drain=world.chance.choice((0, 0.02)))
        finally:
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result


async def fetch(session: ClientSession, url: str) -> None:
    async with session.get(url) as response:
        await response.read()


@kind(1, TotalTimeoutError)
async def crowded(world: World) -> None:
    """More requests than connections, which wait for each other, and some not long enough."""
    async with ClientSession(connector=TCPConnector(limit=2), timeout=0.06) as session:
        tasks = [fetch(session, world.url("plain", "/delay/0.02")) for _ in range(8)]
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, TotalTimeoutError):
                raise result


# --- what servers do wrong ------------------------------------------------------------------------

#: By path of the broken server; and for some, options of the request.
FAULTS: Final[dict[str, Errors]] = {
    "reset": (ClientOSError, ServerDisconnectedError),
    "closed": (ServerDisconnectedError,),
    "reset-in-head": (ClientOSError, ServerDisconnectedError),
    "reset-in-body": (ClientPayloadError, ClientOSError),
    "truncated": (ClientPayloadError,),
    "truncated-chunked": (ClientPayloadError,),
    "truncated-gzip": (ClientPayloadError,),
    "no-gzip": (ClientPayloadError,),
    "garbage": (ServerProtocolError,),
    "bad-field": (ServerProtocolError,),
    "bare-cr": (ServerProtocolError,),
    "both-lengths": (ServerProtocolError,),
    "two-lengths": (ServerProtocolError,),
    "bad-chunk": (ClientPayloadError,),
    "chunk-extensions": (BodyLimitError,),
    "long-head": (HeadLimitError,),
    "many-fields": (HeadLimitError,),
    "many-hints": (HeadLimitError,),
    "loop": (TooManyRedirects,),
    "nowhere": (NonHttpUrlRedirectClientError,),
}


@kind(5)
async def broken_answer(world: World) -> None:
    name = world.chance.choice(list(FAULTS))
    try:
        async with world.session.get(world.url("broken", f"/{name}")) as response:
            await response.read()
    except FAULTS[name]:
        return
    raise WrongAnswer(f"/{name} was taken for a right answer")


@kind(0.2, BodyTooLargeError)
async def bomb(world: World) -> None:
    async with world.session.get(world.url("broken", "/bomb"), max_body_size=2**20) as response:
        await response.read()
        raise WrongAnswer("64 MiB where 1 is the limit")


@kind(0.5, ClientOSError, ServerDisconnectedError)
async def early_answer(world: World) -> None:
    """A server that refuses an upload and hangs up."""
    async with world.session.post(
        world.url("broken", "/early-answer"), data=pieces(BLOCK * 8)
    ) as response:
        expect(response.status, 413)


@kind(1, ClientConnectorError)
async def nobody_there(world: World) -> None:
    """A port at which nobody listens."""
    await world.session.get("http://127.0.0.1:1/")


@kind(1, ClientConnectorError)
async def unknown_authority(world: World) -> None:
    """A certificate that is refused."""
    async with ClientSession(timeout=PATIENCE) as session:
        await session.get(world.url("tls", "/json"))
    raise WrongAnswer("a certificate of an authority that nobody knows")


@kind(0.5, ClientHttpProxyError)
async def refusing_proxy(world: World) -> None:
    proxy = f"http://127.0.0.1:{world.ports['proxy']}"
    async with world.session.get(world.url("tls", "/json"), proxy=proxy):
        raise WrongAnswer("a tunnel without a login")


@kind(1)
async def broken_websocket(world: World) -> None:
    name = world.chance.choice(("bad-frame", "bad-text", "too-large", "cut", "reset"))
    async with world.session.ws_connect(world.url("broken", f"/ws-{name}")) as ws:
        message = await ws.receive(timeout=20)
        if message.type is WSMsgType.TEXT:
            message = await ws.receive(timeout=20)
        expect(message.type in (WSMsgType.ERROR, WSMsgType.CLOSED), True)


@kind(
    10,
    ServerDisconnectedError,
    ClientOSError,
    ClientPayloadError,
    ClientConnectorError,
)
async def restarted_server(world: World) -> None:
    """A server that goes away from time to time, and comes back."""
    path, size = world.chance.choice((("/json", 0), ("/bytes/100000", 100_000)))
    async with world.session.get(world.url("restarted", path)) as response:
        body = await response.read()
        expect(len(body) if size else json.loads(body), size or FIXED_JSON)


@kind(2, ServerDisconnectedError, ClientOSError, ClientConnectorError)
async def post_to_restarted(world: World) -> None:
    sent = BLOCK[: world.chance.randrange(50_000)]
    async with world.session.post(world.url("restarted", "/sum"), data=sent) as response:
        await expect_sum(response, sent)

"""What goes well in the soak test: each kind of request, with how often it comes."""

import asyncio
import hashlib
import io
import json

from origin_replies import FIXED_JSON, sample_sha256
from soak_world import (
    BLOCK,
    PATIENCE,
    PROXY_LOGIN,
    WORDS,
    World,
    expect,
    expect_sum,
    kind,
    pieces,
)

import aioclient
from aioclient import (
    ClientSession,
    TCPConnector,
    WSMsgType,
)


@kind(30)
async def small_get(world: World) -> None:
    async with world.session.get(world.url("plain", "/json")) as response:
        expect(await response.json(), FIXED_JSON)


@kind(12)
async def post_json(world: World) -> None:
    sent = {"number": world.chance.random(), "text": "žluťoučký kůň"}
    async with world.session.post(world.url("plain", "/echo?a=b"), json=sent) as response:
        expect(json.loads((await response.json())["body"]), sent)


@kind(2)
async def head_and_options(world: World) -> None:
    async with world.session.head(world.url("plain", "/bytes/1000")) as response:
        expect((response.status, await response.read()), (200, b""))


@kind(3)
async def upload_streamed(world: World) -> None:
    sent = BLOCK[: world.chance.randrange(len(BLOCK))] * world.chance.choice((1, 4))
    url = world.url(world.chance.choice(("plain", "tls")), "/sum")
    async with world.session.post(url, data=pieces(sent)) as response:
        await expect_sum(response, sent)


@kind(2)
async def upload_file(world: World) -> None:
    expects = world.chance.random() < 0.5
    url = world.url(world.chance.choice(("plain", "tls")), "/sum")
    with world.file.open("rb") as file:
        async with world.session.put(url, data=file, expect100=expects) as response:
            await expect_sum(response, BLOCK * 8)


@kind(2)
async def upload_compressed(world: World) -> None:
    url = world.url("plain", "/coded-sum")
    async with world.session.post(url, data=WORDS, compress="gzip") as response:
        await expect_sum(response, WORDS)


@kind(3)
async def upload_multipart(world: World) -> None:
    form = aioclient.FormData({"title": "soak"})
    form.add_field("file", io.BytesIO(BLOCK), filename="a name.bin")
    async with world.session.post(world.url("plain", "/sum"), data=form) as response:
        expect((await response.json())["size"] > len(BLOCK), True)


@kind(1)
async def download(world: World) -> None:
    size = world.chance.randrange(2**20, 5 * 2**20)
    path = world.chance.choice(("bytes", "chunked", "close"))
    url = world.url(world.chance.choice(("plain", "plain", "tls")), f"/{path}/{size}")
    digest = hashlib.sha256()
    async with world.session.get(url) as response:
        async for piece in response.content.iter_chunked(2**16):
            digest.update(piece)
    expect(digest.hexdigest(), sample_sha256(size))


@kind(4)
async def read_whole(world: World) -> None:
    size = world.chance.randrange(300_000)
    async with world.session.get(world.url("plain", f"/chunked/{size}")) as response:
        expect(len(await response.read()), size)


@kind(6)
async def coded(world: World) -> None:
    count = world.chance.randrange(1, 5)
    async with world.session.get(world.url("plain", f"/gzip/{count}")) as response:
        expect(await response.read(), WORDS * count)


@kind(3)
async def many_fields(world: World) -> None:
    async with world.session.get(world.url("plain", "/headers/50")) as response:
        expect(response.headers["X-Field-0049"], "value of field 49")
        expect("cookie-4" in response.cookies, True)


@kind(4)
async def redirects(world: World) -> None:
    async with world.session.get(world.url("plain", "/redirect/3")) as response:
        expect((await response.json(), len(response.history)), (FIXED_JSON, 3))


@kind(2)
async def redirect_elsewhere(world: World) -> None:
    """To another origin, with a body that is kept."""
    there = world.url("tls", "/sum")
    url = world.url("plain", f"/to?{there}")
    async with world.session.post(url, data=b"again", headers={"X-Secret": "s"}) as response:
        await expect_sum(response, b"again")


@kind(5)
async def cookies(world: World) -> None:
    """A session of one user, whose cookies are nobody else's; many hosts and names."""
    host = f"h{world.chance.randrange(20)}.localhost"
    name = f"n{world.chance.randrange(20)}"
    session = world.session
    async with session.get(world.url("plain", f"/cookie/{name}/v", host)) as response:
        expect(response.cookies[name].value, "v")
    if session is world.session:  # it has not been closed meanwhile
        async with session.get(world.url("plain", "/cookies", host)) as response:
            (line,) = await response.json()
            expect(f"{name}=v" in line.split("; "), True)


@kind(10)
async def tls_get(world: World) -> None:
    async with world.session.get(world.url("tls", "/json")) as response:
        expect(await response.json(), FIXED_JSON)


@kind(2)
async def tls_resumed(world: World) -> None:
    """Connections that close after each response, the second resumes the session of the first."""
    async with ClientSession(
        connector=TCPConnector(force_close=True, ssl=world.trusting), timeout=PATIENCE
    ) as session:
        for _ in range(2):
            async with session.get(world.url("tls", "/json")) as response:
                expect(await response.json(), FIXED_JSON)


@kind(2)
async def unread(world: World) -> None:
    """Responses that are released before they were read."""
    async with world.session.get(world.url("plain", "/bytes/400000")) as response:
        if world.chance.random() < 0.5:
            await response.content.readany()


@kind(1)
async def interim(world: World) -> None:
    for path in ("hints", "surplus", "trailers"):
        async with world.session.get(world.url("broken", f"/{path}")) as response:
            expect(await response.read(), b"hello")


@kind(3)
async def websocket(world: World) -> None:
    server = world.chance.choice(("ws", "wss"))
    url = f"{server}://localhost:{world.ports[server]}/"
    compress = world.chance.choice((0, 15))
    tls = world.trusting
    async with world.session.ws_connect(url, compress=compress, ssl=tls, heartbeat=20) as ws:
        for size in (0, 10, 1000, 100_000):
            await ws.send_bytes(BLOCK[:size] * 2)
            expect(await ws.receive_bytes(), BLOCK[:size] * 2)
        await ws.send_str("burst")
        for number in range(100):
            expect(await ws.receive_str(), f"{number} " * 20)
        await ws.ping()
        if world.chance.random() < 0.5:
            await ws.send_str("close")
            expect((await ws.receive()).type, WSMsgType.CLOSE)


@kind(3)
async def through_proxy(world: World) -> None:
    proxy = f"http://{PROXY_LOGIN}@127.0.0.1:{world.ports['proxy']}"
    url = world.url(world.chance.choice(("plain", "tls")), "/json")
    async with world.session.get(url, proxy=proxy) as response:
        expect(await response.json(), FIXED_JSON)


@kind(2)
async def through_socks(world: World) -> None:
    proxy = f"{world.chance.choice(('socks5', 'socks5h'))}://127.0.0.1:{world.ports['socks']}"
    url = world.url(world.chance.choice(("plain", "tls")), "/json")
    async with world.session.get(url, proxy=proxy) as response:
        expect(await response.json(), FIXED_JSON)


@kind(3)
async def new_session(world: World) -> None:
    """One that is made for a few requests, some of them at the same time."""
    retry = aioclient.RetryMiddleware(backoff=0.01)
    async with ClientSession(timeout=PATIENCE, middlewares=[retry]) as session:

        async def one() -> None:
            async with session.get(world.url("plain", "/json")) as response:
                expect(await response.json(), FIXED_JSON)

        await asyncio.gather(*(one() for _ in range(world.chance.randrange(1, 6))))


@kind(0.1)
async def renew(world: World) -> None:
    world.renew()

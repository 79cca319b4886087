"""Ten thousand requests of all kinds, many at once, a third of them given up at random moments.

No answer may belong to another request, and in the end nothing may be left. Each request has a
number, which must come back in a header and in the body. The kinds are functions of a `Wish`.
"""

import asyncio
import gc
import gzip
import io
import os
import random
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from nginx import NGINX, nginx_running
from origin import Origin
from origin_replies import ROUTES, Framing, Reply, Request
from running import closed_port, descriptors, own_tasks, run, settled, until

from aioclient import (
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ClientTimeoutError,
    TCPConnector,
)

REQUESTS: Final = 10_000
AT_ONCE: Final = 200
#: How many connections there may be: half of the requests wait for one.
LIMIT: Final = 100
SEED: Final = 7230
PATIENCE_S: Final = 240.0
#: What a request answers after its number, so that no body is one packet only.
FILLER: Final = random.Random(SEED).randbytes(1000).hex()
#: A body that does not fit into what is kept of it until it is read.
LARGE: Final = os.urandom(600_000)
HELD_BYTES: Final = 2**14

# --- what the origin answers ----------------------------------------------------------------------


def told(request: Request, form: str) -> Reply:
    """Say the number that the request has in its query, and what came with it."""
    number = request.query.removeprefix("id=")
    digest = sha256(request.body).hexdigest()
    body = f"id={number};{request.method};{digest};{FILLER}".encode()
    fields = [("X-Id", number), ("Content-Type", "text/plain")]
    reply = Reply(200, fields, body)
    match form:
        case "gzip":
            fields.append(("Content-Encoding", "gzip"))
            reply.body = gzip.compress(body, 1)
        case "chunked":
            reply = _in_pieces(fields, body, Framing.CHUNKED)
        case "close":
            reply = _in_pieces(fields, body, Framing.CLOSE)
        case "slow":
            reply = _in_pieces(fields, body, Framing.COUNTED, wait_s=0.01)
        case "large":
            reply = _in_pieces(fields, body + LARGE, Framing.COUNTED)
        case "missing":
            reply.status = 404
        case "moved":
            reply.status = 307
            fields.append(("Location", f"/told/plain?id={number}"))
    return reply


def _in_pieces(
    fields: list[tuple[str, str]], body: bytes, framing: Framing, wait_s: float = 0.0
) -> Reply:
    step = len(body) // 4 + 1

    async def pieces() -> AsyncGenerator[bytes, None]:
        for start in range(0, len(body), step):
            await asyncio.sleep(wait_s)
            yield body[start : start + step]

    return Reply(200, fields, pieces=pieces(), length=len(body), framing=framing)


# --- what nginx answers ---------------------------------------------------------------------------

SERVER: Final = """
    server {{
        listen 127.0.0.1:{port} backlog=512;
        listen 127.0.0.1:{tls_port} ssl backlog=512;
        ssl_certificate {certificate}/cert.pem;
        ssl_certificate_key {certificate}/key.pem;
        keepalive_requests 50;
        client_max_body_size 10m;
        default_type text/plain;
        add_header X-Id $arg_id always;
        location /told/plain {{ return 200 "id=$arg_id;{filler}"; }}
        location /told/gzip {{
            gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;
            return 200 "id=$arg_id;{filler}";
        }}
        location /told/chunked {{ ssi on; ssi_types text/plain; alias {folder}/root/number; }}
        location /told/close {{ keepalive_timeout 0; return 200 "id=$arg_id;{filler}"; }}
        location /told/missing {{ return 404 "id=$arg_id;{filler}"; }}
        location /told/moved {{ return 307 /told/plain?id=$arg_id; }}
        location /told/large {{ ssi on; ssi_types text/plain; alias {folder}/root/large; }}
    }}
"""


@pytest.fixture(scope="module")
def nginx_urls(
    certificate_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """Where nginx is, plain and with TLS; without it the origin gets all requests."""
    if NGINX is None:
        yield []
        return
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "root").mkdir()
    number = b'id=<!--# echo var="arg_id" -->;' + FILLER.encode()
    (folder / "root" / "number").write_bytes(number)
    (folder / "root" / "large").write_bytes(number + LARGE.replace(b"<", b">"))
    port, tls_port = closed_port(), closed_port()
    server = SERVER.format(
        port=port, tls_port=tls_port, certificate=certificate_files, folder=folder, filler=FILLER
    )
    with nginx_running(folder, port, server):
        yield [f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls_port}"]


# --- kinds of requests ----------------------------------------------------------------------------


class Wish(NamedTuple):
    """One request to be made: of whom, with which number, and what else it may use."""

    session: ClientSession
    server: str
    number: int
    path: Path
    options: dict[str, Any]

    def send(self, method: str, form: str, **options: Any) -> Any:
        url = f"{self.server}/told/{form}?id={self.number}"
        return self.session.request(method, url, **options, **self.options)


def is_of(wish: Wish, response: ClientResponse) -> bool:
    return response.headers["X-Id"] == str(wish.number)


def check(wish: Wish, response: ClientResponse, body: bytes, sent: bytes | None = None) -> None:
    """The answer is that of this request; the origin's also says which body it had."""
    assert is_of(wish, response)
    first, *others = body.split(b";")[:3]
    assert first == b"id=%d" % wish.number
    if sent is not None and len(others) == 2 and len(others[1]) == 64:
        assert others[1] == sha256(sent).hexdigest().encode()


Kind = Callable[[Wish], Awaitable[None]]


def get(form: str) -> Kind:
    async def kind(wish: Wish) -> None:
        async with wish.send("GET", form) as response:
            check(wish, response, await response.read())

    return kind


def post(form: str, data: Callable[[Wish], tuple[Any, bytes]]) -> Kind:
    """`data` gives a body and the bytes that it is."""

    async def kind(wish: Wish) -> None:
        body, sent = data(wish)
        async with wish.send("POST", form, data=body) as response:
            check(wish, response, await response.read(), sent)

    return kind


async def head(wish: Wish) -> None:
    async with wish.send("HEAD", "plain") as response:
        assert is_of(wish, response)
        assert await response.read() == b""


async def lines(wish: Wish) -> None:
    async with wish.send("GET", "chunked") as response:
        check(wish, response, await response.content.readuntil(b";"))
        async for _ in response.content.iter_chunked(1000):
            pass


async def half(wish: Wish) -> None:
    """Read what has the number, and release the rest."""
    async with wish.send("GET", "large") as response:
        check(wish, response, await response.content.readuntil(b";"))


async def unread(wish: Wish) -> None:
    response = await wish.send("GET", "large")
    assert is_of(wish, response)
    response.release()


async def raised(wish: Wish) -> None:
    with pytest.raises(ClientResponseError) as caught:
        await wish.send("GET", "missing", raise_for_status=True)
    assert caught.value.status == 404
    assert caught.value.headers is not None
    assert caught.value.headers["X-Id"] == str(wish.number)


async def post_json(wish: Wish) -> None:
    async with wish.send("POST", "plain", json={"id": wish.number}) as response:
        check(wish, response, await response.read(), b'{"id": %d}' % wish.number)


def post_file(form: str) -> Kind:
    async def kind(wish: Wish) -> None:
        with wish.path.open("rb") as file:
            async with wish.send("POST", form, data=file) as response:
                check(wish, response, await response.read(), LARGE)

    return kind


async def echoed(wish: Wish) -> None:
    url = wish.server + f"/echo?id={wish.number}"
    body = f"body of {wish.number}"
    async with wish.session.put(url, data=body, **wish.options) as response:
        seen = await response.json()
        assert (seen["query"], seen["body"]) == (f"id={wish.number}", body)


def small(wish: Wish) -> tuple[Any, bytes]:
    body = b"body of %d" % wish.number
    return body, body


def large(wish: Wish) -> tuple[Any, bytes]:
    body = b"%d" % wish.number + LARGE
    return body, body


def in_memory(wish: Wish) -> tuple[Any, bytes]:
    body = b"%d" % wish.number + LARGE[:50_000]
    return io.BytesIO(body), body


def generated(wish: Wish) -> tuple[Any, bytes]:
    pieces = [b"%d" % wish.number, LARGE[:10_000], b"", LARGE[:100]]

    async def body() -> AsyncGenerator[bytes, None]:
        for piece in pieces:
            await asyncio.sleep(0)
            yield piece

    return body(), b"".join(pieces)


KINDS: Final[list[Kind]] = [
    get("plain"),
    get("chunked"),
    get("gzip"),
    get("close"),
    get("missing"),
    get("large"),
    get("moved"),
    head,
    lines,
    half,
    unread,
    raised,
    post_json,
    post_file("plain"),
    post_file("moved"),
    post("plain", small),
    post("plain", large),
    post("plain", in_memory),
    post("plain", generated),
    post("gzip", small),
    post("moved", small),
]
#: What only the origin can do.
KINDS_OF_ORIGIN: Final = [*KINDS, get("slow"), post("chunked", small), echoed]

# --- the test -------------------------------------------------------------------------------------


class Load:
    """Makes the requests, gives some of them up, and counts how they end."""

    def __init__(
        self, session: ClientSession, origin: str, nginx_urls: list[str], path: Path
    ) -> None:
        self._session = session
        self._origin = origin
        self._servers = [origin, *nginx_urls]
        self._path = path
        self._random = random.Random(SEED)
        self._typical_s = 0.05  # how long a request takes that is not given up
        self.ended: Counter[str] = Counter()

    @property
    def given_up(self) -> int:
        return self.ended["cancelled"] + self.ended["timed out"]

    async def make(self, numbers: Iterator[int]) -> None:
        """One request after the other."""
        for number in numbers:
            server = self._random.choice(self._servers)
            kind = self._random.choice(KINDS_OF_ORIGIN if server == self._origin else KINDS)
            fate = "done"
            # Not all that shall be given up are, because some end before.
            if self._random.random() < (0.8 if self.given_up * 3 < number else 0.2):
                fate = self._random.choice(["cancelled", "timed out"])
            await self._one(kind, server, number, fate)

    async def _one(self, kind: Kind, server: str, number: int, fate: str) -> None:
        loop = asyncio.get_running_loop()
        moment_s = self._random.uniform(0.0, self._typical_s)
        options: dict[str, Any] = {}
        if fate == "timed out":
            options["timeout"] = ClientTimeout(total=max(moment_s, 0.001))
        begin = loop.time()
        wish = Wish(self._session, server, number, self._path, options)
        task = asyncio.ensure_future(kind(wish))
        timer = loop.call_later(moment_s, task.cancel) if fate == "cancelled" else None
        await asyncio.wait([task])
        if timer is not None:
            timer.cancel()
        if task.cancelled() and fate == "cancelled":
            self.ended["cancelled"] += 1
        elif isinstance(task.exception(), ClientTimeoutError) and fate == "timed out":
            self.ended["timed out"] += 1
        else:
            task.result()
            self.ended["done"] += 1
            if fate == "done":
                self._typical_s += (loop.time() - begin - self._typical_s) / 50


def test_no_answer_is_mistaken_and_nothing_is_left(
    nginx_urls: list[str],
    trusting: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ROUTES, ("told", 1), told)
    path = tmp_path / "large"
    path.write_bytes(LARGE)

    async def whole() -> None:
        async with Origin() as origin:
            await open_one(origin)
            await settled()
            gc.collect()  # what other tests dropped is not to be closed meanwhile
            tasks, open_before = own_tasks(), len(descriptors())
            connector = TCPConnector(ssl=trusting, limit=LIMIT, limit_per_host=LIMIT)
            async with ClientSession(connector=connector, read_bufsize=HELD_BYTES) as session:
                load = Load(session, origin.url(""), nginx_urls, path)
                numbers = iter(range(REQUESTS))
                await asyncio.gather(*(load.make(numbers) for _ in range(AT_ONCE)))
                assert sum(load.ended.values()) == REQUESTS
                assert load.given_up > 0.3 * REQUESTS, load.ended
                await until(lambda: len(own_tasks()) == len(tasks) + origin.open)
                for server in (origin.url(""), *nginx_urls):
                    await use_all_slots(session, server, path)
            await until(lambda: not origin.open)
            await until(lambda: own_tasks() == tasks)
            await until(lambda: len(descriptors()) <= open_before)

    run(whole(), PATIENCE_S)


async def open_one(origin: Origin) -> None:
    """Open a connection: with the first, uvloop takes a descriptor that it keeps to its end."""
    async with ClientSession() as session, session.get(origin.url("/json")) as response:
        assert response.status == 200
    await until(lambda: not origin.open)


async def use_all_slots(session: ClientSession, server: str, path: Path) -> None:
    """As many connections can be in use at the same time as there may be."""
    wishes = [Wish(session, server, number, path, {}) for number in range(LIMIT)]
    responses = await asyncio.gather(*(wish.send("GET", "large") for wish in wishes))
    assert not any(response.closed for response in responses)  # each has its connection
    for wish, response in zip(wishes, responses, strict=True):
        check(wish, response, await response.content.readuntil(b";"))
        response.release()

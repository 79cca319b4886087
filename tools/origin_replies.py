"""What the origin answers: each route is a pure function from a `Request` to a `Reply`."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import random
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

REPLY_LIMIT_BYTES = 4 * 1024**3  # what /bytes/N and its kin will send
SLOW_BODY_LIMIT_BYTES = 64 * 1024 * 1024  # what /slow-body will send, which is held in memory
WAIT_LIMIT_S = 3600.0  # what /delay and /slow-body will wait
REDIRECTS_LIMIT = 100
FIELDS_LIMIT = 10_000  # what /headers/COUNT will send
SLOW_PIECES = 10
BLOCK_BYTES = 64 * 1024
FIXED_JSON = {
    "message": "Hello from the origin",
    "numbers": [1, 2, 3],
    "text": "žluťoučký kůň",
    "nothing": None,
}

_BLOCK = random.Random(9112).randbytes(BLOCK_BYTES)
Fields = list[tuple[str, str]]


def sample_bytes(count: int) -> Iterator[bytes]:
    """Yield `count` bytes, the same each time, in blocks that differ so that swaps show."""
    for index in range(math.ceil(count / BLOCK_BYTES)):
        block = index.to_bytes(8, "big") + _BLOCK[8:]
        yield block[: count - index * BLOCK_BYTES]


def sample_sha256(count: int) -> str:
    """Give the hexadecimal SHA-256 of the body that /bytes/`count` sends."""
    digest = hashlib.sha256()
    for block in sample_bytes(count):
        digest.update(block)
    return digest.hexdigest()


class Refusal(Exception):
    """The request cannot be understood: answer with `status` and hang up."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Framing(Enum):
    """How the end of a reply's body is told."""

    COUNTED = "Content-Length"
    CHUNKED = "Transfer-Encoding: chunked"
    CLOSE = "the connection's end"


@dataclass(slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    query: str
    version: str
    headers: Fields
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """List the values of a field, its comma-separated members apart, in lower case."""
        lines = [value for key, value in self.headers if key.lower() == name]
        return [
            member.strip().lower() for line in lines for member in line.split(",") if member.strip()
        ]

    def persists(self) -> bool:
        """Does the client keep the connection open after this? RFC 9112 section 9.3."""
        wishes = self.values("connection")
        return "close" not in wishes and (self.version == "HTTP/1.1" or "keep-alive" in wishes)


@dataclass(slots=True)
class Reply:
    """What to answer. `pieces` is used when there is one, and then is `length` bytes long."""

    status: int = 200
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    pieces: AsyncGenerator[bytes, None] | None = None
    length: int = 0
    framing: Framing = Framing.COUNTED
    delay_s: float = 0.0


def json_reply(value: object, *, status: int = 200, delay_s: float = 0.0) -> Reply:
    """Answer with a value as JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, [("Content-Type", "application/json")], body, delay_s=delay_s)


def count_of(text: str, limit: int) -> int:
    """Read a count from a path."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= limit):
        raise Refusal(400, f"expected a count of at most {limit}, got {text[:100]!r}")
    return int(text)


def seconds_of(text: str) -> float:
    """Read a time from a path."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= WAIT_LIMIT_S:
        raise Refusal(400, f"expected seconds from 0 to {WAIT_LIMIT_S:g}, got {text[:100]!r}")
    return seconds


def reply_fixed(request: Request) -> Reply:
    return json_reply(FIXED_JSON)


def reply_echo(request: Request) -> Reply:
    try:
        body, encoding = request.body.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(request.body).decode(), "base64"
    seen = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "version": request.version,
    }
    return json_reply({**seen, "headers": request.headers, "body": body, "encoding": encoding})


def reply_status(request: Request, code: str) -> Reply:
    status = count_of(code, 599)
    if status < 200:
        raise Refusal(400, f"expected a final status from 200 to 599, got {status}")
    return json_reply({"status": status}, status=status)


def reply_delay(request: Request, seconds: str) -> Reply:
    return json_reply({"delay": seconds_of(seconds)}, delay_s=seconds_of(seconds))


def reply_redirect(request: Request, count: str) -> Reply:
    """Redirect so many times, the last time to /json."""
    left = count_of(count, REDIRECTS_LIMIT)
    where = f"/redirect/{left - 1}" if left > 1 else "/json"
    reply = json_reply({"left": left}, status=302)
    reply.fields.append(("Location", where))
    return reply


def reply_headers(request: Request, count: str) -> Reply:
    reply = json_reply({"count": count_of(count, FIELDS_LIMIT)})
    reply.fields += [
        (f"X-Field-{index:04}", f"value of field {index}") for index in range(int(count))
    ]
    reply.fields += [
        ("Set-Cookie", f"cookie-{index}=value-{index}; Path=/; HttpOnly") for index in range(5)
    ]
    return reply


def reply_sample(framing: Framing) -> Callable[..., Reply]:
    """Make the route that answers with sample bytes in this framing."""

    async def pieces(length: int) -> AsyncGenerator[bytes, None]:
        for block in sample_bytes(length):
            yield block

    def reply(request: Request, count: str) -> Reply:
        length = count_of(count, REPLY_LIMIT_BYTES)
        kind = [("Content-Type", "application/octet-stream")]
        return Reply(200, kind, pieces=pieces(length), length=length, framing=framing)

    return reply


def reply_slow_body(request: Request, count: str, seconds: str) -> Reply:
    length, wait_s = count_of(count, SLOW_BODY_LIMIT_BYTES), seconds_of(seconds)

    async def pieces() -> AsyncGenerator[bytes, None]:
        whole = b"".join(sample_bytes(length))
        step = math.ceil(length / SLOW_PIECES) or 1
        for start in range(0, length, step):
            await asyncio.sleep(wait_s / math.ceil(length / step))
            yield whole[start : start + step]

    return Reply(
        200, [("Content-Type", "application/octet-stream")], pieces=pieces(), length=length
    )


# The first part of a path, how many more there are, and who answers.
ROUTES: dict[tuple[str, int], Callable[..., Reply]] = {
    ("json", 0): reply_fixed,
    ("echo", 0): reply_echo,
    ("bytes", 1): reply_sample(Framing.COUNTED),
    ("chunked", 1): reply_sample(Framing.CHUNKED),
    ("close", 1): reply_sample(Framing.CLOSE),
    ("status", 1): reply_status,
    ("delay", 1): reply_delay,
    ("headers", 1): reply_headers,
    ("redirect", 1): reply_redirect,
    ("slow-body", 2): reply_slow_body,
}


def reply_to(request: Request) -> Reply:
    """Decide what to answer."""
    name, *rest = request.path.removeprefix("/").split("/")
    route = ROUTES.get((name, len(rest)))
    if route is None:
        return json_reply({"error": "no such path", "path": request.path}, status=404)
    return route(request, *rest)

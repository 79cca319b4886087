"""What arrives where when a request is redirected: all combinations, over real sockets.

Every status, method, kind of body, kind of credential and pair of origins is tried, and all that
arrived at the servers, every header and every byte of the bodies, is compared with what the tables
of `redirect_tables` say.

Two ports of 127.0.0.1 speak http and https each, so that two origins can differ in one thing alone.
"""

import gzip
import ssl
from email import message_from_bytes
from email.message import Message as EmailMessage
from itertools import product, zip_longest
from pathlib import Path
from typing import BinaryIO

import pytest
from recording import Arrived, RecordingServer
from redirect_tables import (
    BECOMES_GET,
    BODIES,
    FILE_CONTENT,
    HEADERS,
    KINDS,
    METHODS,
    MINE,
    MULTIPART,
    NO_BODY,
    PLACES,
    SESSION_HEADERS,
    Body,
    Fields,
    Kind,
    Message,
    Origin,
    Outcome,
    expected,
)
from running import run

from aioclient import ClientSession, TCPConnector


@pytest.mark.parametrize("place", PLACES)
def test_the_tables_let_no_secret_cross(place: str) -> None:
    origins = PLACES[place]
    crossed = [f"/{n}" for n, origin in enumerate(origins) if origin != origins[0]]
    for status, method, kind in product(BECOMES_GET, METHODS, KINDS):
        for message in expected(status, origins, method, NO_BODY, kind).messages:
            if message.path in crossed:
                said = {name: value for name, value in message.fields if name != kind.named}
                assert "secret" not in str(said)
                assert MINE[0][1] not in said.values()
                assert "x-api-key" not in said


# --- what happens --------------------------------------------------------------------------------


class World:
    """Two ports, a file, a pool, and where each path leads to."""

    def __init__(self, file: BinaryIO, tls: ssl.SSLContext) -> None:
        self.file = file
        self.locations: dict[str, str] = {}
        self.status = 200
        self.first = RecordingServer(self.answer, tls)
        self.second = RecordingServer(self.answer, tls)
        self.second.arrived = self.first.arrived  # one list: in their order

    def answer(self, request: Arrived) -> bytes:
        location = self.locations.get(request.target)
        if location is None:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        head = f"HTTP/1.1 {self.status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        return head.encode()

    def url(self, origin: Origin, path: str, user_info: str | None = None) -> str:
        port = self.first.port if origin.port == "first" else self.second.port
        user = "" if user_info is None else f"{user_info}@"
        return f"{origin.scheme}://{user}{origin.host}:{port}{path}"

    def messages(self) -> list[Message]:
        """What arrived since the last time, in the words of the tables."""
        ports = {str(self.first.port): "first", str(self.second.port): "second"}
        messages = []
        for seen in self.first.arrived:
            fields = []
            for name, value in seen.fields:
                host, colon, port = value.partition(":")
                is_host = name == "Host" and colon
                fields.append((name.lower(), f"{host}:{ports[port]}" if is_host else value))
            fields, body = plain(fields, seen.body)
            port = ports[str(seen.port)]
            messages.append(Message(seen.scheme, port, seen.method, seen.target, fields, body))
        self.first.arrived.clear()
        return messages


def plain(fields: Fields, body: bytes) -> tuple[Fields, bytes]:
    """The fields in order, and the body as the tables have it: decoded, without a boundary."""
    said = dict(fields)
    kind = said.get("content-type", "")
    if said.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    elif kind.startswith(MULTIPART):
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        body = b"&".join(map(name_and_value, whole.walk())).removeprefix(b"&")
        simple = {"content-type": MULTIPART, "content-length": str(len(body))}
        fields = [(name, simple.get(name, value)) for name, value in fields]
    return sorted(fields), body


def name_and_value(part: EmailMessage) -> bytes:
    """A field of a form; nothing for the whole form."""
    if part.is_multipart():
        return b""
    value = part.get_payload(decode=True)
    assert isinstance(value, bytes)
    return f"{part.get_param('name', header='Content-Disposition')}=".encode() + value


async def outcome(
    world: World, session: ClientSession, url: str, method: str, body: Body, kind: Kind
) -> Outcome:
    """Send one request; what happens."""
    try:
        options = {**body.options(world.file), **kind.options}
        headers = [*kind.headers, *HEADERS]
        async with session.request(method, url, headers=headers, **options) as response:
            redirects = len(response.history)
    except Exception as error:  # whatever it is, the combination shall be told
        return Outcome(world.messages(), type(error).__name__)
    return Outcome(world.messages(), "", response.status, redirects)


async def mismatches(world: World, trusting: ssl.SSLContext, status: int, place: str) -> list[str]:
    """Try all combinations at this place; in words, where something else arrived than expected."""
    origins = PLACES[place]
    urls = [world.url(origin, f"/{number}") for number, origin in enumerate(origins)]
    found = []
    connector = TCPConnector(ssl=trusting)
    for kind in KINDS:
        world.status = status
        world.locations = {f"/{number}": url for number, url in enumerate(urls[1:])}
        world.locations["/0"] = world.url(origins[1], "/1", kind.next_user)
        url = world.url(origins[0], "/0", kind.first_user)
        async with ClientSession(
            connector=connector,
            connector_owner=False,
            headers=[*kind.session_headers, *SESSION_HEADERS],
            **kind.session_options,
        ) as session:
            for method, body in product(METHODS, BODIES):
                wanted = expected(status, origins, method, body, kind)
                got = await outcome(world, session, url, method, body, kind)
                if got != wanted:
                    case = f"{status}, {place}: {method}, body: {body.name}, {kind.name}"
                    found.append(case + difference(wanted, got))
    await connector.close()
    return found


def difference(wanted: Outcome, got: Outcome) -> str:
    """In words, what is not as expected."""
    lines = []
    if got[1:] != wanted[1:]:
        lines.append(f"ended with {got[1:]} instead of {wanted[1:]}")
    for number, (right, real) in enumerate(zip_longest(wanted.messages, got.messages)):
        if right is None or real is None:
            lines.append(f"request {number}: {real} instead of {right}")
        elif real != right:
            parts = [
                f"{name} {a} instead of {b}"
                for name, a, b in zip(Message._fields, real, right, strict=True)
                if a != b and name != "fields"
            ]
            parts += [f"surplus {pair}" for pair in real.fields if pair not in right.fields]
            parts += [f"no {pair}" for pair in right.fields if pair not in real.fields]
            lines.append(f"request {number}: " + "; ".join(parts or ["copies of a field"]))
    return "".join(f"\n    {line}" for line in lines)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", BECOMES_GET)
def test_what_arrives_where(
    status: int,
    place: str,
    tmp_path: Path,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    path = tmp_path / "body"
    path.write_bytes(FILE_CONTENT)
    found: list[str] = []

    async def main(world: World) -> None:
        async with world.first, world.second:
            found.extend(await mismatches(world, trusting, status, place))

    with path.open("rb") as file:
        run(main(World(file, server_tls)), patience_s=60)
    assert not found, f"{len(found)} not as expected, among them:\n" + "\n".join(found[:10])

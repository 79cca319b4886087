"""The parsers that parse.py compares, behind two shapes: a head, and a body in chunks.

* aioclient: the compiled parser and its Python twin, each with the field twin that
  belongs to it. The head: `start` and `feed` on one parser, as on a kept connection, then
  the multidict that `ClientResponse.headers` makes. The body: the events go to a
  `BodyStream` under the `StreamReader` that `ClientResponse.content` is.
* aiohttp: the compiled parser and the Python one. The head: `feed_data` on one parser,
  too, which is kinder than the client, which makes a new one for every response; that
  way is ``compiled, new`` and ``Python, new``. The body: the client's own protocol
  (`ResponseHandler`) with a transport that only notes whether it was told to pause.
* httptools and h11, for information: the head only. httptools calls back for each field;
  they are put in a dict with lower-case names. h11 gives no response without a request:
  writing one is in its figure.

The options are those that the clients have by default. aioclient is given a memoryview,
as its connections get one, the others bytes.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Fields = tuple[str, str, str]
ParseHead = Callable[[], Fields]
ReadBody = Callable[[Sequence[bytes]], Awaitable[bytes]]

ASKED = ("content-type", "etag", "x-request-id")  # spelled otherwise in the head
_BYTES_ASKED = tuple(name.encode("ascii") for name in ASKED)


class Flow:
    """A transport, or a connection, that remembers whether it was told to pause."""

    def __init__(self) -> None:
        self.is_paused = False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    async def turn(self) -> None:
        """Let the reader work; as long as it takes until more may come."""
        await asyncio.sleep(0)
        while self.is_paused:  # noqa: ASYNC110 - as the event loop's selector: it asks each turn
            await asyncio.sleep(0)


# --- aioclient ------------------------------------------------------------------------------------


def _aioclient(twin: str) -> tuple[Any, Any]:
    return (
        importlib.import_module(f"aioclient._http1.parser_{twin}"),
        importlib.import_module(f"aioclient._http.fields_{twin}"),
    )


def aioclient_head(twin: str, head: bytes) -> ParseHead:
    """`twin` is c or py."""
    parser_module, fields_module = _aioclient(twin)
    proxy = importlib.import_module("multidict").CIMultiDictProxy
    parser = parser_module.ResponseParser()
    to_multidict = fields_module.to_multidict
    data = memoryview(head)
    first, second, third = ASKED

    def parse() -> Fields:
        parser.start("GET")
        response_head = parser.feed(data)[0]
        headers = proxy(to_multidict(response_head.field_section))
        return headers[first], headers[second], headers[third]

    return parse


def aioclient_body(twin: str) -> ReadBody:
    """`twin` is c or py."""
    parser_module, _ = _aioclient(twin)
    events = importlib.import_module("aioclient._http.events")
    body_stream = importlib.import_module("aioclient._connection.body_stream")
    exchange = importlib.import_module("aioclient._connection.exchange")
    stream_reader = importlib.import_module("aioclient._message.stream_reader")

    async def read(pieces: Sequence[bytes]) -> bytes:
        flow = Flow()
        stream = body_stream.BodyStream(flow, exchange.DEFAULT_READING.high_water_bytes)
        parser = parser_module.ResponseParser()
        parser.start("GET")
        reading = asyncio.create_task(stream_reader.StreamReader.over(stream).read())
        for piece in pieces:
            for event in parser.feed(memoryview(piece)):
                if type(event) is bytes:
                    stream.feed(event)
                elif event is events.END_OF_MESSAGE:
                    stream.end()
                elif isinstance(event, events.ChunkEnds):
                    stream.mark_chunk_ends(event.offsets)
                elif isinstance(event, Exception):
                    raise event
            await flow.turn()
        body: bytes = await reading
        return body

    return read


# --- aiohttp --------------------------------------------------------------------------------------


def _aiohttp(kind: str) -> Any:
    """The class of the parser; `kind` is C or Py."""
    return getattr(importlib.import_module("aiohttp.http_parser"), f"HttpResponseParser{kind}")


def aiohttp_head(kind: str, keep: bool, head: bytes) -> ParseHead:
    """`kind` is C or Py; one parser for all heads, or (not `keep`) a new one for each.

    Needs a running loop.
    """
    client_proto = importlib.import_module("aiohttp.client_proto")
    chunk_bytes = importlib.import_module("aiohttp.helpers").DEFAULT_CHUNK_SIZE
    error = importlib.import_module("aiohttp").ClientPayloadError
    made = _aiohttp(kind)
    loop = asyncio.get_running_loop()
    protocol = client_proto.ResponseHandler(loop)
    first, second, third = ASKED

    def make() -> Any:
        return made(
            protocol,
            loop,
            chunk_bytes,
            timer=None,
            payload_exception=error,
            response_with_body=True,
            read_until_eof=True,
            auto_decompress=True,
            max_line_size=8190,
            max_field_size=8190,
            max_headers=128,
        )

    parser = make()

    def parse() -> Fields:
        messages, _, _ = parser.feed_data(head)
        headers = messages[0][0].headers
        return headers[first], headers[second], headers[third]

    def parse_with_new() -> Fields:
        messages, _, _ = make().feed_data(head)
        headers = messages[0][0].headers
        return headers[first], headers[second], headers[third]

    return parse if keep else parse_with_new


def aiohttp_body(kind: str) -> ReadBody:
    """`kind` is C or Py."""
    client_proto: Any = importlib.import_module("aiohttp.client_proto")
    made = _aiohttp(kind)

    async def read(pieces: Sequence[bytes]) -> bytes:
        flow = Flow()
        protocol = client_proto.ResponseHandler(asyncio.get_running_loop())
        protocol.transport = flow
        client_proto.HttpResponseParser = made  # which the next line makes one of
        protocol.set_response_params(read_until_eof=True)
        protocol.data_received(pieces[0])
        _, content = await protocol.read()
        reading = asyncio.create_task(content.read())
        await flow.turn()
        for piece in pieces[1:]:
            protocol.data_received(piece)
            await flow.turn()
        body: bytes = await reading
        return body

    return read


# --- for information ------------------------------------------------------------------------------


class _LowerCaseDict:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.fields: dict[bytes, bytes] = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields[name.lower()] = value


def httptools_head(head: bytes) -> ParseHead:
    protocol = _LowerCaseDict()
    parser = importlib.import_module("httptools").HttpResponseParser(protocol)
    first, second, third = _BYTES_ASKED

    def parse() -> Fields:
        protocol.fields = {}
        parser.feed_data(head)
        fields = protocol.fields
        return fields[first].decode(), fields[second].decode(), fields[third].decode()

    return parse


def h11_head(head: bytes) -> ParseHead:
    h11 = importlib.import_module("h11")
    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="GET", target="/", headers=[("Host", "localhost")])
    end = h11.EndOfMessage()
    first, second, third = _BYTES_ASKED

    def parse() -> Fields:
        connection.send(request)
        connection.send(end)
        connection.receive_data(head)
        fields = dict(connection.next_event().headers)
        connection.next_event()
        connection.start_next_cycle()
        return fields[first].decode(), fields[second].decode(), fields[third].decode()

    return parse

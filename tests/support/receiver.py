"""A server that keeps what it is sent, and what other implementations make of a form."""

import asyncio
import io
from collections.abc import Callable
from typing import NamedTuple

import python_multipart
from origin import read_request
from werkzeug.wrappers import Request as WerkzeugRequest

from aioclient import BodyPartReader, MultipartReader

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Received(NamedTuple):
    """A request, with lower-case names of headers."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers each request as `answers` says for its path, else with 200; keeps them all."""

    def __init__(self, answers: dict[str, bytes] | None = None) -> None:
        self.received: list[Received] = []
        self._answers = answers or {}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader, writer)
            headers = {name.lower(): value for name, value in request.headers}
            assert len(headers) == len(request.headers), "a header came twice"
            self.received.append(Received(request.path, headers, request.body))
            writer.write(self._answers.get(request.path, OK))
            await writer.drain()

    @property
    def last(self) -> Received:
        return self.received[-1]


class Field(NamedTuple):
    """A field of a form as a receiver gives it."""

    name: str
    filename: str | None
    value: bytes


async def seen_by_werkzeug(request: Received) -> list[Field]:
    """What Flask gives in `request.form` and, behind them, in `request.files`."""
    parsed = WerkzeugRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": request.headers["content-type"],
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.input": io.BytesIO(request.body),
        }
    )
    parsed.max_form_memory_size = None
    fields = [Field(name, None, value.encode()) for name, value in parsed.form.items(multi=True)]
    for name, file in parsed.files.items(multi=True):
        fields.append(Field(name, file.filename, file.read()))
        file.close()
    return fields


async def seen_by_python_multipart(request: Received) -> list[Field]:
    """What the parser gives that Starlette and FastAPI use."""
    fields: list[Field] = []

    def field_came(field: python_multipart.multipart.Field) -> None:
        fields.append(Field(field.field_name.decode(), None, field.value or b""))

    def file_came(file: python_multipart.multipart.File) -> None:
        file.file_object.seek(0)
        name = (file.file_name or b"").decode()
        fields.append(Field(file.field_name.decode(), name, file.file_object.read()))
        file.close()

    parser = python_multipart.create_form_parser(
        {"Content-Type": request.headers["content-type"].encode("latin-1")}, field_came, file_came
    )
    parser.write(request.body)
    parser.finalize()
    parser.close()
    return fields


async def seen_by_own_reader(request: Received) -> list[Field]:
    """What the project's own reader gives."""
    stream = asyncio.StreamReader()
    stream.feed_data(request.body)
    stream.feed_eof()
    fields = []
    async for part in MultipartReader(
        {"Content-Type": request.headers["content-type"]}, stream, max_field_size=100_000
    ):
        assert isinstance(part, BodyPartReader)
        fields.append(Field(part.name or "", part.filename, await part.read()))
    return fields


RECEIVERS: dict[str, Callable[[Received], object]] = {
    "werkzeug": seen_by_werkzeug,
    "python-multipart": seen_by_python_multipart,
    "own reader": seen_by_own_reader,
}

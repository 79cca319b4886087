"""What a type checker knows of bodies, forms and parts: read by it, and never run."""

import io
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, assert_type

from multidict import CIMultiDict

import aioclient
from aioclient import (
    AsyncIterablePayload,
    BodyPartReader,
    BytesPayload,
    ClientResponse,
    ClientSession,
    FormData,
    JsonPayload,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    Payload,
    StringPayload,
    UploadTracker,
)


async def files_are_payloads(session: ClientSession, file: BinaryIO) -> None:
    assert_type(aioclient.get_payload(file), Payload)
    await session.post("https://a/", data=file)


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"


async def payloads_know_their_size_and_type(session: ClientSession) -> None:
    payload = BytesPayload(b"a", content_type="text/plain")
    assert_type(payload.size, int)
    assert_type(payload.content_type, str)
    assert_type(payload.headers, CIMultiDict[str])
    assert_type(payload.headers["Content-Type"], str)
    assert_type(payload.encoding, str | None)
    assert_type(payload.filename, str | None)
    assert_type(payload.decode(), str)
    assert_type(await payload.as_bytes(), bytes)
    assert_type(await payload.close(), None)
    for each in (
        payload,
        StringPayload("a"),
        JsonPayload({"a": 1}),
        AsyncIterablePayload(pieces()),
    ):
        await session.post("https://a/", data=each)
    await session.post("https://a/", data=io.BytesIO(b"a"))


async def forms_take_fields_of_many_kinds(session: ClientSession) -> None:
    form = FormData({"a": "b"}, charset="utf-8")
    assert_type(form.add_field("file", b"a", filename="a.bin", content_type="x/y"), None)
    form.add_field("file", io.BytesIO(b"a"))
    form.add_fields(("a", "b"), {"c": "d"})
    assert_type(form.is_multipart, bool)
    FormData([("a", "b"), ("a", "c")], default_to_multipart=True)
    await session.post("https://a/", data=form)


async def multipart_writers_give_the_payloads_back(session: ClientSession) -> None:
    with MultipartWriter("related", boundary="x") as writer:
        assert_type(writer, MultipartWriter)
        assert_type(writer.append("text"), Payload)
        assert_type(writer.append_json({"a": 1}), Payload)
        assert_type(writer.append_form({"a": "b"}), Payload)
        assert_type(writer.append(b"a", {"Content-Type": "x/y"}), Payload)
    assert_type(writer.boundary, str)
    assert_type(writer.size, int | None)
    assert_type(len(writer), int)
    for payload, content_encoding, transfer_encoding in writer:
        assert_type(payload, Payload)
        assert_type(content_encoding, str)
        assert_type(transfer_encoding, str)
    await session.post("https://a/", data=writer)


async def parts_are_read_one_after_another(response: ClientResponse) -> None:
    reader = MultipartReader.from_response(response)
    assert_type(reader, MultipartResponseWrapper)
    async for part in reader:
        assert_type(part, MultipartReader | BodyPartReader)
    assert_type(await reader.next(), MultipartReader | BodyPartReader | None)
    assert_type(reader.at_eof(), bool)


async def a_part_is_read_as_a_response(part: BodyPartReader) -> None:
    assert_type(part.name, str | None)
    assert_type(part.filename, str | None)
    assert_type(part.headers["Content-Type"], str)
    assert_type(await part.read(decode=True), bytes)
    assert_type(await part.read_chunk(100), bytes)
    assert_type(await part.readline(), bytes)
    assert_type(await part.text(), str)
    assert_type(await part.json(), Any)
    assert_type(await part.form(), list[tuple[str, str]])
    assert_type(part.decode(b"a"), bytes)
    assert_type(await part.release(), None)
    assert_type(part.get_charset("utf-8"), str)
    assert_type(part.at_eof(), bool)
    async for piece in part:
        assert_type(piece, bytes)


async def an_upload_is_followed(tracker: UploadTracker) -> None:
    assert_type(tracker.bytes_written, int)
    assert_type(tracker.attempts, int)
    assert_type(await tracker.upload_complete, None)


def dispositions_are_taken_apart() -> None:
    kind, parameters = aioclient.parse_content_disposition("attachment; filename=a")
    assert_type(kind, str | None)
    assert_type(parameters, dict[str, str])
    assert_type(aioclient.content_disposition_filename(parameters), str | None)


async def wrong(form: FormData, part: BodyPartReader) -> None:
    StringPayload(b"a")  # type: ignore[arg-type]
    BytesPayload("a")  # type: ignore[arg-type]
    Payload(b"a")  # type: ignore[abstract]
    AsyncIterablePayload([b"a"])  # type: ignore[arg-type]
    form.add_field(1, "a")  # type: ignore[arg-type]
    form.add_field("a", "b", nonsense=1)  # type: ignore[call-arg]
    await part.read(decode="yes")  # type: ignore[arg-type]
    MultipartWriter(boundary=b"x")  # type: ignore[arg-type]

"""What a request can ask of the way in which its response is received."""

import asyncio

import pytest
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import BodyLimitError, ClientSession, HeadLimitError

TRAILERS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nok\r\n0\r\nX-Sum: abc\r\nSet-Cookie: a=b\r\nx-sum: def\r\n\r\n"
)
HINTS = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    b"HTTP/1.1 102 Processing\r\n\r\n"
    b"HTTP/1.1 199 Unknown\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)


def answering(answer: bytes) -> ScriptedServer:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await head_of(reader):
            writer.write(answer)
            await writer.drain()

    return ScriptedServer(talks)


@asynchronous
async def test_trailers_are_shown_without_those_that_must_not_be_there() -> None:
    async with answering(TRAILERS) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert await response.read() == b"ok"
        assert list(response.trailers.items()) == [("X-Sum", "abc"), ("x-sum", "def")]
        assert "X-Sum" not in response.headers


@asynchronous
async def test_a_response_without_trailers_shows_none() -> None:
    async with answering(HINTS) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert not response.trailers


@asynchronous
async def test_early_hints_are_handed_to_who_asked_for_them() -> None:
    told: list[tuple[int, str | None]] = []
    async with answering(HINTS) as server, ClientSession() as session:
        response = await session.get(
            server.url(),
            on_informational=lambda status, headers: told.append((status, headers.get("link"))),
        )
        assert response.status == 200
        await session.get(server.url())
    assert told == [(103, "</style.css>"), (102, None)]


@asynchronous
async def test_an_error_of_who_hears_of_early_hints_is_raised() -> None:
    def fails(status: int, headers: object) -> None:
        raise RuntimeError("told to fail")

    async with answering(HINTS) as server, ClientSession() as session:
        with pytest.raises(RuntimeError, match="told to fail"):
            await session.get(server.url(), on_informational=fails)
        assert (await session.get(server.url())).status == 200


@asynchronous
async def test_without_read_until_eof_a_response_of_unknown_length_is_empty() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as server, ClientSession() as session:
        for _ in range(2):
            response = await asyncio.wait_for(session.get(server.url(), read_until_eof=False), 5)
            assert await response.read() == b""
        assert server.accepted == 2  # what may follow on the first belongs to nobody


@pytest.mark.parametrize(
    ("option", "value", "answer", "error"),
    [
        ("max_line_size", 14, HINTS, HeadLimitError),
        ("max_field_size", 5, HINTS, HeadLimitError),
        ("max_headers", 0, HINTS, HeadLimitError),
        ("max_head_size", 30, HINTS, HeadLimitError),
        ("max_empty_lines", 0, b"\r\n" + HINTS, HeadLimitError),
        ("max_informational", 3, HINTS, HeadLimitError),
        ("max_chunk_line_size", 2, TRAILERS, BodyLimitError),
        ("max_trailer_size", 20, TRAILERS, BodyLimitError),
        ("max_chunk_ext_size", 1, TRAILERS.replace(b"2\r\n", b"2;ab\r\n"), BodyLimitError),
    ],
)
@asynchronous
async def test_a_limit_of_session_or_request_is_kept(
    option: str, value: int, answer: bytes, error: type[Exception]
) -> None:
    async with answering(answer) as server:
        async with ClientSession() as session:
            with pytest.raises(error, match=rf"\({value}\)"):
                await (await session.get(server.url(), **{option: value})).read()
            assert await (await session.get(server.url())).read() == b"ok"
        async with ClientSession(**{option: value}) as session:
            with pytest.raises(error, match=rf"\({value}\)"):
                await (await session.get(server.url())).read()


@pytest.mark.parametrize("value", ["5", 5.0, True, -1])
@asynchronous
async def test_a_limit_is_a_whole_number(value: object) -> None:
    async with ClientSession() as session:
        with pytest.raises((TypeError, ValueError), match="max_headers"):
            await session.get("http://127.0.0.1:9/", max_headers=value)

"""Files as request bodies: what is announced of them, and what is read."""

import asyncio
import bz2
import gzip
import io
import lzma
import os
import tempfile
import threading
from pathlib import Path

import pytest
from running import asynchronous
from written import Collected, pieces_of

from aioclient._body.file_payload import IOBasePayload, TextIOPayload
from aioclient._body.payload import Payload, body_payload

CONTENT = bytes(range(256)) * 2000  # two reads
DEFAULT_TYPE = "application/octet-stream"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "content.json"
    path.write_bytes(CONTENT)
    return path


def read(payload: Payload) -> list[bytes]:
    return [bytes(piece) for piece in pieces_of(payload)]


def test_regular_file_is_announced_and_read(path: Path):
    with path.open("rb") as file:
        payload = body_payload(file)
        assert payload.size == len(CONTENT)
        assert payload.content_type == "application/json"
        assert payload.at_hand is None
        part = payload.file_range
        assert part is not None
        assert (part.file, part.start, part.size) == (file, 0, len(CONTENT))
        assert b"".join(read(payload)) == CONTENT
        assert file.tell() == len(CONTENT)
        assert not file.closed


def test_file_is_sent_from_where_it_stands(path: Path):
    with path.open("rb") as file:
        file.read(1000)
        payload = body_payload(file)
        file.seek(0)  # somebody else uses it as well
        assert payload.size == len(CONTENT) - 1000
        assert b"".join(read(payload)) == CONTENT[1000:]


def test_file_behind_its_end_is_empty(path: Path):
    with path.open("rb") as file:
        file.seek(len(CONTENT) + 5)
        payload = body_payload(file)
        assert payload.size == 0
        assert read(payload) == []


def test_file_that_grows_gives_no_more_than_announced(path: Path):
    with path.open("rb") as file:
        payload = body_payload(file)
        path.write_bytes(CONTENT + b"more")
        assert b"".join(read(payload)) == CONTENT


def test_file_that_becomes_shorter_is_an_error(path: Path):
    collected = Collected()
    with path.open("rb") as file:
        payload = body_payload(file)
        path.write_bytes(CONTENT[:-10])
        with pytest.raises(ValueError, match="became shorter"):
            asyncio.run(payload.write(collected))
    assert b"".join(collected.pieces) == CONTENT[:-10]


def test_file_in_memory_that_becomes_shorter_is_an_error():
    file = io.BytesIO(b"0123456789")
    payload = body_payload(file)
    file.truncate(3)
    with pytest.raises(ValueError, match="10 bytes were announced, got 3"):
        read(payload)


def test_unbuffered_file_is_like_another(path: Path):
    with path.open("rb", buffering=0) as file:
        payload = body_payload(file)
        assert payload.file_range is not None
        assert b"".join(read(payload)) == CONTENT


def test_what_was_written_before_is_sent():
    with tempfile.TemporaryFile() as file:
        file.write(b"hello")
        file.seek(0)
        file.write(b"J")
        file.seek(0)
        payload = body_payload(file)
        assert payload.size == 5
        assert read(payload) == [b"Jello"]
        assert payload.content_type == DEFAULT_TYPE


def test_file_in_memory_has_a_size_and_no_range():
    file = io.BytesIO(b"0123456789")
    file.seek(3)
    payload = body_payload(file)
    assert (payload.size, payload.file_range) == (7, None)
    assert read(payload) == [b"3456789"]


def test_pipe_has_no_size():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        payload = body_payload(file)
        assert (payload.size, payload.file_range) == (None, None)
        os.write(writing, b"hello")
        os.close(writing)
        assert read(payload) == [b"hello"]


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="a system without /dev/null")
def test_device_is_no_regular_file():
    with Path("/dev/null").open("rb", buffering=0) as file:
        assert body_payload(file).file_range is None


class Slow(io.RawIOBase):
    """A file that is neither in memory nor known to the system; notes who reads it."""

    def __init__(self, *pieces: object) -> None:
        self.pieces = list(pieces)
        self.threads: list[threading.Thread] = []

    def read(self, size: int = -1) -> object:  # type: ignore[override]
        self.threads.append(threading.current_thread())
        return self.pieces.pop(0) if self.pieces else b""


def test_file_is_not_read_in_the_thread_of_the_loop():
    file = Slow(b"one", b"two")
    assert read(body_payload(file)) == [b"one", b"two"]
    assert threading.current_thread() not in file.threads


@pytest.mark.parametrize("piece", ["text", None, 5])
def test_file_that_gives_no_bytes_is_an_error(piece: object):
    with pytest.raises(TypeError, match="a file for a body must give bytes"):
        read(body_payload(Slow(piece)))


@asynchronous
async def test_file_that_two_bodies_share_is_whole_in_both(path: Path) -> None:
    with path.open("rb") as file:
        payloads = [body_payload(file) for _ in range(2)]
        both = await asyncio.gather(*(payload.as_bytes() for payload in payloads))
        assert both == [CONTENT, CONTENT]
        assert file.tell() == len(CONTENT)


def test_closed_file_is_refused(path: Path):
    with path.open("rb") as file:
        pass
    with pytest.raises(ValueError, match="closed file"):
        body_payload(file)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("a.png", "image/png"), ("a.unheard", DEFAULT_TYPE), ("a", DEFAULT_TYPE)],
)
def test_media_type_is_that_of_the_name(tmp_path: Path, name: str, content_type: str):
    path = tmp_path / name
    path.write_bytes(b"x")
    with path.open("rb") as file:
        assert body_payload(file).content_type == content_type


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_compressed_file_gives_what_it_decompresses(module, tmp_path: Path):
    path = tmp_path / "file"
    with module.open(path, "wb") as file:
        file.write(CONTENT)
    with module.open(path, "rb") as file:
        assert file.read(100) == CONTENT[:100]
        payload = body_payload(file)
        assert (payload.size, payload.file_range) == (None, None)
        assert b"".join(read(payload)) == CONTENT[100:]


def test_file_that_changes_what_it_reads_is_asked(path: Path):
    class Upper(io.BufferedReader):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size).upper()

    with Upper(io.FileIO(path)) as file:
        payload = body_payload(file)
        assert payload.file_range is None
        assert b"".join(read(payload)) == CONTENT.upper()


@pytest.mark.parametrize("buffering", [-1, 0])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, buffering: int):
    with (
        (tmp_path / "file").open("wb", buffering=buffering) as file,
        pytest.raises(ValueError, match="open for reading"),
    ):
        body_payload(file)


def test_named_temporary_file_is_a_file():
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(b"hello")
        file.seek(1)
        payload = body_payload(file)
        assert payload.size == 4
        assert payload.content_type == "image/png"
        assert read(payload) == [b"ello"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a system without /proc")
def test_file_that_the_system_makes_is_read_to_its_end():
    with Path("/proc/self/status").open("rb") as file:
        payload = body_payload(file)
        assert payload.size is None
        assert b"VmRSS" in b"".join(read(payload))


def test_empty_file_has_a_size(tmp_path: Path):
    path = tmp_path / "empty"
    path.touch()
    with path.open("rb") as file:
        payload = body_payload(file)
        assert payload.size == 0
        assert read(payload) == []


def test_pipe_gives_what_there_is():
    reading, writing = os.pipe()

    class Feeding(Collected):
        async def write(self, chunk):
            await super().write(chunk)
            if len(self.pieces) == 1:
                os.write(writing, b"two")
            else:
                os.close(writing)

    with os.fdopen(reading, "rb") as file:
        os.write(writing, b"one")
        collected = Feeding()
        asyncio.run(body_payload(file).write(collected))
        assert collected.pieces == [b"one", b"two"]


@pytest.mark.parametrize("wrap", [lambda path: path.open("rb"), gzip.open])
def test_file_that_can_be_set_back_is_sent_again_from_where_it_stood(path: Path, wrap):
    if wrap is gzip.open:
        path.write_bytes(gzip.compress(CONTENT))
    with wrap(path) as file:
        file.read(1000)
        payload = body_payload(file)
        for _ in range(2):
            assert not payload.consumed
            assert b"".join(read(payload)) == CONTENT[1000:]


def test_file_in_memory_is_sent_again():
    file = io.BytesIO(b"0123456789")
    file.seek(3)
    payload = body_payload(file)
    assert read(payload) == read(payload) == [b"3456789"]


def test_pipe_is_consumed_once_it_is_read():
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        payload = body_payload(file)
        assert not payload.consumed
        assert read(payload) == []
        assert payload.consumed


def test_name_of_a_file_is_announced(path: Path):
    with path.open("rb") as file:
        payload = body_payload(file)
        assert payload.filename == "content.json"
        assert payload.headers["Content-Disposition"] == 'attachment; filename="content.json"'


@pytest.mark.parametrize("name", ["a\nb", "a\x7f", os.fsdecode(b"\xff"), "<stdin>", 5, ""])
def test_name_that_cannot_be_sent_is_not_announced(name: object):
    file = Slow(b"x")
    file.name = name  # type: ignore[attr-defined]
    payload = body_payload(file)
    assert payload.filename is None
    assert payload.has_plain_headers


def test_disposition_none_announces_no_name(path: Path):
    with path.open("rb") as file:
        payload = IOBasePayload(file, disposition=None)
        assert payload.has_plain_headers
        assert payload.content_type == "application/json"


def test_file_of_text_is_sent_as_utf_8(path: Path):
    path.write_text("Grüße\nund mehr", encoding="latin-1")
    with path.open(encoding="latin-1") as file:
        payload = body_payload(file)
        assert payload.size is None
        assert payload.content_type == "text/plain; charset=utf-8"
        for _ in range(2):
            assert b"".join(read(payload)) == "Grüße\nund mehr".encode()


@pytest.mark.parametrize(
    "options", [{"encoding": "latin-1"}, {"content_type": "a/b; charset=latin-1"}]
)
def test_file_of_text_is_sent_in_the_encoding_that_is_asked_for(path: Path, options):
    path.write_text("Grüße", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        assert b"".join(read(TextIOPayload(file, **options))) == "Grüße".encode("latin-1")


def test_text_in_memory_is_sent_from_where_it_stands():
    file = io.StringIO("Grüße")
    file.read(2)
    payload = body_payload(file)
    assert (payload.size, payload.at_hand) == (5, "üße".encode())


def test_rest_of_a_file_can_be_had_as_text(path: Path):
    path.write_bytes("Grüße".encode())
    with path.open("rb") as file:
        assert body_payload(file).decode() == "Grüße"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32", "iso2022_jp"])
def test_file_of_text_is_encoded_as_one_text_and_ends(path: Path, encoding: str):
    text = "\u3042\u3044x" * 200_000  # three reads
    path.write_text(text, encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        pieces = read(TextIOPayload(file, encoding=encoding))
    assert len(pieces) >= 3
    assert b"".join(pieces) == text.encode(encoding)


@pytest.mark.parametrize("encoding", ["unheard-of", "base64", "rot13"])
def test_encoding_that_is_none_for_text_is_refused(path: Path, encoding: str):
    with path.open(encoding="latin-1") as file, pytest.raises(LookupError, match=encoding):
        TextIOPayload(file, encoding=encoding)


def test_file_of_text_that_cannot_be_read_is_refused(tmp_path: Path):
    with (
        (tmp_path / "file").open("w") as file,
        pytest.raises(ValueError, match="open for reading"),
    ):
        body_payload(file)


def test_disposition_that_the_caller_gave_is_kept(path: Path):
    own = {"content-disposition": 'form-data; name="a"'}
    with path.open("rb") as file:
        assert IOBasePayload(file, headers=own).headers["Content-Disposition"] == own.popitem()[1]


def test_file_of_text_is_encoded_as_its_headers_say(path: Path):
    path.write_text("Gr\u00fc\u00dfe", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        payload = TextIOPayload(file, headers={"Content-Type": "a/b; charset=latin-1"})
        assert b"".join(read(payload)) == "Gr\u00fc\u00dfe".encode("latin-1")
        assert payload.content_type == "a/b; charset=latin-1"

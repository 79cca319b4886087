"""A program that sends or reads multipart, and prints how much its memory grew at most.

Usage: memory_of_multipart.py {file|generator|parts} URL [CERTIFICATES]

``file`` posts a form with the file that standard input is, ``generator`` one whose file is made
while it is sent; before that each posts a small one to the same URL. ``parts`` asks for ``small``
below the URL, then for ``large``, and reads the parts of each.

Prints, as JSON: how often each answer's status was 200, or for ``parts`` the SHA-256 of each part,
and the growth of the largest resident size, in bytes, since the small one.
"""

import asyncio
import hashlib
import json
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator

from memory_of_a_response import largest_resident_bytes
from origin_replies import sample_bytes

from aioclient import (
    BodyPartReader,
    ClientSession,
    ClientTimeout,
    FormData,
    MultipartReader,
    TCPConnector,
)

LARGE_BYTES = 100_000_000


async def generated(count: int) -> AsyncIterator[bytes]:
    for piece in sample_bytes(count):
        yield piece


async def post(session: ClientSession, url: str, value: object) -> int:
    form = FormData({"text": "before"})
    form.add_field("file", value, filename="large.bin")
    form.add_field("text", "behind")
    async with session.post(url, data=form) as response:
        return response.status


async def read_parts(session: ClientSession, url: str) -> list[str]:
    digests = []
    async with session.get(url) as response:
        async for part in MultipartReader.from_response(response):
            assert isinstance(part, BodyPartReader)
            digest = hashlib.sha256()
            while chunk := await part.read_chunk(65536):
                digest.update(chunk)
            digests.append(digest.hexdigest())
    return digests


async def main(how: str, url: str, certificates: str | None = None) -> None:
    context = None if certificates is None else ssl.create_default_context(cafile=certificates)
    connector = TCPConnector() if context is None else TCPConnector(ssl=context)
    timeout = ClientTimeout(total=120)
    results: list[object] = []
    async with ClientSession(connector=connector, timeout=timeout) as session:
        for size in (1000, LARGE_BYTES):
            before = largest_resident_bytes()
            if how == "parts":
                page = f"{url}small" if size < LARGE_BYTES else f"{url}large"
                results.append(await read_parts(session, page))
            elif how == "generator":
                results.append(await post(session, url, generated(size)))
            elif size < LARGE_BYTES:
                with tempfile.TemporaryFile() as file:
                    file.write(bytes(size))
                    file.seek(0)
                    results.append(await post(session, url, file))
            else:
                results.append(await post(session, url, sys.stdin.buffer))
    print(json.dumps([*results, largest_resident_bytes() - before]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

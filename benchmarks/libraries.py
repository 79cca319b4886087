"""Clients with an API of their own doing the HTTP workloads, each as its users would.

* ``httpx``: one AsyncClient, HTTP/1.1;
* ``niquests``: one AsyncSession, told not to try HTTP/2 and HTTP/3;
* ``pyreqwest``: one Client; it is reqwest in Rust with threads of its own, whose CPU time counts;
* ``curl_cffi``: one AsyncSession, which is libcurl; it imitates no browser here.

Where the others decode with zlib, these decode with what they have. Each has one client for all
requests, with the limits that the workload needs. An answer is checked as that of the other peers:
whole at the start, its length afterwards. What a library cannot do, as sending an iterator with
curl_cffi, it takes no part in.
"""

import asyncio
import importlib
import json
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import bodies
import certificates
from floor import Request
from workloads import BIG_BYTES, PIECE_BYTES, TEN_BYTES, TEXT_BYTES, Site, Workload

_BOUNDED = 1000  # connections at a time: more than any workload has


class LibraryDriver:
    """What all of them have in common: what is asked for, and what has to come back."""

    #: What it takes no part in.
    cannot: frozenset[str] = frozenset()
    requests: Sequence[Request]

    def __init__(self, module: Any, workload: Workload, site: Site, path: Path) -> None:
        self._module = module
        self._workload = workload
        self._authority = site.authority
        scheme = "http" if site.authority is None else "https"
        self._host = f"{scheme}://{workload.host}:{site.port}"
        self._url = self._host + workload.path
        self._path = path  # of the file to send
        self._piece = bodies.piece()
        self._item = bodies.item()
        one: Request = {
            "json": self._do_json,
            "send json": self._do_send_json,
            "field": self._do_field,
            "pieces": self._do_pieces,
            "read": self._do_whole,
            "whole": self._do_whole,
            "send pieces": self._do_send_pieces,
            "send file": self._do_send_file,
        }[workload.does]
        self.requests = [one] * workload.concurrency

    async def open(self) -> None:
        await self._connect()
        await self._check()

    async def close(self) -> None:
        raise NotImplementedError

    # --- what each does its way -------------------------------------------------------------------

    async def _connect(self) -> None:
        raise NotImplementedError

    async def _get_json(self) -> Any:
        raise NotImplementedError

    async def _post_json(self) -> Any:
        raise NotImplementedError

    async def _get_field(self) -> str:
        """Read the body, and give the media type."""
        raise NotImplementedError

    async def _get_whole(self) -> bytes:
        raise NotImplementedError

    def _get_pieces(self) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def _post_pieces(self, url: str) -> bytes:
        raise NotImplementedError

    async def _post_file(self, url: str) -> bytes:
        raise NotImplementedError

    # --- what is measured -------------------------------------------------------------------------

    async def _do_json(self) -> None:
        await self._get_json()

    async def _do_send_json(self) -> None:
        await self._post_json()

    async def _do_field(self) -> None:
        await self._get_field()

    async def _do_whole(self) -> None:
        _expect(len(await self._get_whole()), TEXT_BYTES)

    async def _do_pieces(self) -> None:
        total = 0
        async for piece in self._get_pieces():
            total += len(piece)
        _expect(total, BIG_BYTES)

    async def _do_send_pieces(self) -> None:
        _expect(int(await self._post_pieces(self._url)), BIG_BYTES)

    async def _do_send_file(self) -> None:
        _expect(int(await self._post_file(self._url)), BIG_BYTES)

    async def _pieces(self) -> AsyncIterator[bytes]:
        piece = self._piece
        for _ in range(BIG_BYTES // PIECE_BYTES):
            yield piece

    # --- what is looked at once -------------------------------------------------------------------

    async def _check(self) -> None:
        does = self._workload.does
        found: object
        wanted: object
        if does == "json":
            found, wanted = (await self._get_json())["id"], 4711
        elif does == "send json":
            size, _, media_type = (await self._post_json())["received"].partition(" ")
            # With a space after commas and colons, or without.
            texts = (json.dumps(self._item, separators=way) for way in (None, (",", ":")))
            is_right = int(size) in map(len, texts)
            found, wanted = media_type.partition(";")[0], "application/json" if is_right else size
        elif does == "field":
            found, wanted = await self._get_field(), "application/json"
        elif does == "read":
            found = zlib.crc32(await self._get_whole())
            wanted = bodies.file_checksum(TEN_BYTES)
        elif does == "whole":
            found, wanted = len(await self._get_whole()), TEXT_BYTES
        elif does == "pieces":
            checksum = 0
            async for piece in self._get_pieces():
                checksum = zlib.crc32(piece, checksum)
            found, wanted = checksum, bodies.file_checksum()
        else:
            post = self._post_pieces if does == "send pieces" else self._post_file
            found = (await post(f"{self._host}/checksum")).decode("ascii")
            wanted = f"{BIG_BYTES} {bodies.file_checksum():08x}"
        if found != wanted:
            raise RuntimeError(f"unexpected answer: {found!r}, not {wanted!r}")


def _expect(size: int, expected: int) -> None:
    if size != expected:
        raise RuntimeError(f"{size} bytes instead of {expected}")


class WholeResponseDriver(LibraryDriver):
    """What those have in common that give a response when its body has been read."""

    _client: Any

    async def _get_json(self) -> Any:
        return (await self._client.get(self._url)).json()

    async def _post_json(self) -> Any:
        return (await self._client.post(self._url, json=self._item)).json()

    async def _get_field(self) -> str:
        response = await self._client.get(self._url)
        return str(response.headers["Content-Type"])

    async def _get_whole(self) -> bytes:
        content: bytes = (await self._client.get(self._url)).content
        return content


class HttpxDriver(WholeResponseDriver):
    """httpx."""

    cannot = frozenset({"send file"})  # only what is read elsewhere, as an iterator

    async def _connect(self) -> None:
        kept = 0 if self._workload.is_new else _BOUNDED
        limits = self._module.Limits(max_connections=_BOUNDED, max_keepalive_connections=kept)
        verify: object = True
        if self._authority is not None:
            verify = certificates.trusting(self._authority)
        self._client = self._module.AsyncClient(limits=limits, verify=verify, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def _get_pieces(self) -> AsyncIterator[bytes]:
        async with self._client.stream("GET", self._url) as response:
            async for piece in response.aiter_bytes():
                yield piece

    async def _post_pieces(self, url: str) -> bytes:
        content: bytes = (await self._client.post(url, content=self._pieces())).content
        return content


class NiquestsDriver(WholeResponseDriver):
    """niquests."""

    async def _connect(self) -> None:
        self._client = self._module.AsyncSession(
            disable_http2=True, disable_http3=True, pool_maxsize=_BOUNDED
        )
        self._client.trust_env = False
        if self._workload.is_new:
            self._client.headers["Connection"] = "close"
        if self._authority is not None:
            self._client.verify = self._authority

    async def close(self) -> None:
        await self._client.close()

    async def _get_pieces(self) -> AsyncIterator[bytes]:
        response = await self._client.get(self._url, stream=True)
        async for piece in await response.iter_content(-1):
            yield piece
        await response.close()

    async def _post_pieces(self, url: str) -> bytes:
        content: bytes = (await self._client.post(url, data=self._pieces())).content
        return content

    async def _post_file(self, url: str) -> bytes:
        with self._path.open("rb") as file:
            content: bytes = (await self._client.post(url, data=file)).content
        return content


class PyreqwestDriver(LibraryDriver):
    """pyreqwest."""

    cannot = frozenset({"send file"})  # as with httpx

    async def _connect(self) -> None:
        client_module = importlib.import_module("pyreqwest.client")
        builder = client_module.ClientBuilder().no_proxy().http1_only()
        builder = builder.default_cookie_store(True).gzip(True)
        if self._workload.is_new:
            builder = builder.pool_max_idle_per_host(0)
        if self._authority is not None:
            certificate = await asyncio.to_thread(Path(self._authority).read_bytes)
            builder = builder.add_root_certificate_pem(certificate)
        self._client = builder.build()

    async def close(self) -> None:
        await self._client.close()

    async def _get_json(self) -> Any:
        return await (await self._client.get(self._url).build().send()).json()

    async def _post_json(self) -> Any:
        request = self._client.post(self._url).body_json(self._item).build()
        return await (await request.send()).json()

    async def _get_field(self) -> str:
        response = await self._client.get(self._url).build().send()
        await response.bytes()
        return str(response.headers["content-type"])

    async def _get_whole(self) -> bytes:
        response = await self._client.get(self._url).build().send()
        return bytes(await response.bytes())

    async def _get_pieces(self) -> AsyncIterator[bytes]:
        async with self._client.get(self._url).build_streamed() as response:
            while (piece := await response.body_reader.read_chunk()) is not None:
                yield piece

    async def _post_pieces(self, url: str) -> bytes:
        request = self._client.post(url).body_stream(self._pieces()).build()
        return bytes(await (await request.send()).bytes())


class CurlDriver(WholeResponseDriver):
    """curl_cffi."""

    cannot = frozenset({"send pieces", "send file"})  # only what is in memory

    async def _connect(self) -> None:
        options = {}
        if self._workload.is_new:
            options[self._module.CurlOpt.FORBID_REUSE] = 1
        self._client = self._module.AsyncSession(
            max_clients=_BOUNDED,
            verify=self._authority or True,
            trust_env=False,
            curl_options=options,
            http_version=self._module.CurlHttpVersion.V1_1,
        )

    async def close(self) -> None:
        await self._client.close()

    async def _get_pieces(self) -> AsyncIterator[bytes]:
        response = await self._client.get(self._url, stream=True)
        async for piece in response.aiter_content():
            yield piece
        await response.aclose()


LIBRARIES: dict[str, type[LibraryDriver]] = {
    "httpx": HttpxDriver,
    "niquests": NiquestsDriver,
    "pyreqwest": PyreqwestDriver,
    "curl_cffi": CurlDriver,
}

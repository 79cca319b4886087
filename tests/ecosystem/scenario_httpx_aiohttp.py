"""httpx-aiohttp: httpx's client over a session: bodies, streams, errors, time limits."""

import asyncio

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient
from scenario import Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    if seen.path == "/moved":
        return 302, b"", {"Location": "/there"}
    if seen.path == "/large":
        return 200, b"x" * 300_000, {}
    return json_answer({"path": seen.path, "body": seen.body.decode("latin-1")})


async def body():
    yield b"a stream"


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def main() -> None:
    async with Site(answer) as site:
        async with HttpxAiohttpClient() as client:
            response = await client.get(site.url("/a"), headers={"X-Own": "y"})
            assert response.json() == {"path": "/a", "body": ""}
            assert site.seen[-1].headers["x-own"] == "y"
            assert (await client.post(site.url("/b"), json={"x": 1})).json()["body"] == '{"x":1}'
            assert (await client.post(site.url("/c"), content=body())).json()["body"] == "a stream"
            response = await client.get(site.url("/moved"), follow_redirects=True)
            assert response.json()["path"] == "/there"
            async with client.stream("GET", site.url("/large")) as response:
                assert sum([len(piece) async for piece in response.aiter_bytes()]) == 300_000
            try:
                await client.get("http://127.0.0.1:1/")
            except httpx.TransportError:  # it says ConnectTimeout, with aiohttp, too
                pass
            else:
                raise AssertionError("no error")
            server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            try:
                await client.get(f"http://127.0.0.1:{port}/", timeout=0.1)
            except httpx.TimeoutException:
                pass
            else:
                raise AssertionError("no error")
            server.close()
        session = aiohttp.ClientSession()
        async with httpx.AsyncClient(transport=AiohttpTransport(client=session)) as client:
            assert (await client.get(site.url("/own"))).status_code == 200
        assert session.closed
        site.check_client()


run(main)

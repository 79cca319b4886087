"""elastic-transport's aiohttp node: requests, bodies, compression, errors, and retries of nodes."""

import gzip
import json

from elastic_transport import (
    AiohttpHttpNode,
    AsyncTransport,
    ConnectionTimeout,
    NodeConfig,
)
from elastic_transport import (
    ConnectionError as NodeError,
)
from scenario import WAY, Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    if seen.path == "/down":
        return json_answer({}, 503)
    body = gzip.decompress(seen.body) if seen.headers.get("content-encoding") else seen.body
    said = json.loads(body) if body else None
    return json_answer({"method": seen.method, "path": seen.path, "said": said})


class GivenNode(AiohttpHttpNode):
    """One with a session of aioclient; `node_class` is how a transport is given its own."""

    def _create_aiohttp_session(self) -> None:
        import asyncio

        import aioclient

        self._loop = asyncio.get_running_loop()
        self.session = aioclient.ClientSession(
            headers=self.headers, skip_auto_headers=("accept", "accept-encoding", "user-agent")
        )


async def main() -> None:
    node_class = AiohttpHttpNode if WAY == "installed" else GivenNode
    async with Site(answer) as site:
        config = NodeConfig("http", "127.0.0.1", site.port, http_compress=True)
        transport = AsyncTransport([config], node_class=node_class, max_retries=1)
        meta, body = await transport.perform_request("GET", "/a?b=c")
        assert (meta.status, body) == (200, {"method": "GET", "path": "/a", "said": None})
        headers = {"content-type": "application/json"}
        meta, body = await transport.perform_request("POST", "/b", body={"x": 1}, headers=headers)
        assert body["said"] == {"x": 1}
        meta, body = await transport.perform_request("HEAD", "/a")
        assert (meta.status, body) == (200, None)
        meta, body = await transport.perform_request("GET", "/down")
        assert meta.status == 503
        site.check_client()
        await transport.close()

        dead = AsyncTransport(
            [NodeConfig("http", "127.0.0.1", 1)], node_class=node_class, max_retries=0
        )
        try:
            await dead.perform_request("GET", "/")
        except NodeError:
            pass
        else:
            raise AssertionError("no error")
        await dead.close()
        if WAY == "installed":
            await time_out()


async def time_out() -> None:
    import asyncio

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = AsyncTransport(
        [NodeConfig("http", "127.0.0.1", port)], max_retries=0, node_class=AiohttpHttpNode
    )
    try:
        await transport.perform_request("GET", "/", request_timeout=0.1)
    except ConnectionTimeout:
        pass
    else:
        raise AssertionError("no error")
    await transport.close()
    server.close()


run(main)

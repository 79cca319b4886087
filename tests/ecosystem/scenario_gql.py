"""gql's AIOHTTP transports: queries, variables, errors, an upload, and a subscription."""

import io

import aiohttp
from gql import Client, FileVar, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError
from scenario import Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    if "multipart/form-data" in seen.headers["content-type"]:
        return json_answer({"data": {"upload": b"file content" in seen.body}})
    query = seen.json["query"]
    if "broken" in query:
        return json_answer({"errors": [{"message": "no such field"}]})
    if "refused" in query:
        return 500, b"oops", {}
    return json_answer({"data": {"hello": seen.json.get("variables", {}).get("name", "world")}})


async def main() -> None:
    async with Site(answer) as site:
        transport = AIOHTTPTransport(
            url=site.url("/graphql"), headers={"X-Own": "y"}, cookies={"a": "b"}, timeout=10
        )
        async with Client(transport=transport) as session:
            assert isinstance(transport.session, aiohttp.ClientSession)
            assert await session.execute(gql("{ hello }")) == {"hello": "world"}
            request = gql("query ($name: String) { hello(name: $name) }")
            request.variable_values = {"name": "you"}
            assert await session.execute(request) == {"hello": "you"}
            assert site.seen[-1].headers["x-own"] == "y"
            assert site.seen[-1].headers["cookie"] == "a=b"
            try:
                await session.execute(gql("{ broken }"))
            except TransportQueryError as error:
                assert error.errors == [{"message": "no such field"}]
            else:
                raise AssertionError("no error")
            try:
                await session.execute(gql("{ refused }"))
            except TransportServerError as error:
                assert error.code == 500
            else:
                raise AssertionError("no error")
            request = gql("mutation ($file: Upload!) { upload(file: $file) }")
            request.variable_values = {
                "file": FileVar(io.BytesIO(b"file content"), filename="a.txt")
            }
            assert await session.execute(request, upload_files=True) == {"upload": True}
        site.check_client()
    await subscribe()


async def subscribe() -> None:
    """By the transport over a WebSocket of a session."""
    import json

    import websockets
    from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport

    async def serve(socket: websockets.ServerConnection) -> None:
        assert json.loads(await socket.recv())["type"] == "connection_init"
        await socket.send('{"type": "connection_ack"}')
        start = json.loads(await socket.recv())
        for count in range(3):
            data = {"data": {"count": count}}
            await socket.send(json.dumps({"id": start["id"], "type": "next", "payload": data}))
        await socket.send(json.dumps({"id": start["id"], "type": "complete"}))
        await socket.wait_closed()

    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=protocols) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        transport = AIOHTTPWebsocketsTransport(url=f"ws://127.0.0.1:{port}/graphql")
        async with Client(transport=transport) as session:
            counts = [
                each["count"] async for each in session.subscribe(gql("subscription { count }"))
            ]
        assert counts == [0, 1, 2]


run(main)

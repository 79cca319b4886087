"""slack_sdk's async client: calls with JSON, forms and files, errors, webhooks, and socket mode."""

from scenario import WAY, Answer, Seen, Site, json_answer, run
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient


def answer(seen: Seen) -> Answer:
    if seen.path == "/hook":
        return 200, b"ok", {}
    if seen.path == "/api/auth.test":
        return json_answer({"ok": False, "error": "invalid_auth"})
    return json_answer({"ok": True, "body": seen.body.decode("latin-1")})


site = Site(answer)


async def main() -> None:
    session = None
    if WAY == "given":
        import aioclient

        session = aioclient.ClientSession()
    async with site:
        client = AsyncWebClient(token="xoxb-token", base_url=site.url("/api/"), session=session)
        response = await client.chat_postMessage(channel="C1", text="hello")
        assert response["ok"]
        assert site.seen[-1].headers["authorization"] == "Bearer xoxb-token"
        assert "hello" in response["body"]
        try:
            await client.auth_test()
        except SlackApiError as error:
            assert error.response["error"] == "invalid_auth"
        else:
            raise AssertionError("no error")
        if (
            WAY == "installed"
        ):  # else its form is one of aiohttp, which a session of aioclient knows not
            response = await client.api_call(
                "files.upload", files={"file": b"content"}, data={"t": "x"}
            )
            assert 'name="file"' in response["body"]
            assert "content" in response["body"]
        hook = AsyncWebhookClient(site.url("/hook"), session=session)
        response = await hook.send(text="hi")
        assert (response.status_code, response.body) == (200, "ok")
        if session is not None:
            await session.close()
        site.check_client()
    if WAY == "installed":
        await socket_mode()


async def socket_mode() -> None:
    import asyncio
    import json

    import websockets
    from slack_sdk.socket_mode.aiohttp import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest
    from slack_sdk.socket_mode.response import SocketModeResponse

    acknowledged = asyncio.get_running_loop().create_future()

    async def serve(socket: websockets.ServerConnection) -> None:
        await socket.send('{"type": "hello"}')
        await socket.send('{"type": "events_api", "envelope_id": "1", "payload": {"a": 1}}')
        async for message in socket:
            if message.startswith("{") and not acknowledged.done():
                acknowledged.set_result(json.loads(message))

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]

        def open_answer(seen: Seen) -> Answer:
            return json_answer({"ok": True, "url": f"ws://127.0.0.1:{port}/"})

        async with Site(open_answer) as api:
            client = SocketModeClient(
                app_token="xapp-token",
                web_client=AsyncWebClient(base_url=api.url("/")),
                ping_interval=30,
            )

            async def listen(client: SocketModeClient, request: SocketModeRequest) -> None:
                await client.send_socket_mode_response(
                    SocketModeResponse(envelope_id=request.envelope_id)
                )

            client.socket_mode_request_listeners.append(listen)
            await client.connect()
            assert await asyncio.wait_for(acknowledged, 10) == {"envelope_id": "1"}
            await client.close()


run(main)

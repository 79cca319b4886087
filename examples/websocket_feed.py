"""Follow the messages of a WebSocket, which is opened again whenever it was lost.

python examples/websocket_feed.py ws://HOST/PATH
"""

import asyncio
import sys
from collections.abc import Callable

import aioclient


async def follow(url: str, show: Callable[[str], object], hello: str = "hello") -> int:
    """Show text messages until the server is done (1000); how many there were."""
    count = 0
    async with aioclient.ClientSession() as session:
        # The heartbeat finds out that a server has gone, although nobody sends anything.
        async for ws in aioclient.reconnect(session, url, heartbeat=30, compress=15):
            try:
                await ws.send_str(hello)
            except aioclient.ClientConnectionError:
                continue  # lost already
            async for message in ws:
                if message.type is aioclient.WSMsgType.TEXT:
                    show(message.data)
                    count += 1
            if ws.close_code == aioclient.WSCloseCode.OK:
                break
            show(f"lost ({ws.close_code}), once more ...")
    return count


if __name__ == "__main__":
    print(asyncio.run(follow(sys.argv[1], print)), "messages")

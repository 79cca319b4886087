"""A response that nobody read, and a session that nobody closed, outlive their event loop.

With "released" in its name, what is missing of the response is being discarded when the loop ends.
"""

import asyncio
import socket
import sys
import threading

from aioclient import ClientResponse, ClientSession

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"


def serve(listening: socket.socket) -> None:
    client, _ = listening.accept()
    client.recv(65536)
    client.sendall(ANSWER)
    client.recv(65536)
    client.close()


async def main(url: str, is_released: bool) -> tuple[ClientSession, ClientResponse]:
    session = ClientSession()
    response = await session.get(url)
    if is_released:
        response.release()
    return session, response


with socket.create_server(("127.0.0.1", 0)) as server:
    thread = threading.Thread(target=serve, args=(server,), daemon=True)
    thread.start()
    kind = sys.argv[1]
    url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    held = asyncio.run(main(url, "released" in kind))
    session, response = held
    del held
    if "response first" in kind:
        del response
        del session
    elif "session first" in kind:
        del session
        del response
    elif "close" in kind:
        asyncio.run(session.close())
print("done")

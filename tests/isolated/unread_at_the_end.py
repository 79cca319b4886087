"""A response that nobody read, and a session that nobody closed, outlive their event loop."""

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


async def main(url: str) -> tuple[ClientSession, ClientResponse]:
    session = ClientSession()
    return session, await session.get(url)


with socket.create_server(("127.0.0.1", 0)) as server:
    thread = threading.Thread(target=serve, args=(server,), daemon=True)
    thread.start()
    held = asyncio.run(main(f"http://127.0.0.1:{server.getsockname()[1]}/"))
    kind = sys.argv[1]
    session, response = held
    del held
    if kind == "response first":
        del response
        del session
    elif kind == "session first":
        del session
        del response
    elif kind == "close":
        asyncio.run(session.close())
print("done")

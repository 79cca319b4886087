"""A chat over WebSockets: everybody in the room reads what anybody writes.

The room is an ASGI app. Without arguments two people talk in it, without a socket; to meet others,
let a server run it, for instance `uvicorn --app-dir examples websocket_chat:room`.

python examples/websocket_chat.py
python examples/websocket_chat.py ws://localhost:8000/ NAME      the end of input (Ctrl-D) leaves
"""

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import aioclient
from aioclient.testing import ASGIConnector

_members = set[Any]()


async def room(scope: Any, receive: Any, send: Any) -> None:
    """The server: what one member sends, all get."""
    if scope["type"] != "websocket":
        raise ValueError(f"no {scope['type']} here")
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    _members.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = {"type": "websocket.send", "text": message["text"]}
            await asyncio.gather(*(each(text) for each in _members), return_exceptions=True)
    finally:
        _members.discard(send)


async def chat(
    session: aioclient.ClientSession,
    url: str,
    name: str,
    lines: AsyncIterator[str],
    show: Callable[[str], object],
) -> None:
    """Say these lines, and show what is said, until there are no more or the server closes."""
    async with session.ws_connect(url, heartbeat=20) as ws:

        async def talk() -> None:
            await ws.send_str(f"* {name} is here")
            async for line in lines:
                await ws.send_str(f"{name}: {line}")

        async def listen() -> None:
            async for message in ws:
                if message.type is aioclient.WSMsgType.TEXT:
                    show(message.data)

        async with asyncio.TaskGroup() as group:  # whichever ends first ends the other
            talking, listening = group.create_task(talk()), group.create_task(listen())
            talking.add_done_callback(lambda _: listening.cancel())
            listening.add_done_callback(lambda _: talking.cancel())


async def typed() -> AsyncIterator[str]:
    """The lines of standard input. A thread waits for them, and nobody for the thread."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str]()

    def read() -> None:
        with open(0, closefd=False) as file, contextlib.suppress(RuntimeError):
            for line in file:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await queue.get():
        yield line.rstrip("\n")


async def two_people() -> None:
    """Each answers the other."""

    async def person(name: str, answers: dict[str, str]) -> None:
        heard = asyncio.Queue[str]()

        async def lines() -> AsyncIterator[str]:
            for words, answer in answers.items():
                while (text := await heard.get()) != words:
                    print(f"{name} reads {text!r}")
                yield answer

        await chat(session, "ws://room/", name, lines(), heard.put_nowait)

    async with aioclient.ClientSession(connector=ASGIConnector(room, lifespan="off")) as session:
        async with asyncio.TaskGroup() as group:
            group.create_task(person("Ann", {"* Bob is here": "Hello!", "Bob: Hi!": "Bye!"}))
            await asyncio.sleep(0.1)  # he comes when she is there
            group.create_task(person("Bob", {"Ann: Hello!": "Hi!", "Ann: Bye!": "Bye!"}))


async def main(url: str, name: str) -> None:
    async with aioclient.ClientSession() as session:
        await chat(session, url, name, typed(), print)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(main(*sys.argv[1:3]) if sys.argv[1:] else two_people())
        except* aioclient.ClientError as errors:
            sys.exit(str(errors.exceptions[0]))

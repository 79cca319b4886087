"""A program that opens a WebSocket to a hostile server, and prints how much its memory grew.

Usage: memory_of_a_websocket.py {idle|receive|pieces|close} URL

It plays a small WebSocket first, to ``small`` in place of ``hostile`` in the URL, so that what any
of them takes does not count. Prints what ended the other, its close code, and the growth in bytes.
"""

import asyncio
import re
import sys
from pathlib import Path

from aioclient import ClientSession, ClientWebSocketResponse

#: How long nobody receives.
IDLE_S = 1.0


def largest_resident_bytes() -> int:
    # Not by getrusage: there Linux counts what the parent was when it started this program.
    status = Path("/proc/self/status").read_text()
    (kib,) = re.findall(r"VmHWM:\s*(\d+) kB", status)
    return int(kib) * 1024


async def play(how: str, ws: ClientWebSocketResponse[bool]) -> str:
    if how == "idle":
        await asyncio.sleep(IDLE_S)
        return "idle"
    if how == "close":
        await ws.close()
        return type(ws.exception()).__name__
    if how == "pieces":
        stream = ws.receive_stream()
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)  # so that it is known how the message is wanted
        await ws.send_str("now")
        taken = len(await first)
        async for piece in stream:
            taken += len(piece)
        return str(taken)
    return (await ws.receive()).type.name


async def main(how: str, url: str) -> None:
    async with ClientSession() as session:
        async with session.ws_connect(url.replace("hostile", "small"), compress=15) as ws:
            await ws.receive()
        before = largest_resident_bytes()
        ws = await session.ws_connect(url, compress=15)
        end = await play(how, ws)
        print(end, ws.close_code, largest_resident_bytes() - before)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

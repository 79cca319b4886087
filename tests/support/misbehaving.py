"""Servers that answer wrongly, and a right answer to put in wrong places."""

import asyncio
import socket
import struct

from scripted import Handler, head_of


def response(status: str, *lines: str, body: str = "") -> bytes:
    """A whole response."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", body]
    return "\r\n".join(head).encode()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request by resetting the connection."""
    await head_of(reader)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, as what listens on a wrong port may."""
    while data := await reader.read(65536):
        writer.write(data)


def says(*pieces: bytes) -> Handler:
    """Answer each message, whatever it is; then hang up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await reader.read(65536)
            writer.write(piece)

    return handler

"""Collects what a payload writes."""

import asyncio

from aioclient._aliases import BytesLike
from aioclient._body.payload import Payload, PayloadWriter


class Collected(PayloadWriter):
    """Keeps the pieces that are written to it."""

    def __init__(self) -> None:
        self.pieces: list[BytesLike] = []

    async def write(self, chunk: BytesLike) -> None:
        self.pieces.append(chunk)


def pieces_of(payload: Payload) -> list[BytesLike]:
    """The pieces that a payload writes, on a loop of their own."""
    collected = Collected()
    asyncio.run(payload.write(collected))
    return collected.pieces


def written_by(payload: Payload) -> bytes:
    """All that a payload writes."""
    return b"".join(pieces_of(payload))

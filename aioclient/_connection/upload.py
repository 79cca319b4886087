"""The request body as it leaves, piece by piece, no faster than the peer takes it."""

from contextlib import aclosing

from aioclient._body.payload import Payload
from aioclient._http1.body_writer import BodyWriter
from aioclient._net.link import TransportLink
from aioclient.errors import ClientPayloadError


async def upload(payload: Payload, length: int, link: TransportLink) -> None:
    """Write a payload to a link; `length` as in `RequestHead.body_length`.

    Returns early if the link is lost: its connection tells the exchange.
    Raises ClientPayloadError if the payload fails, with what it raised as the cause.
    """
    writer = BodyWriter(length)
    try:
        async with aclosing(payload.pieces()) as pieces:
            async for piece in pieces:
                if parts := writer.piece(piece):
                    link.write_all(parts)
                if link.is_congested:
                    await link.drained()
                if not link.is_open:
                    return
        end = writer.end()
    except Exception as error:
        raise ClientPayloadError(f"the request body could not be sent: {error!r}") from error
    if end and link.is_open:
        link.write(end)

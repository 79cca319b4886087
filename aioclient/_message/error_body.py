"""Waiting for the body of an error response, which often says what is wrong."""

import asyncio
from typing import Final

from aioclient._message.response import ClientResponse

#: An error is not raised later than this because its body is slow.
ERROR_BODY_S: Final = 1.0


async def wait_for_error_body(response: ClientResponse, limit_bytes: int) -> None:
    """Wait until the beginning of a body has come, if that is cheap; nothing of it is taken.

    It is if the body is as short as the limit, or comes in chunks, and does not take longer than
    `ERROR_BODY_S`. A body that breaks off or cannot be decoded, or a limit of the request that
    passes, raises nothing here: the error is about the response's status.
    """
    length = response.content_length
    is_short = length is not None and length <= limit_bytes
    if response.closed or not limit_bytes or not (is_short or _is_chunked(response)):
        return
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            await response.content.peek(limit_bytes)
    except Exception:  # whatever went wrong, a decoder may be somebody else's
        return


def _is_chunked(response: ClientResponse) -> bool:
    return "Transfer-Encoding" in response.headers

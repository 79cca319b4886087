"""TLS contexts for what a caller wished."""

import asyncio
import ssl
from functools import cache

from aioclient._net.route import TlsWish

_ALPN = ["http/1.1"]


@cache
def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(_ALPN)
    return context


async def context_for(wish: TlsWish, loop: asyncio.AbstractEventLoop) -> ssl.SSLContext:
    """The context for a wish; the two of our own are made once per process.

    Made in a thread: reading the system's certificates takes tens of milliseconds.
    """
    if isinstance(wish, ssl.SSLContext):
        return wish
    return await loop.run_in_executor(None, _context, wish)

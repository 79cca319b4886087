"""TLS contexts for what a caller wished."""

import asyncio
import ssl
from hashlib import sha256

from aioclient._net.route import Fingerprint, Route, TlsWish
from aioclient.errors import ServerFingerprintMismatch

_ALPN = ["http/1.1"]


#: Those of our own, by whether they verify.
_contexts: dict[bool, ssl.SSLContext] = {}


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(_ALPN)
    return _contexts.setdefault(verify, context)  # another thread's, if that was faster


async def context_for(wish: TlsWish, loop: asyncio.AbstractEventLoop) -> ssl.SSLContext:
    """The context for a wish; the two of our own are made once per process.

    Made in a thread: reading the system's certificates takes tens of milliseconds. Only then: all
    threads may be waiting for names that do not resolve.
    """
    if isinstance(wish, ssl.SSLContext):
        return wish
    known = _contexts.get(wish is True)
    if known is not None:
        return known
    return await loop.run_in_executor(None, _context, wish is True)


def check_fingerprint(wish: TlsWish, transport: asyncio.BaseTransport, route: Route) -> None:
    """Raise ServerFingerprintMismatch if a certificate was wished for, and this is another."""
    if not route.is_ssl or not isinstance(wish, Fingerprint):
        return
    certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    digest = sha256(certificate).digest()
    if digest != wish.fingerprint:
        raise ServerFingerprintMismatch(wish.fingerprint, digest, route.host, route.port)

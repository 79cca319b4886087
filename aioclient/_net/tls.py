"""TLS contexts for what a caller wished."""

import asyncio
import ssl
from collections.abc import Callable
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
    verify = wish.verify if isinstance(wish, Fingerprint) else wish
    known = _contexts.get(verify)
    if known is not None:
        return known
    return await loop.run_in_executor(None, _context, verify)


def pin_check(route: Route) -> Callable[[ssl.SSLObject], None] | None:
    """What raises ServerFingerprintMismatch for a certificate that was not wished for."""
    wish = route.ssl
    if not isinstance(wish, Fingerprint):
        return None

    def check(tls: ssl.SSLObject) -> None:
        digest = sha256(tls.getpeercert(binary_form=True) or b"").digest()
        if digest not in wish.fingerprints:
            raise ServerFingerprintMismatch(
                wish.fingerprint, digest, route.host, route.port, wish.fingerprints[1:]
            )

    return check

"""TLS contexts for what a caller wished."""

import asyncio
import ssl
from collections.abc import Callable
from hashlib import sha256

from aioclient._net.route import Fingerprint, Route, TlsWish
from aioclient.errors import ServerFingerprintMismatch

_ALPN = ["http/1.1"]


#: Our own, by whether they verify.
_contexts: dict[bool, ssl.SSLContext] = {}


def _new_context(verify: bool) -> ssl.SSLContext:
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
    verify = wish is True
    context = _contexts.get(verify)
    if context is None:
        made = await loop.run_in_executor(None, _new_context, verify)
        context = _contexts.setdefault(verify, made)  # somebody may have been faster
    return context


def pin_check(route: Route) -> Callable[[ssl.SSLObject], None] | None:
    """What raises ServerFingerprintMismatch for another certificate than the one wished for."""
    wish = route.ssl
    if not isinstance(wish, Fingerprint):
        return None

    def check(tls: ssl.SSLObject) -> None:
        digest = sha256(tls.getpeercert(binary_form=True) or b"").digest()
        if digest != wish.fingerprint:
            raise ServerFingerprintMismatch(wish.fingerprint, digest, route.host, route.port)

    return check

"""What programs subclass: cookie jars, resolvers, writers."""

from aioclient._body.payload import PayloadWriter as AbstractStreamWriter
from aioclient._cookies.abstract import AbstractCookieJar
from aioclient._net.names import AbstractResolver, ResolveResult

__all__ = (
    "AbstractCookieJar",
    "AbstractResolver",
    "AbstractStreamWriter",
    "ResolveResult",
)

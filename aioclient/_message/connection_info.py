"""The connection of a response, as the caller sees it."""

import asyncio
from collections.abc import Mapping

from aioclient._connection.exchange import Exchange
from aioclient._net.link_facts import Address, LinkFacts


class ConnectionInfo:
    """What is known of the connection of a response, also after the response is released.

    New here; aiohttp's object of this place is gone when the connection is.

    Attributes:
        id: a number that no other connection of this process has.
        peername, sockname: addresses of the server, or of the proxy in between, and of this end:
            (host, port) for IPv4, with two more numbers for IPv6, the path of a Unix socket.
        is_tls: is it encrypted?
        tls_version: as "TLSv1.3"; None without TLS, as the following ones.
        cipher: the name of the cipher suite.
        alpn_protocol: what was agreed on by ALPN (RFC 7301); None if nothing was.
        peer_certificate: as `ssl.SSLSocket.getpeercert` gives it; empty if it was not verified.
        is_reused: did it serve a request before this one?
    """

    __slots__ = (
        "_exchange",
        "alpn_protocol",
        "cipher",
        "id",
        "is_reused",
        "is_tls",
        "peer_certificate",
        "peername",
        "sockname",
        "tls_version",
    )

    def __init__(self, facts: LinkFacts, exchange: Exchange) -> None:
        self._exchange: Exchange | None = exchange
        self.id: int = facts.connection_id
        self.peername: Address = facts.peername
        self.sockname: Address = facts.sockname
        self.is_tls: bool = facts.is_tls
        self.tls_version: str | None = facts.tls_version
        self.cipher: str | None = facts.cipher
        self.alpn_protocol: str | None = facts.alpn_protocol
        self.peer_certificate: Mapping[str, object] | None = facts.peer_certificate
        self.is_reused: bool = exchange.is_reused

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, while the response holds the connection; None afterwards.

        Whoever writes to it, closes it or stops it from reading breaks the response.
        """
        exchange = self._exchange
        if exchange is None or exchange.has_ended or exchange.connection is None:
            self._exchange = None
            return None
        return exchange.connection.transport

    def __repr__(self) -> str:
        parts = [f"to {self.peername}", *filter(None, (self.tls_version, self.alpn_protocol))]
        if self.is_reused:
            parts.append("reused")
        return f"<{type(self).__name__} {', '.join(parts)}>"

"""What is known of a link for as long as anybody asks, also when it is gone."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TypeAlias

#: Of IPv4, of IPv6, or of a Unix socket; None if it is not known.
Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | str | None


class LinkFacts:
    """The ends of a link, and what TLS agreed on; the latter is None without TLS."""

    __slots__ = (
        "alpn_protocol",
        "cipher",
        "connection_id",
        "is_tls",
        "peer_certificate",
        "peername",
        "sockname",
        "tls_version",
    )

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        """Ask an open transport for its ends."""
        ask = transport.get_extra_info
        self.peername: Address = ask("peername")
        self.sockname: Address = ask("sockname")
        #: Of the connection on the link, once there is one.
        self.connection_id: int = 0
        self.forget_tls()

    def forget_tls(self) -> None:
        """What TLS agreed on is about a proxy, and not about what is beyond it."""
        self.is_tls: bool = False
        self.cipher: str | None = None
        #: As `ssl.SSLSocket.getpeercert` gives it: empty if it was not verified.
        self.peer_certificate: Mapping[str, object] | None = None
        self.tls_version: str | None = None
        self.alpn_protocol: str | None = None

    def add_tls(self, tls: ssl.SSLObject, certificate: Mapping[str, object] | None) -> None:
        """Ask for what a handshake agreed on; of several, the last is the server's."""
        self.is_tls = True
        cipher = tls.cipher()
        self.cipher = None if cipher is None else cipher[0]
        self.peer_certificate = certificate
        self.tls_version = tls.version()
        self.alpn_protocol = tls.selected_alpn_protocol()

"""What is known of a link for as long as anybody asks, also when it is gone."""

import asyncio
from collections.abc import Mapping
from typing import TypeAlias

#: Of IPv4, of IPv6, or of a Unix socket; None if it is not known.
Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | str | None


class LinkFacts:
    """The ends of a link, and what TLS agreed on; the latter is None without TLS."""

    __slots__ = (
        "alpn_protocol",
        "cipher",
        "is_tls",
        "peer_certificate",
        "peername",
        "sockname",
        "tls_version",
    )

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        """Ask an open transport for everything."""
        ask = transport.get_extra_info
        self.peername: Address = ask("peername")
        self.sockname: Address = ask("sockname")
        tls = ask("ssl_object")
        self.is_tls = tls is not None
        self.cipher: str | None = None
        #: As `ssl.SSLSocket.getpeercert` gives it: empty if it was not verified.
        self.peer_certificate: Mapping[str, object] | None = None
        self.tls_version: str | None = None
        self.alpn_protocol: str | None = None
        if tls is not None:
            cipher = ask("cipher")
            self.cipher = cipher and cipher[0]
            self.peer_certificate = ask("peercert")
            self.tls_version = tls.version()
            self.alpn_protocol = tls.selected_alpn_protocol()

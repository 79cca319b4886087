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
        cipher = ask("cipher")
        self.cipher: str | None = cipher and cipher[0]
        #: As `ssl.SSLSocket.getpeercert` gives it: empty if it was not verified.
        self.peer_certificate: Mapping[str, object] | None = ask("peercert")
        self.tls_version: str | None = tls and tls.version()
        self.alpn_protocol: str | None = tls and tls.selected_alpn_protocol()

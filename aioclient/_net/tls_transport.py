"""What a caller sees as the transport of a TLS link."""

import asyncio
import ssl
from typing import Any, Protocol

from aioclient._aliases import BytesLike


class _Encrypting(Protocol):
    """The link, as far as its transport uses it."""

    @property
    def is_open(self) -> bool: ...
    @property
    def unsent_bytes(self) -> int: ...
    def write(self, data: BytesLike) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class TlsTransport(asyncio.Transport):
    """Tells of TLS and of the transport below; what is written to it is encrypted.

    `get_extra_info` knows "ssl_object", "sslcontext", "peercert", "cipher" and "compression", and
    else what the transport below knows.
    """

    def __init__(self, link: _Encrypting, below: asyncio.Transport, tls: ssl.SSLObject) -> None:
        super().__init__()
        self._link = link
        self._below = below
        self._tls = tls

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:
            case "ssl_object":
                return self._tls
            case "sslcontext":
                return self._tls.context
            case "peercert":
                return self._tls.getpeercert()
            case "cipher":
                return self._tls.cipher()
            case "compression":
                return self._tls.compression()
            case _:
                return self._below.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return not self._link.is_open

    def write(self, data: BytesLike) -> None:
        self._link.write(data)

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self._link.unsent_bytes

    def close(self) -> None:
        self._link.close()

    def abort(self) -> None:
        self._link.abort()

"""Where to connect and how."""

import ssl
from typing import NamedTuple, Self, TypeAlias

#: True: verify as usual; False: do not verify; a context: as it says.
TlsWish: TypeAlias = bool | ssl.SSLContext


class Route(NamedTuple):
    """Every input of making a connection, so also the pool's key: equals share connections."""

    host: str
    port: int
    is_ssl: bool
    ssl: TlsWish
    #: The name for SNI and verification if that is not the host.
    server_hostname: str | None = None

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        # A TLS context cannot be pickled. What remains of it is whether it verified.
        return type(self), tuple(
            part.verify_mode != ssl.CERT_NONE if isinstance(part, ssl.SSLContext) else part
            for part in self
        )


def check_tls_wish(wish: TlsWish) -> None:
    """Raise TypeError for anything that is not a TLS wish."""
    if not isinstance(wish, bool | ssl.SSLContext):
        raise TypeError(f"ssl must be True, False or an ssl.SSLContext, not {wish!r}")

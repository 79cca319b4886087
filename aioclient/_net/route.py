"""Where to connect and how."""

import ssl
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeAlias

from aioclient._auth.basic import BasicAuth
from aioclient._caller import warn_deprecated
from aioclient._http.events import FieldLines
from aioclient._http1.head_writer import write_field_lines

if TYPE_CHECKING:
    from aioclient._auth.proxy_digest import ProxyDigestAuth

_SHA_256_BYTES: Final = 32


class Fingerprint:
    """For `ssl`: accept servers whose certificate has this digest, and no others.

    Arguments: `fingerprint`, the SHA-256 digest of the server's certificate in DER, 32 bytes;
    `others`, more of them, of which any will do, as while a certificate is being replaced;
    `verify`, verify the certificate as usual besides (False).

    Without `verify` the digest takes the place of verification: neither the authority that signed
    the certificate nor the name in it nor its time counts. Another certificate raises
    ServerFingerprintMismatch before anything is sent. Two with the same digests and the same
    `verify` are equal. Raises TypeError for what is not bytes, ValueError for a digest of another
    length; those of MD5 and SHA-1 can be forged.
    """

    __slots__ = ("fingerprint", "fingerprints", "verify")

    def __init__(self, fingerprint: bytes, *others: bytes, verify: bool = False) -> None:
        for digest in (fingerprint, *others):
            if not isinstance(digest, bytes):
                raise TypeError(f"fingerprint must be bytes, not {type(digest).__name__}")
            if len(digest) != _SHA_256_BYTES:
                raise ValueError(
                    f"fingerprint must be a SHA-256 digest of {_SHA_256_BYTES} bytes, got "
                    f"{len(digest)}"
                )
        #: The digest, or the first of them, and all of them.
        self.fingerprint: Final = fingerprint
        self.fingerprints: Final[tuple[bytes, ...]] = (fingerprint, *others)
        #: Is the certificate verified besides?
        self.verify: Final = verify

    def _key(self) -> tuple[frozenset[bytes], bool]:
        return frozenset(self.fingerprints), self.verify

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[object, ...]:
        return _unpickled, (type(self), self.fingerprints, self.verify)

    def __repr__(self) -> str:
        digests = ", ".join(digest.hex() for digest in self.fingerprints)
        return f"{type(self).__name__}({digests}{', verify=True' if self.verify else ''})"


def _unpickled(
    kind: type[Fingerprint], fingerprints: tuple[bytes, ...], verify: bool
) -> Fingerprint:
    return kind(*fingerprints, verify=verify)


#: True: verify as usual; False: do not verify; a context: as it says; a fingerprint: this one only.
TlsWish: TypeAlias = bool | ssl.SSLContext | Fingerprint


#: Of the URLs of proxies.
HTTP_PROXY_SCHEMES: Final = frozenset({"http", "https"})
SOCKS_SCHEMES: Final = frozenset({"socks4", "socks4a", "socks5", "socks5h"})


class Proxy(NamedTuple):
    """A proxy, how it is connected to, and what is said to it and to nobody else."""

    scheme: str
    host: str
    port: int
    #: The wish for TLS with the proxy itself, if its scheme is https.
    ssl: TlsWish = True
    auth: "BasicAuth | ProxyDigestAuth | None" = None
    #: More header lines, for HTTP proxies.
    field_lines: FieldLines = FieldLines(b"")
    #: Requests are sent to it, with their whole URL; else it makes a tunnel.
    forwards: bool = False

    @property
    def is_socks(self) -> bool:
        """Does it only pass bytes on, whatever they are?"""
        return self.scheme in SOCKS_SCHEMES

    @property
    def all_field_lines(self) -> FieldLines:
        """What an HTTP proxy is told besides, credentials first (RFC 9110 section 11.7.2).

        Those of Digest are another text each time, and not in it.
        """
        if not isinstance(self.auth, BasicAuth):
            return self.field_lines
        own = write_field_lines((("Proxy-Authorization", self.auth.encode()),))
        return FieldLines(own + self.field_lines)

    @property
    def route(self) -> "Route":
        """To the proxy itself: there a request goes that it forwards."""
        proxy = self if self.forwards else self._replace(forwards=True)
        # No certificate has a zone in it.
        name = self.host.partition("%")[0] if ":" in self.host and "%" in self.host else None
        return Route(self.host, self.port, self.scheme == "https", self.ssl, name, proxy)

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        # Without what is a secret, or may be one.
        public = (self.scheme, self.host, self.port, _picklable(self.ssl))
        return type(self), (*public, None, FieldLines(b""), self.forwards)

    def __repr__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{type(self).__name__}({self.scheme}://{host}:{self.port})"


class Route(NamedTuple):
    """Every input of making a connection, so also the pool's key: equals share connections."""

    host: str
    port: int
    is_ssl: bool
    ssl: TlsWish
    #: The name for SNI and verification if that is not the host.
    server_hostname: str | None = None
    #: What is in between. If it forwards, host and port are its own, and so is what is said of TLS.
    proxy: Proxy | None = None

    @property
    def is_to_proxy(self) -> bool:
        """Does the connection end at a proxy?"""
        return self.proxy is not None and self.proxy.forwards

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(map(_picklable, self))


def _picklable(part: object) -> object:
    """A TLS context cannot be pickled. What remains of it is whether it verified."""
    return part.verify_mode != ssl.CERT_NONE if isinstance(part, ssl.SSLContext) else part


def merged_tls_wish(
    wish: TlsWish | None,
    verify_ssl: bool | None,
    ssl_context: ssl.SSLContext | None,
    fingerprint: bytes | None,
) -> TlsWish:
    """What is said of TLS by `ssl`, or by one of the options that were there before it.

    None as `ssl` says nothing. Warns of these. Raises ValueError if it is said twice, TypeError for
    what is no TLS wish.
    """
    old: dict[str, object] = {
        "verify_ssl": verify_ssl,
        "ssl_context": ssl_context,
        "fingerprint": fingerprint,
    }
    said = [name for name, value in old.items() if value is not None]
    if wish is None:
        wish = True
    if said:
        warn_deprecated(f"{said[0]} is deprecated, use ssl")
        if len(said) > 1 or wish is not True:
            other = "ssl" if len(said) == 1 else said[1]
            raise ValueError(f"{said[0]} and {other} exclude each other")
        if verify_ssl is not None:
            if not isinstance(verify_ssl, bool):
                raise TypeError(f"verify_ssl must be True or False, not {verify_ssl!r}")
            wish = verify_ssl
        elif fingerprint is not None:
            wish = Fingerprint(fingerprint)
        elif ssl_context is not None:
            wish = ssl_context
    check_tls_wish(wish)
    return wish


def check_tls_wish(wish: TlsWish, name: str = "ssl") -> None:
    """Raise TypeError for anything that is not a TLS wish."""
    if not isinstance(wish, bool | ssl.SSLContext | Fingerprint):
        raise TypeError(
            f"{name} must be True, False, an ssl.SSLContext or a Fingerprint, not {wish!r}"
        )

"""A cookie as it is kept: whom it came from, whom it goes to, and until when."""

from math import inf
from typing import NamedTuple


class Cookie:
    """One cookie of a jar; times are in seconds since the epoch."""

    __slots__ = (
        "created_at",
        "domain",
        "expires_at",
        "is_host_only",
        "is_http_only",
        "is_kept",
        "is_partitioned",
        "is_secure",
        "name",
        "order",
        "path",
        "same_site",
        "used_at",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: str,
        domain: str,
        path: str = "/",
        *,
        is_host_only: bool = True,
        expires_at: float = inf,
        is_secure: bool = False,
        is_http_only: bool = False,
        same_site: str = "",
        is_partitioned: bool = False,
        created_at: float = 0.0,
        used_at: float | None = None,
    ) -> None:
        self.name: str = name
        #: As it is on the wire, with its quotes if it has any.
        self.value: str = value
        #: The host, or the domain whose hosts get it, in ASCII.
        self.domain: str = domain
        self.is_host_only: bool = is_host_only
        self.path: str = path
        #: inf: it ends with the session.
        self.expires_at: float = expires_at
        self.is_secure: bool = is_secure
        self.is_http_only: bool = is_http_only
        #: "Strict", "Lax" or "None", or nothing; kept, and without a meaning for this client.
        self.same_site: str = same_site
        #: The same.
        self.is_partitioned: bool = is_partitioned
        self.created_at: float = created_at
        self.used_at: float = created_at if used_at is None else used_at
        #: The store's own: which was created before which, and is it in the store?
        self.order: int = 0
        self.is_kept: bool = False

    @property
    def key(self) -> "CookieKey":
        """What makes it another cookie (RFC 6265bis section 5.7, on replacing)."""
        return CookieKey(self.domain, self.path, self.name, self.is_host_only)

    def __repr__(self) -> str:  # without the value: it may be a secret
        return f"<Cookie {self.name!r} for {self.domain}{self.path}>"


class CookieKey(NamedTuple):
    """A store has one cookie for each of these."""

    domain: str
    path: str
    name: str
    is_host_only: bool

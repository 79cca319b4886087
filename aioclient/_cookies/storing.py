"""From what a server sent to a cookie that is kept, or not (RFC 6265bis section 5.7).

Of its steps those that need no store: the rest is `CookieStore.put` and, for step 16, the jar's.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple

from .cookie import Cookie
from .expiry import Lifetime, lifetime_of
from .matching import canonical_host, default_path, domain_matches, path_matches
from .parse import CookieRefused, SetCookie
from .public_suffix import is_public_suffix

_SECURE_PREFIX: Final = "__secure-"
_HOST_PREFIX: Final = "__host-"
_SAME_SITE: Final[Mapping[str, str]] = {"none": "None", "strict": "Strict", "lax": "Lax"}


class Source:
    """Where cookies come from: the host in ASCII, whether it is an address, path, secure or not."""

    __slots__ = ("host", "is_address", "is_secure", "path")

    def __init__(self, host: str, path: str, is_secure: bool, is_address: bool) -> None:
        self.host = host
        self.is_address = is_address
        self.is_secure = is_secure
        self.path = path


class Terms(NamedTuple):
    """What the attributes of a cookie come to, whatever its host; the last of each name counts."""

    domain: str
    path: str
    is_secure: bool
    is_http_only: bool
    same_site: str
    is_partitioned: bool
    lifetime: Lifetime


def terms_of(received: SetCookie) -> Terms:
    """The terms of a cookie that was received."""
    take_apart = _known_terms if received.has_short_attributes else _terms
    return take_apart(tuple(received.attributes))


def _terms(attributes: tuple[tuple[str, str], ...]) -> Terms:
    values = {name.lower(): value for name, value in attributes}
    path = values.get("path", "")
    return Terms(
        canonical_host(values.get("domain", "").removeprefix(".")),  # section 5.6.3
        path if path.startswith("/") else "",  # section 5.6.4
        "secure" in values,
        "httponly" in values,
        _SAME_SITE.get(values.get("samesite", "").lower(), ""),
        "partitioned" in values,
        lifetime_of(attributes),
    )


# A server says the same of most of its cookies.
_known_terms = lru_cache(maxsize=256)(_terms)


def stored_cookie(received: SetCookie, source: Source, now: float) -> Cookie:
    """The cookie as it is to be kept; one that is over already removes the one that it replaces.

    Raises CookieRefused where a step says that it has to be ignored.
    """
    name, value = received.name, received.value
    terms = terms_of(received)
    expires_at = terms.lifetime.ends_at(now)  # step 6
    domain = _domain(name, terms.domain, source) if terms.domain else ""  # step 7
    is_secure = terms.is_secure  # step 12
    if is_secure and not source.is_secure:  # step 13
        raise CookieRefused(f"{_shown(name)} is for secure connections, and came over another")
    if terms.same_site == "None" and not is_secure:  # steps 17 and 19
        raise CookieRefused(f"{_shown(name)} has SameSite=None without Secure")
    _check_prefix(name, value, is_secure, is_secure and not domain and terms.path == "/")
    return Cookie(
        name,
        value,
        domain or source.host,
        terms.path or default_path(source.path),  # step 11
        is_host_only=not domain,
        expires_at=inf if expires_at is None else expires_at,
        is_secure=is_secure,
        is_http_only=terms.is_http_only,
        same_site=terms.same_site,
        is_partitioned=terms.is_partitioned,
        created_at=now,
    )


def _domain(name: str, domain: str, source: Source) -> str:
    """Steps 8 to 10: the domain whose hosts get it; empty if that is this host only."""
    if not domain.isascii():  # step 8
        raise CookieRefused(f"{_shown(name)} has a Domain that is not ASCII")
    if domain == source.host:
        # For a public suffix it is the host itself (step 9).
        return "" if not source.is_address and is_public_suffix(domain) else domain
    if source.is_address or not domain_matches(source.host, domain):  # step 10
        raise CookieRefused(f"{_shown(name)} is for another domain than its host's")
    if is_public_suffix(domain):  # step 9
        raise CookieRefused(f"{_shown(name)} is for all of the public suffix {domain!r}")
    return domain


def _check_prefix(name: str, value: str, is_secure: bool, is_of_host: bool) -> None:
    """Steps 20 to 22: what a name promises must be so."""
    text = (name or value)[: len(_SECURE_PREFIX)].lower()
    is_host_prefix = text.startswith(_HOST_PREFIX)
    if text != _SECURE_PREFIX and not is_host_prefix:
        return
    if not name:  # step 22: a server would read it as a name
        raise CookieRefused("a cookie without a name has a value that begins as a prefixed name")
    if not (is_of_host if is_host_prefix else is_secure):
        raise CookieRefused(f"{_shown(name)} does not keep the promise of its prefix")


def is_overlaid(old: Cookie, new: Cookie) -> bool:
    """Step 16: would a cookie from an insecure connection stand beside, or before, a secure one?"""
    return (
        old.is_secure
        and old.name == new.name
        and (domain_matches(old.domain, new.domain) or domain_matches(new.domain, old.domain))
        and path_matches(new.path, old.path)
    )


def _shown(name: str) -> str:
    return f"cookie {name[:40]!a}"

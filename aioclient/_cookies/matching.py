"""Which hosts and paths a cookie is for (RFC 6265bis sections 5.1.2 to 5.1.4).

Hosts are ASCII: what is not has become A-labels ("xn--...") before, as in ``URL.raw_host``.
"""

import re
import string
from collections.abc import Iterator
from typing import Final

#: Characters of a name, without a dot at its end (RFC 1035 section 2.3.4). DNS knows none longer.
MAX_NAME_CHARACTERS: Final = 253

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_NUMBER: Final = re.compile(r"[0-9]++|0[xX][0-9A-Fa-f]*+")


def canonical_host(host: str) -> str:
    """`host` in the one form that is compared: ASCII in lower case, and no brackets around it.

    A dot at the end stays, as in browsers: to them "example.com." is another host than
    "example.com", and neither can set cookies for the other. Characters that are not ASCII stay as
    they are, so that none turns into an ASCII letter: such a domain matches no host.

    Section 5.1.2 has no form for labels that RFC 5890 does not know. They stay as they are, too, as
    hosts are in use that have such: services of a local network with "_", and many with "--".
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host.translate(_LOWER)


def is_ip(host: str) -> bool:
    """Is `host`, in canonical form, an address and not a name?

    What has a colon is one of IPv6. As in the URL standard, what ends in a number is one of IPv4,
    however it is written: "127.1" is 127.0.0.1 to the system's resolver, and no cookie for "1".
    """
    if ":" in host:
        return True
    last = host.removesuffix(".").rpartition(".")[2]
    return _NUMBER.fullmatch(last) is not None


def domain_matches(host: str, domain: str) -> bool:
    """Is a cookie for `domain` also for `host` (RFC 6265bis section 5.1.3)?

    Both have to be in canonical form, `domain` without a dot in front.
    """
    if host == domain:
        return True
    if not domain:  # nothing is a part of each name; it is no domain above the one with a final dot
        return False
    return host.endswith(domain) and host[-len(domain) - 1] == "." and not is_ip(host)


def parents(host: str) -> Iterator[str]:
    """The domains that `domain_matches` `host`: itself, and then the ones above it, up to the top.

    An address has none above it, and neither has what is too long to be a name.
    """
    yield host
    if len(host.removesuffix(".")) > MAX_NAME_CHARACTERS or is_ip(host):
        return
    dot = host.find(".")
    while 0 <= dot < len(host) - 1:
        yield host[dot + 1 :]
        dot = host.find(".", dot + 1)


def default_path(url_path: str) -> str:
    """The path of a cookie that names none: where `url_path` is (RFC 6265bis section 5.1.4)."""
    if not url_path.startswith("/"):  # step 2
        return "/"
    return url_path[: url_path.rfind("/")] or "/"  # steps 3 and 4


def path_matches(request_path: str, cookie_path: str) -> bool:
    """Is a cookie for `cookie_path` also for `request_path` (RFC 6265bis section 5.1.4)?

    Paths are compared as they are written: "%2F" is not "/", and letters have their case.
    """
    if not request_path.startswith(cookie_path):
        return False
    return (
        len(request_path) == len(cookie_path)
        or cookie_path.endswith("/")
        or request_path[len(cookie_path)] == "/"
    )

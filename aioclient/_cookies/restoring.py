"""Cookies out of files: none that a server, or the program, could not have put into a jar.

A file may have been written by anybody. So the checks are those for responses: the cookie is put
into a Set-Cookie field, as the host would send it that the cookie is of, and has to come out the
same (`parse`, `storing`).
"""

import logging
import os
import re
from typing import Final

from .cookie import Cookie
from .expiry import MAX_AGE_S
from .matching import canonical_host, is_ip
from .parse import CookieRefused, SetCookie, parse_set_cookie
from .storing import Source, stored_cookie

#: A larger file is not read, nor written. 3300 cookies of 4096 bytes fit, if each byte has a
#: backslash in front.
MAX_FILE_BYTES: Final = 32 * 1024 * 1024

_BLANKS: Final = " \t"
_DOMAIN: Final = re.compile(r"[!-~]*+")
_UNFIT_FOR_PATHS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# All surrogates but those that stand for octets.
_NO_TEXT: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_SHOWN_CHARACTERS: Final = 40
_LOG: Final = logging.getLogger("aioclient.cookies")


class TooWide(CookieRefused):
    """A cookie would be for the hosts of many owners.

    Which domains those are changes: it may have been allowed when the file was written.
    """


def check_restorable(cookie: Cookie) -> None:
    """Raises CookieRefused if no server could have set the cookie; the text has not its value.

    The times are not looked at.
    """
    _check_pair(cookie)
    _check_path(cookie)
    _check_domain(cookie)
    attributes = [("path", cookie.path)]
    if not cookie.is_host_only:
        attributes.append(("domain", cookie.domain))
    if cookie.is_secure:
        attributes.append(("secure", ""))
    if cookie.same_site:
        attributes.append(("samesite", cookie.same_site))
    source = Source(cookie.domain, "/", True, is_ip(cookie.domain))
    stored = stored_cookie(SetCookie(cookie.name, cookie.value, attributes), source, 0.0)
    if stored.same_site != cookie.same_site:
        raise CookieRefused(f"{_shown(cookie)} has an unknown SameSite")
    if stored.is_host_only != cookie.is_host_only:
        raise TooWide(f"{_shown(cookie)} is for a public suffix, and all below it")


def limited_expiry(expires_at: float, now: float) -> float:
    """When a cookie expires that a file has, if that is to be no later than a server can say."""
    return min(expires_at, now + MAX_AGE_S)


def log_left_out(file_path: str | os.PathLike[str], count: int, reason: str) -> None:
    """Log, once for a file, that so many of its cookies are left out, if any are."""
    if count:
        _LOG.warning("%s: %d cookies left out: %s", os.fspath(file_path), count, reason)


def _check_pair(cookie: Cookie) -> None:
    name, value = cookie.name, cookie.value
    _check_text(name + value, f"{_shown(cookie)} is not Unicode text")
    received = parse_set_cookie(f"{name}={value}")
    # A program may have given a value with blanks around it. Around what the name is taken from
    # they would hide its prefix from the check.
    sent = value.strip(_BLANKS) if name else value
    if (received.name, received.value) != (name, sent):
        raise CookieRefused(f"{_shown(cookie)} has characters that end a name or a value")


def _check_path(cookie: Cookie) -> None:
    # One that a URL has may have a ";" in it.
    if not cookie.path.startswith("/") or _UNFIT_FOR_PATHS.search(cookie.path):
        raise CookieRefused(f"{_shown(cookie)} has a path that is none")
    _check_text(cookie.path, f"{_shown(cookie)} has a path that is not Unicode text")


def _check_domain(cookie: Cookie) -> None:
    domain = cookie.domain
    if not _DOMAIN.fullmatch(domain) or canonical_host(domain) != domain:
        raise CookieRefused(f"{_shown(cookie)} has a domain that is none")
    if not domain and not cookie.is_host_only:  # without: for the first host that a jar is asked of
        raise CookieRefused(f"{_shown(cookie)} is for all hosts")


def _check_text(text: str, message: str) -> None:
    if not text.isascii() and _NO_TEXT.search(text):
        raise CookieRefused(message)


def _shown(cookie: Cookie) -> str:
    return f"cookie {cookie.name[:_SHOWN_CHARACTERS]!a}"

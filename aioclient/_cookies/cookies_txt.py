"""Cookies in Netscape's format, "cookies.txt", which curl, wget and browsers' extensions have.

A line for each cookie, with seven fields and a tab between two: the domain, whether all hosts below
it get the cookie, the path, whether it is for secure connections, when it expires in seconds since
the epoch, or 0 with the session, the name and the value. "#HttpOnly_" in front of the domain is
curl's; other lines that begin with "#" are comments. Who reads it takes the dot in front of a
domain, or the second field, for the same statement; written are both, and the field is read.

Nobody specified it. What is read besides is what wget and ``http.cookiejar`` make of it: a port
behind the host, no time for a session cookie, no tab before a value that is empty.
"""

import codecs
import io
import os
import re
import time
from collections.abc import Iterable
from math import inf
from typing import Final

from .cookie import Cookie
from .matching import canonical_host
from .parse import CookieRefused
from .private_file import read_private_file, write_private_file
from .restoring import MAX_FILE_BYTES, check_restorable, limited_expiry, log_left_out

#: Browsers keep more than a jar does, which then keeps as many as it can.
MAX_COOKIES_IN_TEXT: Final = 20_000
# With comments.
_MAX_LINES: Final = 2 * MAX_COOKIES_IN_TEXT

# http.cookiejar insists on the first line.
_HEAD: Final = "# Netscape HTTP Cookie File\n# Written by aioclient. Keep it to yourself.\n\n"
_HTTP_ONLY: Final = "#HttpOnly_"
_FLAGS: Final = {"TRUE": True, "FALSE": False}
_EXPIRY: Final = re.compile(r"([0-9]{0,15})(?:\.[0-9]*+)?+")
_PORT: Final = re.compile(r"([^:]*+):[0-9]++")


def save_cookies_txt(file_path: str | os.PathLike[str], cookies: Iterable[Cookie]) -> None:
    """Write cookies to a file, in their order; see `write_private_file` for how.

    Left out are those that the format cannot say: without a name (curl takes the value for one), or
    with a tab in name, value or path; those that a program gave without a URL before the jar was
    asked of any host; and those that no server could have set. Lost are SameSite, Partitioned, when
    a cookie was created and used, and fractions of seconds.

    ``http.cookiejar`` takes session cookies that are written so for expired ones: load them with
    ``ignore_expires=True``, and set their ``expires`` to None.

    Raises OSError, and ValueError if the file would be too large to be read.
    """
    lines = [_line(cookie) for cookie in cookies if _can_be_said(cookie)]
    data = (_HEAD + "".join(lines)).encode("utf-8", "surrogateescape")
    if len(data) > MAX_FILE_BYTES or len(lines) > MAX_COOKIES_IN_TEXT:
        raise ValueError(
            f"too many cookies for {os.fspath(file_path)!a}: {len(lines)} with {len(data)} bytes, "
            f"of at most {MAX_COOKIES_IN_TEXT} with {MAX_FILE_BYTES}"
        )
    write_private_file(file_path, data)


def load_cookies_txt(
    file_path: str | os.PathLike[str], *, now: float | None = None
) -> list[Cookie]:
    """The cookies of a file in this format, in order; of several that are the same, the last.

    `now` is when they were created, in seconds since the epoch, by default the time that it is;
    none expires later than one that is set then. Cookies that no jar here would keep are left out,
    and one warning logged.

    Raises OSError, also for a symbolic link and for what is no regular file, and ValueError for
    lines that are not of this format, with their number, and no values.
    """
    now = time.time() if now is None else now
    try:
        data = read_private_file(file_path, MAX_FILE_BYTES).removeprefix(codecs.BOM_UTF8)
        cookies, left_out, reason = _cookies(data, now)
    except ValueError as error:
        raise ValueError(f"not a cookies.txt: {os.fspath(file_path)!a}: {error}") from None
    log_left_out(file_path, left_out, reason)
    return cookies


# --- writing -------------------------------------------------------------------------------------


def _can_be_said(cookie: Cookie) -> bool:
    if not cookie.name or not cookie.domain or "\t" in cookie.name + cookie.value + cookie.path:
        return False
    try:
        check_restorable(cookie)
    except CookieRefused:
        return False
    return True


def _line(cookie: Cookie) -> str:
    fields = (
        cookie.domain if cookie.is_host_only else f".{cookie.domain}",
        _flag(not cookie.is_host_only),
        cookie.path,
        _flag(cookie.is_secure),
        # One that has long expired is no session cookie.
        "0" if cookie.expires_at == inf else str(max(1, int(cookie.expires_at))),
        cookie.name,
        cookie.value,
    )
    return (_HTTP_ONLY if cookie.is_http_only else "") + "\t".join(fields) + "\n"


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


# --- reading -------------------------------------------------------------------------------------


def _cookies(data: bytes, now: float) -> tuple[list[Cookie], int, str]:
    """The cookies, how many are left out, and why the first of those is."""
    found = {}
    left_out, reason, total = 0, "", 0
    for number, line in enumerate(io.BytesIO(data), 1):  # ends lines at "\n" only
        if number > _MAX_LINES:
            raise ValueError(f"more than {_MAX_LINES} lines")
        entry = line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
        is_http_only = entry.startswith(_HTTP_ONLY)
        if not entry.strip() or (entry.startswith("#") and not is_http_only):
            continue
        total += 1
        if total > MAX_COOKIES_IN_TEXT:
            raise ValueError(f"more than {MAX_COOKIES_IN_TEXT} cookies")
        fields = entry.removeprefix(_HTTP_ONLY).split("\t", 7)
        where = f"line {number}"
        try:
            cookie = _cookie(fields, where, is_http_only, now)
            check_restorable(cookie)
        except CookieRefused as refused:
            reason = reason or f"{where}: {refused}"
            left_out += 1
        else:
            found[cookie.key] = cookie
    return list(found.values()), left_out, reason


def _cookie(fields: list[str], where: str, is_http_only: bool, now: float) -> Cookie:
    if len(fields) == 6:  # somebody cut off blanks at the end of the line
        fields.append("")
    if len(fields) < 7:
        raise ValueError(f"{where} has not seven fields with a tab between two")
    domain, is_for_all, path, is_secure, expiry, name, *value = fields
    expires_at = _expiry(expiry, where)
    is_host_only = not _read_flag(is_for_all, where, "second")
    is_for_secure = _read_flag(is_secure, where, "fourth")
    if len(value) > 1:
        raise CookieRefused(f"cookie {name[:40]!a} has a tab in its value, or its name")
    return Cookie(
        name,
        value[0],
        _domain(domain),
        path,
        is_host_only=is_host_only,
        expires_at=expires_at if expires_at == inf else limited_expiry(expires_at, now),
        is_secure=is_for_secure,
        is_http_only=is_http_only,
        created_at=now,
    )


def _domain(field: str) -> str:
    with_port = _PORT.fullmatch(field)  # wget; not an address with more colons
    host = with_port[1] if with_port else field
    domain = canonical_host(host.removeprefix("."))
    if not domain:
        raise CookieRefused("a cookie has no domain")
    return domain


def _read_flag(field: str, where: str, which: str) -> bool:
    flag = _FLAGS.get(field.upper())
    if flag is None:
        raise ValueError(f"{where}: the {which} field is neither TRUE nor FALSE")
    return flag


def _expiry(field: str, where: str) -> float:
    found = _EXPIRY.fullmatch(field)
    if found is None:
        raise ValueError(f"{where}: the fifth field is no time in seconds")
    return float(found[1] or "0") or inf

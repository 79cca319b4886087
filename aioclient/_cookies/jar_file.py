"""Cookies in a file of JSON, with all that a jar knows of them, and out of it again.

::

    {"version": 1, "cookies": [
    {"name": "a", "value": "b", "domain": "example.com", "is_host_only": true, "path": "/", ...},
    ...
    ]}

Octets that are no UTF-8, lone surrogates here, are escaped; other characters stand for themselves.

What reads it trusts nothing: not the size, nor how much is in how little, nor a type, a time or a
cookie. There is never a pickle: what reads one runs what its author likes.
"""

import json
import os
import re
import time
from collections.abc import Iterable
from itertools import islice
from math import inf
from typing import Final

from .cookie import Cookie
from .parse import CookieRefused
from .private_file import read_private_file, write_private_file
from .restoring import (
    MAX_FILE_BYTES,
    TooWide,
    check_restorable,
    limited_expiry,
    log_left_out,
)
from .store import MAX_COOKIES

VERSION: Final = 1
#: No time is later: the end of the year 9999.
MAX_TIME: Final = 253402300799.0

_FIELDS: Final = (
    "name",
    "value",
    "domain",
    "is_host_only",
    "path",
    "expires_at",
    "is_secure",
    "is_http_only",
    "same_site",
    "is_partitioned",
    "created_at",
    "used_at",
)
_TIMES: Final = ("expires_at", "created_at", "used_at")
# A byte or two of JSON can become a hundred of memory: of strings, commas, lists and objects there
# are no more than a full jar has.
_MAX_TOKENS: Final = 64 * MAX_COOKIES
# The quote at the end may be missing, so that a string without is not looked at twice.
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|[\[{,]', re.DOTALL)


def save_cookies(file_path: str | os.PathLike[str], cookies: Iterable[Cookie]) -> None:
    """Write cookies to a file, in their order; see `write_private_file` for how.

    Those that no server could have set, and that `load_cookies` would refuse, are left out with one
    warning logged. Raises OSError, and ValueError if the file would be too large to be read.
    """
    lines, left_out, reason = [], 0, ""
    for cookie in cookies:
        try:
            check_restorable(cookie)
        except CookieRefused as refused:
            reason = reason or str(refused)
            left_out += 1
        else:
            lines.append(json.dumps(_record(cookie), ensure_ascii=False, allow_nan=False))
    text = f'{{"version": {VERSION}, "cookies": [\n' + ",\n".join(lines) + "\n]}\n"
    data = text.encode("utf-8", "backslashreplace")  # as JSON escapes a lone surrogate, too
    if len(data) > MAX_FILE_BYTES or len(lines) > MAX_COOKIES:
        raise ValueError(
            f"too many cookies for {os.fspath(file_path)!a}: {len(lines)} with {len(data)} bytes, "
            f"of at most {MAX_COOKIES} with {MAX_FILE_BYTES}"
        )
    write_private_file(file_path, data)
    log_left_out(file_path, left_out, reason)


def load_cookies(file_path: str | os.PathLike[str], *, now: float | None = None) -> list[Cookie]:
    """The cookies of a file that `save_cookies` wrote, or aiohttp's jar (from 3.14 on), in order.

    At `now`, seconds since the epoch and by default the time that it is, a cookie is not of the
    future, nor does it live for longer than one that is set. One that is for a domain which is a
    public suffix by now is left out, and so is what aiohttp has kept and no jar here would; one
    warning is logged.

    Raises OSError, also for a symbolic link and for what is no regular file, and ValueError for
    everything in it that is not as `save_cookies` writes it, which says where, and no values.
    """
    now = time.time() if now is None else now
    try:
        document = _document(read_private_file(file_path, MAX_FILE_BYTES))
        if isinstance(document, dict) and "version" not in document:
            from .aiohttp_jar import read_aiohttp_jar  # late: once in the life of a jar

            cookies, left_out, reason = read_aiohttp_jar(document, now)
        else:
            cookies, left_out, reason = _cookies(document, now)
    except ValueError as error:  # ours: those of the standard library are caught where they come up
        raise ValueError(f"not a file of cookies: {os.fspath(file_path)!a}: {error}") from None
    log_left_out(file_path, left_out, reason)
    return cookies


def _record(cookie: Cookie) -> dict[str, str | float | bool | None]:
    record = {name: getattr(cookie, name) for name in _FIELDS}
    for name in _TIMES:  # whatever the clock of the jar says, it can be read again
        record[name] = min(max(0.0, record[name]), MAX_TIME)
    if cookie.expires_at == inf:
        record["expires_at"] = None
    return record


# --- JSON ----------------------------------------------------------------------------------------


def _document(data: bytes) -> object:
    if data.startswith(b"\x80"):
        raise ValueError("it is a pickle, as aiohttp wrote before 3.14, and those are not read")
    reason = None
    try:
        text = data.decode()
        _check_amount(text)
        document: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        reason = f"no JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    except UnicodeDecodeError as error:
        reason = f"no JSON: no UTF-8 at byte {error.start}"
    except RecursionError:
        reason = "lists and objects are nested too deeply"
    if reason is not None:  # outside of the clauses: those errors have the whole text in them
        raise ValueError(reason)
    return document


def _check_amount(text: str) -> None:
    if sum(1 for _ in islice(_TOKEN.finditer(text), _MAX_TOKENS + 1)) > _MAX_TOKENS:
        raise ValueError("it has more in it than a full jar")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has two fields of one name")
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


# --- cookies -------------------------------------------------------------------------------------


def _cookies(document: object, now: float) -> tuple[list[Cookie], int, str]:
    """The cookies, how many are left out, and why the first of those is."""
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    version = document["version"]
    if type(version) is not int or version != VERSION:
        raise ValueError(f"version is not {VERSION}, the one that is known")
    if document.keys() != {"version", "cookies"}:
        raise ValueError("it has other fields than version and cookies")
    records = document["cookies"]
    if not isinstance(records, list):
        raise ValueError("cookies is no list")
    if len(records) > MAX_COOKIES:
        raise ValueError(f"more than {MAX_COOKIES} cookies")
    found = {}
    left_out, reason = 0, ""
    for index, values in enumerate(records):
        where = f"cookies[{index}]"
        try:
            cookie = _Record(values, where).cookie(now)
        except TooWide as refused:
            reason = reason or str(refused)
            left_out += 1
            continue
        if cookie.key in found:
            raise ValueError(f"{where} is there before, with this name, domain and path")
        found[cookie.key] = cookie
    return list(found.values()), left_out, reason


class _Record:
    """What the file says of one cookie."""

    __slots__ = ("_values", "_where")

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise ValueError(f"{where} is no object")
        missing = [name for name in _FIELDS if name not in values]
        if missing:
            raise ValueError(f"{where}.{missing[0]} is missing")
        if len(values) > len(_FIELDS):
            raise ValueError(f"{where} has a field that is not known")
        self._values = values
        self._where = where

    def cookie(self, now: float) -> Cookie:
        expires_at = inf if self._values["expires_at"] is None else self._time("expires_at")
        cookie = Cookie(
            self._text("name"),
            self._text("value"),
            self._text("domain"),
            self._text("path"),
            is_host_only=self._flag("is_host_only"),
            expires_at=expires_at if expires_at == inf else limited_expiry(expires_at, now),
            is_secure=self._flag("is_secure"),
            is_http_only=self._flag("is_http_only"),
            same_site=self._text("same_site"),
            is_partitioned=self._flag("is_partitioned"),
            created_at=min(self._time("created_at"), now),
            used_at=min(self._time("used_at"), now),
        )
        try:
            check_restorable(cookie)
        except TooWide:
            raise
        except CookieRefused as refused:
            raise ValueError(f"{self._where}: {refused}") from None
        return cookie

    def _text(self, name: str) -> str:
        value = self._values[name]
        if not isinstance(value, str):
            raise ValueError(f"{self._where}.{name} is no text")
        return value

    def _flag(self, name: str) -> bool:
        value = self._values[name]
        if not isinstance(value, bool):
            raise ValueError(f"{self._where}.{name} is neither true nor false")
        return value

    def _time(self, name: str) -> float:
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{self._where}.{name} is no number")
        if not 0 <= value <= MAX_TIME:  # nor what is not a number, or infinite
            raise ValueError(f"{self._where}.{name} is no time between 1970 and 9999")
        return float(value)

"""Cookies out of a file that aiohttp's jar wrote (3.14 and later), for those who come from there.

That is JSON: an object with an object for each domain and path, "example.com|/account", in which
each name has an object with what a Morsel has.

- A cookie without a domain was for every host. Here it is for the first that the jar is asked of.
- Before 3.14.1 the file does not tell the cookies of one host from those of a domain. So if it says
  of none that it is for one host, all are: better one that is missing than one that gets around.
- That jar keeps cookies which no jar here would; those are left out.
"""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Final

from .cookie import Cookie
from .expiry import EARLIEST, expiry_of
from .matching import canonical_host
from .parse import CookieRefused
from .restoring import check_restorable, limited_expiry

_SAME_SITE: Final[Mapping[str, str]] = {"strict": "Strict", "lax": "Lax", "none": "None"}


def read_aiohttp_jar(document: Mapping[str, object], now: float) -> tuple[list[Cookie], int, str]:
    """The cookies, how many are left out, and why the first of those is.

    Raises ValueError for what aiohttp does not write, which says where.
    """
    records = list(_records(document))
    has_host_only = any(record.get("host_only") for _, record in records)
    found = {}
    left_out, reason = 0, ""
    for where, record in records:
        cookie = _cookie(record, where, has_host_only, now)
        try:
            check_restorable(cookie)
        except CookieRefused as refused:
            reason = reason or str(refused)
            left_out += 1
        else:
            found[cookie.key] = cookie
    return list(found.values()), left_out, reason


def _records(document: Mapping[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    for number, (key, named) in enumerate(document.items()):
        where = f"group {number}"
        if "|" not in key or not isinstance(named, dict):
            raise ValueError("there is neither a version nor what aiohttp writes")
        for index, (name, record) in enumerate(named.items()):
            here = f"{where}, cookie {index}"
            if not isinstance(record, dict) or record.get("key") != name:
                raise ValueError(f"{here} is not what aiohttp writes")
            yield here, record


def _cookie(record: dict[str, object], where: str, has_host_only: bool, now: float) -> Cookie:
    domain = canonical_host(_text(record, "domain", where).removeprefix("."))
    is_host_only = not domain or not has_host_only or _flag(record, "host_only", where)
    same_site = _text(record, "samesite", where)
    return Cookie(
        _text(record, "key", where),
        _text(record, "coded_value", where, None),
        domain,
        _text(record, "path", where) or "/",
        is_host_only=is_host_only,
        expires_at=_expiry(record, where, now),
        is_secure=_flag(record, "secure", where),
        is_http_only=_flag(record, "httponly", where),
        same_site=_SAME_SITE.get(same_site.lower(), ""),
        is_partitioned=_flag(record, "partitioned", where),
        created_at=now,
    )


def _expiry(record: dict[str, object], where: str, now: float) -> float:
    if "expires_timestamp" not in record:
        # 3.14.0 has the attributes instead, and counts the seconds anew, too.
        attributes = [
            (name, str(record[name])) for name in ("max-age", "expires") if record.get(name)
        ]
        expires_at = expiry_of(attributes, now)
        return inf if expires_at is None else expires_at
    value = record["expires_timestamp"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not -inf < value < inf:
        raise ValueError(f"{where}: expires_timestamp is no time")
    return limited_expiry(max(EARLIEST, value), now)


def _text(record: dict[str, object], name: str, where: str, default: str | None = "") -> str:
    value = record.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{where}: {name} is no text")
    return value


def _flag(record: dict[str, object], name: str, where: str) -> bool:
    """A Morsel may have any text for true."""
    value = record.get(name, False)
    if not isinstance(value, str | bool):
        raise ValueError(f"{where}: {name} is neither true nor false")
    return bool(value)

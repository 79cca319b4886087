"""For how long a server asks to be left alone: the field Retry-After (RFC 9110 section 10.2.3)."""

import re
from collections.abc import Mapping
from math import inf
from typing import Final

from aioclient._cookies.expiry import parse_cookie_date

_DELAY: Final = re.compile(r"[0-9]+")
#: More digits are no time that anybody waits, and Python refuses to read many thousands of them.
_MAX_DIGITS: Final = 15


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds to wait after this response; None if it has no such field, or none that is valid.

    A date that is past is 0. Dates are told by the server's own clock if the response has a Date,
    so that it does not matter if the two clocks differ; else by `now`, in seconds since the epoch.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    value = value.strip(" \t")
    if _DELAY.fullmatch(value):
        return float(value) if len(value.lstrip("0")) <= _MAX_DIGITS else inf
    # The forms of section 5.6.7 are among those that dates of cookies may have, all of them in UTC.
    at = parse_cookie_date(value)
    if at is None:
        return None
    sent_at = parse_cookie_date(headers.get("Date", ""))
    return max(0.0, at - (now if sent_at is None else sent_at))

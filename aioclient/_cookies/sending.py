"""What requests are sent of a jar: the Cookie field, made once for as long as nothing changes."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from aioclient._http.events import FieldLines
from aioclient._http1.head_writer import write_field_lines

from .cookie import Cookie
from .pairs import joined

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from .sent_morsels import SentMorsels

#: What is sent with one request: so many cookies, and so many bytes of them.
MAX_SENT: Final = 150
MAX_SENT_BYTES: Final = 8190
#: When a cookie was used last is known so exactly, in seconds.
USED_AT_S: Final = 60.0

_AROUND_VALUE: Final = len(b"Cookie: \r\n")


class SentCookies:
    """The cookies for one host and path, in the order in which they are sent.

    Arguments: all that are for it; the version of the store that they are from; the time.
    """

    __slots__ = ("_morsels", "_valid_until", "_version", "line", "pairs")

    def __init__(self, cookies: Sequence[Cookie], version: int, now: float) -> None:
        self.pairs = [(cookie.name, cookie.value) for cookie in cookies]
        #: The field, or nothing.
        self.line = _line(self.pairs)
        if len(cookies) > MAX_SENT or len(self.line) > MAX_SENT_BYTES + _AROUND_VALUE - len(b"; "):
            cookies = _within_limits(cookies)
            self.pairs = [(cookie.name, cookie.value) for cookie in cookies]
            self.line = _line(self.pairs)
        self._version = version
        # The store notes when they were used. Not here: others may have taken their places.
        self._valid_until = now + USED_AT_S if cookies else inf
        for cookie in cookies:
            if cookie.expires_at < self._valid_until:
                self._valid_until = cookie.expires_at
        self._morsels: SentMorsels | None = None

    def is_valid(self, version: int, now: float) -> bool:
        """Is it still what the store would give?"""
        return version == self._version and now < self._valid_until

    def by_name(self) -> "SimpleCookie":
        """The same for programs: of several with one name the first, and none without a name."""
        from .sent_morsels import SentMorsels  # late: a session does not ask

        morsels = self._morsels
        if morsels is None or morsels.is_changed:
            morsels = self._morsels = SentMorsels(self.pairs)
        return morsels.cookies()


def _within_limits(cookies: Sequence[Cookie]) -> Sequence[Cookie]:
    """As many, from the first on, as may be sent with one request."""
    size = 0
    for index, cookie in enumerate(cookies):
        size += len(cookie.name.encode("utf-8", "surrogateescape"))
        size += len(cookie.value.encode("utf-8", "surrogateescape")) + 3
        if index >= MAX_SENT or size > MAX_SENT_BYTES:
            return cookies[:index]
    return cookies


def _line(pairs: Sequence[tuple[str, str]]) -> FieldLines:
    text = joined(pairs)
    return FieldLines(b"") if text is None else write_field_lines((("Cookie", text),))

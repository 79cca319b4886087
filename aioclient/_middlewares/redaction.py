"""What may be seen of a request and its response by those who read logs.

URLs and headers hold secrets that are no business of theirs, and what a server has sent may hold
what a terminal or a log's reader would take for something else. A header whose name nobody here
knows is hidden if its name sounds like a secret: that hides one too many rather than one too few.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient.errors import without_credentials

#: In the place of what must not be seen.
HIDDEN: Final = "***"

#: A header is hidden if its name, in lower case, has one of these in it: Authorization, Cookie,
#: Set-Cookie, X-Api-Key, X-Auth-Token, X-Amz-Security-Token, Authentication-Info and so on. Among
#: subprotocols of WebSocket some programs put a token.
SECRET_WORDS: Final = (
    "api-key",
    "apikey",
    "auth",
    "cookie",
    "credential",
    "functions-key",
    "jwt",
    "passw",
    "sec-websocket-protocol",
    "secret",
    "session",
    "signature",
    "subscription-key",
    "token",
)

#: Challenges have "auth" in their names: they say what is asked for, and are no secret.
_SHOWN: Final = frozenset({"proxy-authenticate", "www-authenticate"})

#: Where the query or fragment of a URL begins, absolute or not.
_QUERY: Final = re.compile(r"[?#]")

_MAX_CHARACTERS: Final = 2000
_MAX_FIELDS: Final = 128


class Redaction:
    """What is hidden: the values of some headers, and of all parameters in URLs but some.

    `headers` are names of headers to hide besides those with a secret word in them; `query` names
    of parameters whose values may be seen.
    """

    __slots__ = ("_headers", "_query")

    def __init__(self, headers: Iterable[str], query: Iterable[str]) -> None:
        self._headers = frozenset(name.lower() for name in headers)
        self._query = frozenset(query)

    def url(self, url: URL) -> str:
        """A URL without login, password and fragment; of parameters only the names."""
        shown = str(url.with_user(None).with_fragment(None).with_query(None))
        if url.raw_query_string:
            shown += "?" + "&".join(map(self._pair, url.raw_query_string.split("&")))
        return printable(shown)

    def _pair(self, pair: str) -> str:
        name, equals, _ = pair.partition("=")
        if unquote_plus(name) in self._query:
            return pair
        # Without a "=" it may be a value as well as a name.
        return f"{name}={HIDDEN}" if equals else HIDDEN

    def headers(self, headers: "CIMultiDict[str] | CIMultiDictProxy[str]") -> Mapping[str, str]:
        """Headers by their names, several of a name with commas between them."""
        shown: dict[str, str] = {}
        for name in list(dict.fromkeys(headers))[:_MAX_FIELDS]:
            is_secret = self._is_secret(name.lower())
            values = [HIDDEN] if is_secret else map(without_queries, headers.getall(name))
            shown[printable(name)] = printable(", ".join(values))
        return shown

    def _is_secret(self, name: str) -> bool:
        if name in self._headers:
            return True
        return name not in _SHOWN and any(word in name for word in SECRET_WORDS)


def without_queries(text: str) -> str:
    """A text that may have URLs in it: no user-info, and nothing from the first query on.

    Where a query ends in a text nobody can say: some servers send spaces in it.
    """
    begin = _QUERY.search(text)
    shown = text if begin is None else f"{text[: begin.end()]}{HIDDEN}"
    return printable(without_credentials(shown))


def printable(text: str) -> str:
    """A text on one line, cut at its end if it is long.

    Characters that no printer has, as line ends, escape sequences, those that turn the direction
    of writing, and what could not be decoded, are written as in a literal of Python.
    """
    if len(text) > _MAX_CHARACTERS:
        text = f"{text[:_MAX_CHARACTERS]}..."
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )

"""To which requests credentials belong.

A middleware is given credentials and sees all requests of a session, also those to URLs that a
server chose. So credentials are bound to origins (RFC 9110 section 4.3.1): those that the program
names, or else the first one that it asks and that gets them. That is never one that a redirect led
to, and not the plain http one behind an https one.
"""

from collections.abc import Iterable

from yarl import URL

from aioclient._aliases import StrOrURL
from aioclient._message.client_request import ClientRequest, Origin
from aioclient._message.target import HTTP_SCHEMES, target_of


class OwnOrigins:
    """The origins of one middleware's credentials."""

    __slots__ = ("_origins",)

    def __init__(self, origins: StrOrURL | Iterable[StrOrURL] | None) -> None:
        """Raises TypeError and ValueError for what are no http or https URLs, or are none at all.

        Of a URL only scheme, host and port count. With None it is the origin that `bind` is called
        for first.
        """
        self._origins = None if origins is None else _origins_of(origins)

    def __contains__(self, origin: object) -> bool:
        return self._origins is not None and origin in self._origins

    def include(self, request: ClientRequest) -> bool:
        """May this request have the credentials?

        Only if both its URL and the one that the program asked for are of these origins: what led
        from one of others to this was no wish of the program.
        """
        origin, first = request.origin, request.first_origin
        if request.is_downgraded:
            return False
        return origin == first if self._origins is None else origin in self and first in self

    def bind(self, request: ClientRequest) -> bool:
        """The request gets them: its origin is the only one from now on, if none was named.

        False, as of `include`, if it may not have them.
        """
        if not self.include(request):
            return False
        if self._origins is None:
            self._origins = frozenset([request.origin])
        return True


def _origins_of(given: StrOrURL | Iterable[StrOrURL]) -> frozenset[Origin]:
    found = frozenset(
        _origin_of(url) for url in ([given] if isinstance(given, str | URL) else given)
    )
    if not found:
        raise ValueError("origins must name at least one origin, or be None")
    return found


def _origin_of(given: StrOrURL) -> Origin:
    if not isinstance(given, str | URL):
        raise TypeError(f"origins must be str or URL, not {type(given).__name__}")
    url = URL(given)
    if url.scheme not in HTTP_SCHEMES or not url.host:
        raise ValueError("origins must be URLs that begin with http:// or https://")
    return Origin.of(target_of(url, None))

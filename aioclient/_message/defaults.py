"""What a session says for all its requests."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from multidict import CIMultiDict
from yarl import URL

from aioclient._aliases import JSONEncoder
from aioclient._auth.basic import BasicAuth
from aioclient._message.request import Wishes
from aioclient._message.target import HTTP_SCHEMES
from aioclient._net.route import TlsWish

if TYPE_CHECKING:
    from aioclient._message.proxying import Proxying


class Defaults(NamedTuple):
    """What a session says for all its requests."""

    base_url: URL | None
    headers: CIMultiDict[str]
    json_serialize: JSONEncoder
    wishes: Wishes = Wishes()
    #: Seconds to wait for a 100 response, where a request wants to wait.
    expect_100_s: float = 1.0
    base_url_origin_only: bool = False
    auth: BasicAuth | None = None
    skip_auto_headers: frozenset[str] = frozenset()
    minor_version: int = 1
    #: For the origin that `auth` is for.
    cookies: Sequence[tuple[str, str]] | None = None
    #: Credentials for a host.
    netrc: Callable[[str], BasicAuth | None] | None = None
    #: Of URLs that can be asked for.
    schemes: frozenset[str] = HTTP_SCHEMES
    #: Of requests that bring no wish of their own.
    ssl: TlsWish = True
    #: None: no proxies but those of a request, if the connector allows any.
    proxying: "Proxying | None" = None
    allows_proxies: bool = True

    @property
    def has_secrets(self) -> bool:
        """Is there something that some hosts get, and others must not?"""
        return self.auth is not None or self.cookies is not None or self.netrc is not None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # without what it has: some are credentials

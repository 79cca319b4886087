"""What programs replace or look at in a session that know aiohttp's from inside.

Tools that record, mock or watch requests replace `ClientSession._request`: then every request goes
through what they put there. The rest only tells what the session has. All of it is listed in
docs/compatibility.md, and nothing else of a session's inside is meant for others.
"""

import asyncio
from typing import TYPE_CHECKING, Unpack, cast

from multidict import CIMultiDict
from yarl import URL

from aioclient._aliases import LooseHeaders, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._message.defaults import Defaults
from aioclient._message.options import RaiseForStatus, RequestOptions
from aioclient._message.request_headers import checked_headers
from aioclient._message.response import ClientResponse
from aioclient._message.session_cookies import SessionCookies
from aioclient._timeout import ClientTimeout

if TYPE_CHECKING:
    from aioclient._cookies.abstract import AbstractCookieJar
    from aioclient._session.send import Sender
    from aioclient._session.session import ClientSession

_FOLLOWING = frozenset({"GET", "OPTIONS"})
_WITH_DATA = frozenset({"PATCH", "POST", "PUT"})


class SessionHooks:
    """The hooks of `ClientSession`."""

    _defaults: Defaults
    _cookies: SessionCookies
    _sender: "Sender"

    async def _request(
        self, method: str, str_or_url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> ClientResponse:
        """Send a request. What replaces this is given every request of the session."""
        session = cast("ClientSession", self)
        return await self._sender.send(method.upper(), str_or_url, options, session, True)

    def _build_url(self, str_or_url: StrOrURL) -> URL:
        """The URL that a request to this is for."""
        base, url = self._defaults.base_url, URL(str_or_url)
        return url if base is None or url.absolute else base.join(url)

    def _prepare_headers(self, headers: LooseHeaders | None) -> CIMultiDict[str]:
        """The headers of a request that brings these: they take the place of the session's."""
        merged = self._defaults.headers.copy()
        if headers:
            merged.update(checked_headers(headers))
        return merged

    @property
    def _base_url(self) -> URL | None:
        return self._defaults.base_url

    @property
    def _cookie_jar(self) -> "AbstractCookieJar":
        return self._cookies.jar

    @property
    def _default_headers(self) -> CIMultiDict[str]:
        return self._defaults.headers

    @property
    def _default_auth(self) -> BasicAuth | None:
        return self._defaults.auth

    @property
    def _timeout(self) -> ClientTimeout:
        return self._defaults.wishes.timeout

    @property
    def _raise_for_status(self) -> RaiseForStatus:
        return self._defaults.wishes.raise_for_status

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


async def through_hook(
    session: SessionHooks, method: str, url: StrOrURL, options: RequestOptions
) -> ClientResponse:
    """The response that what replaces `_request` gives.

    It is told the options that the methods of aiohttp's session always name.
    """
    told = options.copy()
    if method in _FOLLOWING:
        told.setdefault("allow_redirects", True)
    elif method in _WITH_DATA:
        told.setdefault("data", None)
    return await session._request(method, url, **told)  # noqa: SLF001 - a hook

"""What a response is made of that no server sent: for programs that stand in for one.

Such a program makes a `ClientResponse` as aiohttp's, and sets what it is to have. So there is a
request of which nothing is known but what was asked, and an exchange that is over.
"""

import asyncio
from typing import Any, cast

from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping
from yarl import URL

from aioclient._connection.exchange import Exchange
from aioclient._connection.prompt_future import PromptFuture
from aioclient._http.events import FieldLines, FieldSection, RequestHead, ResponseHead
from aioclient._http.request_info import RequestInfo
from aioclient._message.request import Request, Wishes
from aioclient._message.target import Target
from aioclient._net.link_facts import LinkFacts
from aioclient._net.route import Route


class _RequestByHand(Request):
    """A request that was never sent."""

    __slots__ = ("_info",)

    def __init__(self, method: str, url: URL, info: RequestInfo | None) -> None:
        bare = url if url.raw_user is None and url.raw_password is None else url.with_user(None)
        route = Route(url.raw_host or "", url.port or 0, url.scheme == "https", True)
        target = Target(bare, route, None)
        head = RequestHead(method, target.path_and_query, target.authority, FieldLines(b""))
        super().__init__(target, route, head, None, Wishes())
        self._info = info

    def info(self) -> RequestInfo:
        """What the program says that was asked."""
        if self._info is not None:
            return self._info
        headers: CIMultiDict[str] = CIMultiDict()
        target = self.target
        return RequestInfo(target.url, self.head.method, CIMultiDictProxy(headers), target.real_url)


class _NoWaiter:
    """Nobody waits for the head: it is there as soon as the program sets it."""

    __slots__ = ("loop",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def done(self) -> bool:
        """Is the head there?"""
        return True


def parts_by_hand(
    method: str, url: URL | str, info: RequestInfo | None, loop: asyncio.AbstractEventLoop
) -> tuple[Request, ResponseHead, Exchange]:
    """Request, head and exchange of a response without a status, without headers or body."""
    request = _RequestByHand(method, URL(url), info)
    waiter = cast("PromptFuture[None]", _NoWaiter(loop))
    exchange = Exchange(waiter, _nothing_to_give_back, None)
    exchange.has_ended = True
    exchange.facts = LinkFacts(asyncio.BaseTransport())  # which has nothing to say
    # As in aiohttp: None until the program has set it.
    return request, head_of(cast("int", None), cast("str", None), CIMultiDict()), exchange


def head_of(status: int, reason: str, headers: MultiMapping[str]) -> ResponseHead:
    """The head that has these headers."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    section = FieldSection(f"{lines}\r\n".encode("utf-8", "surrogateescape"))
    # What the program sets as the body is the body: no content coding is left to undo.
    known: dict[str, Any] = {"content_encoding": None}
    for name in (
        "content-length",
        "transfer-encoding",
        "connection",
        "content-type",
        "location",
        "keep-alive",
    ):
        values = [value for other, value in headers.items() if other.lower() == name]
        joined = ", ".join(values).encode("utf-8", "surrogateescape") if values else None
        known[name.replace("-", "_")] = joined
    has_set_cookie = any(name.lower() == "set-cookie" for name in headers)
    return ResponseHead(status, reason, 1, section, has_set_cookie=has_set_cookie, **known)


def _nothing_to_give_back(reusable: bool) -> None:
    """No connection was taken."""

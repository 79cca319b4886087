"""A tunnel through an HTTP proxy (RFC 9110 section 9.3.6).

The proxy is asked by CONNECT to pass bytes on to another host. Once it agrees, the link to it is
handed on to whoever wanted a link to that host, with TLS or without: from then on nothing of this
module is in the way. Nothing that is meant for the host is sent before.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient._http.events import END_OF_MESSAGE, Event, FieldLines, RequestHead, ResponseHead
from aioclient._http.fields import to_multidict
from aioclient._http.header_names import HOST, PROXY_AUTHORIZATION
from aioclient._http.request_info import RequestInfo
from aioclient._http.user_agent import USER_AGENT_VALUE
from aioclient._http1.head_writer import write_field_lines
from aioclient._http1.machine import Http1Machine
from aioclient._net.link import Link, Receiver
from aioclient._net.route import Proxy, Route
from aioclient.errors import ClientHttpProxyError, ClientProxyConnectionError

if TYPE_CHECKING:
    from aioclient._auth.proxy_digest import ProxyAnswers

#: So much of the page that a refusal comes with is kept for the error, if it comes in this time.
MAX_REFUSAL_BYTES: Final = 64 * 1024
REFUSAL_S: Final = 1.0


class Tunnel:
    """Receives what a proxy answers; `receiver` gets the link when that is a tunnel.

    `answers` are given to a proxy that asks for Digest. `opened` has the head of the proxy's answer
    when there is a tunnel. Else it has a ClientHttpProxyError for an answer that refuses, or a
    ClientProxyConnectionError.

    Raises ValueError for what cannot be asked of the proxy.
    """

    __slots__ = (
        "_body",
        "_head",
        "_link",
        "_loop",
        "_machine",
        "_proxy",
        "_receiver",
        "_request",
        "_route",
        "_timer",
        "opened",
    )

    def __init__(
        self,
        route: Route,
        proxy: Proxy,
        receiver: Receiver,
        loop: asyncio.AbstractEventLoop,
        answers: "ProxyAnswers | None" = None,
    ) -> None:
        self._route = route
        self._proxy = proxy
        self._receiver = receiver
        self._loop = loop
        self._machine = Http1Machine()
        authority = _authority(route)
        # Here, and not when there is a link: an error in its callback would reach nobody.
        lines = _field_lines(proxy)
        if answers is not None and (value := answers.field("CONNECT", authority)) is not None:
            lines = FieldLines(lines + write_field_lines(((PROXY_AUTHORIZATION, value),)))
        self._request = self._machine.request(RequestHead("CONNECT", authority, authority, lines))
        self._link: Link | None = None
        self._head: ResponseHead | None = None
        self._body = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self.opened: asyncio.Future[ResponseHead] = loop.create_future()

    def abort(self) -> None:
        """Give it up, link and all."""
        self._stop_timer()
        if self._link is not None:
            self._link.abort()

    # --- for the link to the proxy ---------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """Ask for the tunnel."""
        self._link = link
        link.write(self._request)

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """The proxy answers; after an answer that agrees, the bytes are not its own any more."""
        self._hear(self._machine.receive(data), data)

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The proxy says nothing more."""
        self._hear(self._machine.receive_eof(), b"")

    def link_lost(self, error: Exception | None) -> None:
        """The link to the proxy is gone."""
        self._break_off(error or ConnectionResetError("it closed the connection"))

    # --- the answer ------------------------------------------------------------------------------

    def _hear(self, events: Sequence[Event], data: memoryview | bytes) -> None:
        for event in events:
            if isinstance(event, ResponseHead):
                if event.status >= 200:
                    self._head = event
            elif isinstance(event, bytes):
                self._body += event
            elif isinstance(event, Exception):
                self._break_off(event)
        head = self._head
        if head is None or self.opened.done():
            return
        if head.status < 300:
            # Any of these (RFC 9110 section 9.3.6), and none has a body.
            self._hand_on(head, data[len(data) - self._machine.surplus :])
        elif END_OF_MESSAGE in events or len(self._body) >= MAX_REFUSAL_BYTES:
            self._refuse(head)
        elif self._timer is None:
            self._timer = self._loop.call_later(REFUSAL_S, self._refuse, head)

    def _break_off(self, error: Exception) -> None:
        """Nothing more can be heard: of a refusal that is only the page, or the rest of it."""
        if self._head is not None:
            self._refuse(self._head)
        else:
            self._fail(error)

    def _hand_on(self, head: ResponseHead, rest: memoryview | bytes) -> None:
        link = self._link
        if link is None:
            return
        link.facts.forget_tls()
        link.receiver = self._receiver
        self.opened.set_result(head)
        self._receiver.link_made(link)
        if rest:
            self._receiver.bytes_arrived(rest)

    def _refuse(self, head: ResponseHead) -> None:
        self.abort()
        if self.opened.done():
            return
        sent: CIMultiDict[str] = CIMultiDict({HOST: _authority(self._route)})
        url = URL.build(scheme=self._proxy.scheme, host=self._proxy.host, port=self._proxy.port)
        self.opened.set_exception(
            ClientHttpProxyError(
                # Of the headers only this one: the others may be secrets.
                RequestInfo(url, "CONNECT", CIMultiDictProxy(sent)),
                (),
                status=head.status,
                message=head.reason,
                headers=CIMultiDictProxy(to_multidict(head.field_section)),
                body=bytes(self._body[:MAX_REFUSAL_BYTES]),
            )
        )

    def _fail(self, error: Exception) -> None:
        self.abort()
        if self.opened.done():
            return
        cause = error if isinstance(error, OSError) else OSError(None, f"its answer: {error}")
        failure = ClientProxyConnectionError(self._proxy.route, cause)
        failure.__cause__ = error
        self.opened.set_exception(failure)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _authority(route: Route) -> str:
    """RFC 9112 section 3.2.3: host and port, always both. A zone means nothing to the proxy."""
    host = route.host
    if ":" not in host:
        return f"{host}:{route.port}"  # a name may have a "%" in it, and that is no zone
    return f"[{host.partition('%')[0]}]:{route.port}"


def _field_lines(proxy: Proxy) -> FieldLines:
    lines = proxy.all_field_lines
    if b"\r\nuser-agent:" in b"\r\n" + lines.lower():
        return lines
    return FieldLines(write_field_lines((("User-Agent", USER_AGENT_VALUE),)) + lines)

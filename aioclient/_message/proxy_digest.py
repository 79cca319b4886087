"""Digest authentication of requests that a proxy forwards, as their innermost middleware."""

from typing import TYPE_CHECKING

from aioclient._auth.proxy_digest import ProxyDigestAuth
from aioclient._http.header_names import PROXY_AUTHORIZATION
from aioclient._message.client_request import ClientRequest
from aioclient._message.response import ClientResponse

if TYPE_CHECKING:
    from aioclient._message.handler import ClientHandlerType


async def answer_proxy(request: ClientRequest, handler: "ClientHandlerType") -> ClientResponse:
    """Send a request, and once more if the proxy that forwards it asks who it is from (407)."""
    proxy = request.forwarding_proxy
    if proxy is None or not isinstance(proxy.auth, ProxyDigestAuth):
        return await handler(request)
    answers = proxy.auth.answers((proxy.scheme, proxy.host, proxy.port))
    while True:
        body = await request.sent_body() if answers.needs_body else b""
        value = answers.field(request.method, request.request_target, body)
        if value is not None:
            request.headers[PROXY_AUTHORIZATION] = value
        try:
            response = await handler(request)
        finally:
            request.headers.popall(PROXY_AUTHORIZATION, None)
        if response.status != 407:
            if value is not None:
                answers.accepted(response.headers.getall("Proxy-Authentication-Info", ()))
            return response
        fields = response.headers.getall("Proxy-Authenticate", ())
        has_body = await request.sent_body() is not None
        if not answers.challenged(fields, has_body) or not request.can_be_sent_again:
            return response

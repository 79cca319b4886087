"""Digest authentication of requests that a proxy forwards, as their innermost middleware.

The answer is not among the headers of the request: those are shown, by `request_info` for one, and
go along with redirects.
"""

from typing import TYPE_CHECKING

from aioclient._auth.challenge import parse_challenges
from aioclient._auth.digest import DigestChallenge, strongest_challenge
from aioclient._auth.proxy_digest import ProxyDigestAuth
from aioclient._http.events import FieldLines
from aioclient._http.header_names import PROXY_AUTHORIZATION
from aioclient._http1.head_writer import write_field_lines
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
            request.proxy_lines = write_field_lines(((PROXY_AUTHORIZATION, value),))
        try:
            response = await handler(request)
        finally:
            request.proxy_lines = FieldLines(b"")
        if response.status != 407:
            if value is not None:
                answers.accepted(response.headers.getall("Proxy-Authentication-Info", ()))
            return response
        if not answers.challenged(await _challenge(request, response)):
            return response
        if not request.can_be_sent_again:
            answers.postpone()
            return response


async def _challenge(request: ClientRequest, response: ClientResponse) -> DigestChallenge | None:
    """What to answer, if there is anything: it may be about a body that is gone."""
    challenges = parse_challenges(response.headers.getall("Proxy-Authenticate", ()))
    challenge = strongest_challenge(challenges)
    if challenge is not None and challenge.needs_body and await request.sent_body() is None:
        return strongest_challenge(challenges, has_body=False)
    return challenge

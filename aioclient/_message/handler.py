"""What stands between a caller and the sending of a request."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aioclient._message.client_request import ClientRequest
from aioclient._message.response import ClientResponse

#: Sends a request and gives its response, or is the next middleware, which does.
ClientHandlerType: TypeAlias = Callable[[ClientRequest], Awaitable[ClientResponse]]
#: Is given a request and what to send it by, and gives the response.
ClientMiddlewareType: TypeAlias = Callable[
    [ClientRequest, ClientHandlerType], Awaitable[ClientResponse]
]

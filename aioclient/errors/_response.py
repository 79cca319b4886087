"""The server answered, and its answer is an error, or not what was asked for."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from ._root import ClientError, without_user_info

if TYPE_CHECKING:  # of floors above: for their types only
    from aioclient._http.request_info import RequestInfo
    from aioclient._message.response import ClientResponse


class ClientResponseError(ClientError):
    """The server answered, and the answer counts as an error.

    Attributes: `request_info` (URL, method and headers sent), `history` (earlier responses of a
    redirect chain), `status` (0 if there is none), `message`, the response's `headers`, and `body`
    (new here: how the body begins, as far as it was read; empty if it was not). `code` is a
    deprecated name of `status`.

    Pickling and `copy.deepcopy` leave of each response in `history` what can be kept: a tuple with
    its `status`, `reason`, `method`, `url`, `real_url`, `headers` and `request_info`.
    """

    def __init__(
        self,
        request_info: "RequestInfo",
        history: "tuple[ClientResponse, ...]",
        *,
        code: int | None = None,
        status: int | None = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(request_info, history)
        if code is not None:
            if status is not None:
                raise ValueError("code is a deprecated name of status: give one of them")
            warnings.warn("code is deprecated, use status", DeprecationWarning, stacklevel=2)
            status = code
        self.request_info = request_info
        self.history = history
        self.status: int = status or 0
        self.message = message
        self.headers = headers
        self.body = body

    @property
    def code(self) -> int:
        """The deprecated name of `status`."""
        warnings.warn("code is deprecated, use status", DeprecationWarning, stacklevel=2)
        return self.status

    @code.setter
    def code(self, value: int) -> None:
        warnings.warn("code is deprecated, use status", DeprecationWarning, stacklevel=2)
        self.status = value

    def __copy__(self) -> Self:
        again = type(self).__new__(type(self), *self.args)
        vars(again).update(vars(self))
        return again

    def __reduce__(self) -> tuple[object, ...]:
        # Late: rarely needed.
        from ._pickling import new_without_init, picklable_headers, picklable_response

        history = tuple(picklable_response(response) for response in self.history)
        args = (history if arg is self.history else arg for arg in self.args)
        state = vars(self) | {"history": history, "headers": picklable_headers(self.headers)}
        return new_without_init, (type(self), *args), state

    def __str__(self) -> str:
        url = without_user_info(str(self.request_info.real_url))
        return f"{self.status}, message={self.message!r}, url={url!r}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class ContentTypeError(ClientResponseError):
    """The response's media type is not the one that was expected."""


class TooManyRedirects(ClientResponseError):
    """`max_redirects` were followed, and the last response redirects again.

    `history` has all responses; `status` is 0.
    """


class WSServerHandshakeError(ClientResponseError):
    """The server did not agree to speak WebSocket."""


class ClientHttpProxyError(ClientResponseError):
    """A proxy refused to open a tunnel; `request_info` is about the proxy.

    Of its headers there is only Host, which says where the tunnel was to lead.
    """

    def __str__(self) -> str:
        headers: Mapping[str, str] = getattr(self.request_info, "headers", {})
        host = headers.get("Host")
        return f"{super().__str__()}, tunnel to {host}" if host else super().__str__()

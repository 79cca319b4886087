"""What remains of a response and its request in a pickle.

Not the response, whose body and connection belong to one process, but a `PastResponse`; and
read-only headers, which cannot be pickled, in a form that comes out as such headers again.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, Self, TypeVar, runtime_checkable

from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy

from ._root import RequestFacts, without_user_info

_ErrorT = TypeVar("_ErrorT", bound=BaseException)


@runtime_checkable
class ResponseFacts(Protocol):
    """What remains of a response in a pickle: `ClientResponse` has it."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> object: ...
    @property
    def real_url(self) -> object: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def request_info(self) -> RequestFacts: ...


class PastResponse(NamedTuple):
    """The head of a response that came out of a pickle, by the names that `ClientResponse` has."""

    status: int
    reason: str | None
    method: str
    url: object
    real_url: object
    headers: Mapping[str, str]
    request_info: RequestFacts

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (*self[:5], picklable_headers(self.headers), self.request_info)

    def __repr__(self) -> str:
        # Without the headers: some are credentials.
        url = without_user_info(str(self.url))
        return f"<{type(self).__name__} {self.method} {url} [{self.status} {self.reason}]>"


def picklable_response(response: object) -> object:
    """What to pickle for one of the earlier responses; anything else stays what it is."""
    if isinstance(response, PastResponse) or not isinstance(response, ResponseFacts):
        return response
    return PastResponse(
        response.status,
        response.reason,
        response.method,
        response.url,
        response.real_url,
        response.headers,
        response.request_info,
    )


class _ReadOnlyHeaders:
    """Takes the place of read-only headers in a pickle; out of that come the headers."""

    __slots__ = ("_headers",)

    def __init__(self, headers: MultiDictProxy[str]) -> None:
        self._headers = headers

    def __reduce__(self) -> tuple[object, ...]:
        return read_only_headers, ([(str(name), text) for name, text in self._headers.items()],)


def read_only_headers(pairs: list[tuple[str, str]]) -> CIMultiDictProxy[str]:
    """Case-insensitive headers that nobody can change."""
    return CIMultiDictProxy(CIMultiDict(pairs))


def picklable_headers(headers: Mapping[str, str] | None) -> object:
    """What to pickle for headers: those of messages are multidicts that cannot be pickled."""
    return _ReadOnlyHeaders(headers) if isinstance(headers, MultiDictProxy) else headers


def new_without_init(kind: type[_ErrorT], *args: object) -> _ErrorT:
    """An exception with these `args` and without attributes, which are set later."""
    return kind.__new__(kind, *args)

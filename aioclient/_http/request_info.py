"""What was asked, for whoever has the answer or the error."""

from typing import NamedTuple, Self

from multidict import CIMultiDictProxy
from yarl import URL

from aioclient.errors import without_user_info


class _RequestInfo(NamedTuple):
    """Its fields, all of which have to be given."""

    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_RequestInfo):
    """What was asked: `url` without its fragment, `real_url` with it, and the headers sent.

    It can be pickled, with all headers. Made without a `real_url`, it has `url` in its place.
    """

    __slots__ = ()

    def __new__(
        cls, url: URL, method: str, headers: CIMultiDictProxy[str], real_url: URL | None = None
    ) -> Self:
        """A tuple of the four."""
        return super().__new__(cls, url, method, headers, url if real_url is None else real_url)

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from aioclient.errors._pickling import picklable_headers  # late: rarely needed

        headers = picklable_headers(self.headers)
        return type(self), (self.url, self.method, headers, self.real_url)

    def __repr__(self) -> str:
        # Without the headers: some are credentials.
        return f"RequestInfo(method={self.method!r}, url={without_user_info(str(self.url))!r})"

"""Type aliases that more than one room uses."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, SupportsInt, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy, istr
from yarl import URL

if TYPE_CHECKING:  # it takes time to load, and most programs have no use for it
    from http.cookies import BaseCookie, Morsel

StrOrURL: TypeAlias = str | URL

LooseHeaders: TypeAlias = (
    Mapping[str, str]
    | Mapping[istr, str]
    | CIMultiDict[str]
    | CIMultiDictProxy[str]
    | Iterable[tuple[str | istr, str]]
)
#: Field names and values as they stood on the wire.
RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]

LooseCookie: TypeAlias = "str | BaseCookie[str] | Morsel[str]"
#: A BaseCookie is one of the mappings.
LooseCookies: TypeAlias = Mapping[str, "LooseCookie"] | Iterable[tuple[str, "LooseCookie"]]

QueryVariable: TypeAlias = str | SupportsInt | float
Query: TypeAlias = (
    str
    | Mapping[str, QueryVariable | Sequence[QueryVariable]]
    | Sequence[tuple[str, QueryVariable | Sequence[QueryVariable]]]
    | None
)

BytesLike: TypeAlias = bytes | bytearray | memoryview
#: What a request body may be made of: bytes, text, a file, the fields of a form, an async iterable
#: of bytes, a Payload, or a value of any type that a payload was registered for.
BodyData: TypeAlias = object

# A JSON value is whatever the caller's encoder takes or decoder returns: the one honest `Any`.
JSONEncoder: TypeAlias = Callable[[Any], str | bytes]
JSONBytesEncoder: TypeAlias = Callable[[Any], bytes]
JSONDecoder: TypeAlias = Callable[[str], Any]
JSONBytesDecoder: TypeAlias = Callable[[bytes], Any]

"""What aiohttp has for its own use, and others took to using."""

import asyncio
import netrc
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

from multidict import MultiDict, MultiDictProxy, MultiMapping
from propcache.api import under_cached_property as reify  # it comes with yarl
from yarl import URL

from aioclient._auth.basic import BasicAuth, encode_basic_auth
from aioclient._auth.netrc import default_paths
from aioclient._body.content_disposition import content_disposition_header as _write_disposition
from aioclient._body.file_payload import guessed_filename
from aioclient._http.values import media_type, parse_parameters
from aioclient._net.names import numeric_address
from aioclient._net.proxy_environment import ProxyEnvironment
from aioclient._timeout import UNSET as sentinel
from aioclient._timeout import Unset as _SENTINEL

_T = TypeVar("_T")
_ETAG_CHARACTERS: Final = r"[!\x23-\x7e\x80-\xff]*"


class noop:  # noqa: N801 - the name that users know
    """Something to await that has happened already."""

    def __await__(self) -> Iterator[None]:
        return iter(())


class BaseTimerContext:
    """A time limit of the block that it is put around; this one is none."""

    def assert_timeout(self) -> None:
        """Raise TimeoutError if the time is over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class TimerNoop(BaseTimerContext):
    """No time limit: what tests give as `timer` to a response that they make."""


class HeadersMixin:
    """What some headers say, for a class that has them in `_headers`."""

    _headers: MultiMapping[str]

    def _media_type(self) -> Any:
        value = self._headers.get("Content-Type")
        return media_type(None if value is None else value.encode("utf-8", "surrogateescape"))

    @property
    def content_type(self) -> str:
        """The media type, in lower case; ``application/octet-stream`` without one."""
        return str(self._media_type().essence)

    @property
    def charset(self) -> str | None:
        """The parameter of the media type."""
        charset: str | None = self._media_type().charset
        return charset

    @property
    def content_length(self) -> int | None:
        """The length that is announced."""
        value = self._headers.get("Content-Length")
        return int(value) if value is not None and value.isascii() and value.isdigit() else None


class MimeType(NamedTuple):
    """A media type, taken apart."""

    type: str
    subtype: str
    suffix: str
    parameters: MultiDictProxy[str]


def parse_mimetype(mimetype: str) -> MimeType:
    """Take a media type apart (RFC 9110 section 8.3.1); all in lower case, but the values."""
    essence, _, rest = mimetype.partition(";")
    kind, _, subtype = essence.strip().lower().partition("/")
    subtype, _, suffix = subtype.partition("+")
    parameters: MultiDict[str] = MultiDict()
    for name, value in parse_parameters(rest):
        parameters.add(name.lower(), value)
    return MimeType(kind or "", subtype, suffix, MultiDictProxy(parameters))


def is_ip_address(host: str | None) -> bool:
    """Is it an address, and no name?"""
    return bool(host) and numeric_address((host or "").partition("%")[0], 0) is not None


def strip_auth_from_url(url: URL) -> tuple[URL, BasicAuth | None]:
    """A URL without login and password, and these."""
    if url.raw_user is None and url.raw_password is None:
        return url, None
    return url.with_user(None), BasicAuth(url.user or "", url.password or "")


def netrc_from_env() -> netrc.netrc | None:
    """The user's netrc file ($NETRC, else ~/.netrc), or None if there is none that can be read."""
    named = os.environ.get("NETRC")
    for path in [Path(named)] if named else default_paths(os.name == "nt"):
        try:
            return netrc.netrc(path.expanduser())
        except (OSError, RuntimeError, netrc.NetrcParseError):
            continue
    return None


class ProxyInfo(NamedTuple):
    """A proxy of the environment."""

    proxy: URL
    proxy_auth: BasicAuth | None


def proxies_from_env() -> dict[str, ProxyInfo]:
    """The proxies that the environment names, by scheme of the URLs that they are for."""
    found: dict[str, ProxyInfo] = {}
    environment = ProxyEnvironment()
    for scheme in ("http", "https", "ws", "wss"):
        named = environment.proxy_url(scheme, "", 0)
        if named:
            found[scheme] = ProxyInfo(*strip_auth_from_url(URL(named)))
    return found


def get_env_proxy_for_url(url: URL) -> tuple[URL, BasicAuth | None]:
    """The proxy that the environment names for a URL; LookupError if there is none."""
    named = ProxyEnvironment().proxy_url(url.scheme, url.raw_host or "", url.port or 0)
    if not named:
        raise LookupError(f"no proxy for {url.scheme}://{url.host}")
    return strip_auth_from_url(URL(named))


def guess_filename(obj: object, default: str | None = None) -> str | None:
    """The name of a file, without its folder."""
    return guessed_filename(obj) or default


def content_disposition_header(
    disptype: str, quote_fields: bool = True, _charset: str = "utf-8", **params: str
) -> str:
    """Write a Content-Disposition value; ValueError for what none can have."""
    return _write_disposition(disptype, quote_fields=quote_fields, charset=_charset, params=params)


class ETag(NamedTuple):
    """An entity tag (RFC 9110 section 8.8.3)."""

    value: str
    is_weak: bool = False


def validate_etag_value(value: str) -> None:
    """Raise ValueError for what no entity tag can be."""
    if value != "*" and not re.fullmatch(_ETAG_CHARACTERS, value):
        raise ValueError(f"not an entity tag: {value[:100]!r}")


class ChainMapProxy(Mapping[Any, Any]):
    """Several mappings as one, of which the first that has a key counts; for reading."""

    __slots__ = ("_maps",)

    def __init__(self, maps: Iterable[Mapping[Any, Any]]) -> None:
        self._maps = tuple(maps)

    def __getitem__(self, key: Any) -> Any:
        for each in self._maps:
            if key in each:
                return each[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[Any]:
        merged: dict[Any, None] = {}
        for each in reversed(self._maps):
            merged |= dict.fromkeys(each)
        return iter(merged)

    def __len__(self) -> int:
        return len(set().union(*self._maps))

    def __bool__(self) -> bool:
        return any(self._maps)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._maps))})"


def set_result(fut: "asyncio.Future[_T]", result: _T) -> None:
    """Settle a future, unless that was done."""
    if not fut.done():
        fut.set_result(result)


def set_exception(fut: "asyncio.Future[Any]", exc: BaseException) -> None:
    """Let a future fail, unless it was settled."""
    if not fut.done():
        fut.set_exception(exc)


__all__ = (
    "_SENTINEL",
    "BaseTimerContext",
    "BasicAuth",
    "ChainMapProxy",
    "ETag",
    "HeadersMixin",
    "MimeType",
    "ProxyInfo",
    "TimerNoop",
    "content_disposition_header",
    "encode_basic_auth",
    "get_env_proxy_for_url",
    "guess_filename",
    "is_ip_address",
    "netrc_from_env",
    "noop",
    "parse_mimetype",
    "proxies_from_env",
    "reify",
    "sentinel",
    "set_exception",
    "set_result",
    "strip_auth_from_url",
    "validate_etag_value",
)

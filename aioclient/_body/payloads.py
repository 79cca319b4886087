"""The kinds of payload that few programs need, and the registry that finds one for any value."""

import json as json_module
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from contextlib import aclosing
from enum import Enum
from io import BufferedRandom, BufferedReader, BytesIO, IOBase, StringIO, TextIOBase
from typing import IO, Any, Final, TypeAlias, TypeVar

from multidict import CIMultiDict

from aioclient._aliases import BytesLike, JSONBytesEncoder, JSONEncoder
from aioclient._body.file_payload import (
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    TextIOPayload,
    text_encoding,
)
from aioclient._body.multipart_reader import BodyPartReader
from aioclient._body.payload import (
    AsyncIterablePayload,
    BytesPayload,
    Payload,
    PayloadWriter,
    kind,
    preferred,
)

__all__ = (
    "PAYLOAD_REGISTRY",
    "AsyncIterablePayload",
    "BodyPartReaderPayload",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "Order",
    "Payload",
    "PayloadRegistry",
    "StreamReaderPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "get_payload",
    "has_payload",
    "payload_of",
    "payload_type",
    "register_payload",
    "unwrapped",
)

_Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]] | None
# What makes a payload takes a value of its own type, and its own options.
_Factory: TypeAlias = Callable[..., Payload]
_C = TypeVar("_C", bound=type[Payload])


class StringPayload(BytesPayload):
    """Text, encoded in `encoding`, else the charset of its Content-Type, else UTF-8.

    Raises LookupError for an encoding that Python does not know.
    """

    def __init__(
        self,
        value: str,
        headers: _Headers = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if not isinstance(value, str):
            raise TypeError(f"value must be str, not {kind(value)}")
        if headers is not None:
            headers = CIMultiDict(headers)
        encoding, content_type = text_encoding(encoding, content_type, headers)
        super().__init__(value.encode(encoding), headers, content_type, filename, encoding)


class StringIOPayload(StringPayload):
    """Text in memory, from where it stands to its end; read when the payload is made."""

    def __init__(
        self,
        value: IO[str],
        headers: _Headers = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(value.read(), headers, content_type, filename, encoding)


class JsonPayload(BytesPayload):
    """A value as JSON: text that `dumps` makes of it, encoded, or its bytes as they are."""

    def __init__(
        self,
        value: Any,  # whatever `dumps` takes
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: JSONEncoder = json_module.dumps,
        headers: _Headers = None,
        filename: str | None = None,
    ) -> None:
        data = dumps(value)
        if isinstance(data, str):
            data = data.encode(encoding)
        super().__init__(data, headers, content_type, filename, encoding)


class JsonBytesPayload(BytesPayload):
    """A value as JSON: bytes in UTF-8 that `dumps` makes of it."""

    def __init__(
        self,
        value: Any,  # whatever `dumps` takes
        dumps: JSONBytesEncoder,
        content_type: str = "application/json",
        headers: _Headers = None,
        filename: str | None = None,
    ) -> None:
        super().__init__(dumps(value), headers, content_type, filename, "utf-8")


class StreamReaderPayload(AsyncIterablePayload):
    """A stream that is being received, such as `response.content`, in pieces as they arrive."""

    def __init__(
        self,
        value: Any,  # a StreamReader, of a room above
        headers: _Headers = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(value.iter_any(), headers, content_type, filename, encoding)


class BodyPartReaderPayload(Payload):
    """A part of a multipart body that is being received, its encodings undone."""

    def __init__(
        self,
        value: BodyPartReader,
        headers: _Headers = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if content_type is None:
            content_type = value.headers.get("Content-Type")
        super().__init__(value, headers, content_type, filename or value.filename, encoding)
        names = {"name": value.name, "filename": self.filename}
        known = {key: name for key, name in names.items() if name is not None}
        if known:
            self.set_content_disposition("attachment", quote_fields=True, **known)
        self._is_begun = False

    @property
    def consumed(self) -> bool:
        """Has anybody begun to write it?"""
        return self._is_begun

    async def write(self, writer: PayloadWriter) -> None:
        """Write what arrives of the part, decoded."""
        if self._is_begun:
            raise RuntimeError("the part of a multipart body was used up before")
        self._is_begun = True
        async with aclosing(self._value.iter_decoded()) as pieces:
            async for piece in pieces:
                await writer.write(piece)


# --- the registry --------------------------------------------------------------------------------


class Order(str, Enum):  # noqa: UP042 - as users know it, whose str() is not the value
    """When a factory is asked: among the others, before or after them."""

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class PayloadRegistry:
    """Factories of payloads by the type of the value that they take."""

    def __init__(self, first: list[tuple[_Factory, Any]] | None = None) -> None:
        self._by_order: dict[Order, list[tuple[_Factory, Any]]] = {
            Order.try_first: [] if first is None else first,
            Order.normal: [],
            Order.try_last: [],
        }

    def register(
        self,
        factory: _Factory,
        type: Any,  # noqa: A002 - the name that users know
        *,
        order: Order = Order.normal,
    ) -> None:
        """Let `factory` make the payloads for values of a type, or of a tuple of types.

        Of those of the same order, the one registered first is asked first.
        """
        self._by_order[order].append((factory, type))

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """The payload for a value; the other arguments go to its factory.

        A payload stands for itself. Raises LookupError for a value of no registered type.
        """
        if isinstance(data, Payload):
            return data
        factory = self.factory_for(data)
        if factory is None:
            raise LookupError(f"no payload for values of type {kind(data)}")
        return factory(data, *args, **kwargs)

    def factory_for(self, data: object) -> _Factory | None:
        """What makes the payloads for values like this; None if nothing does."""
        for factories in self._by_order.values():
            for factory, kinds in factories:
                if isinstance(data, kinds):
                    return factory
        return None


def _stream_payload(data: AsyncIterable[BytesLike], *args: Any, **kwargs: Any) -> Payload:
    """The payload for an async iterable; iterating over a StreamReader would give lines."""
    factory = StreamReaderPayload if hasattr(data, "iter_any") else AsyncIterablePayload
    return factory(data, *args, **kwargs)


#: The registry that requests and multipart writers ask.
PAYLOAD_REGISTRY: Final = PayloadRegistry(preferred)
PAYLOAD_REGISTRY.register(BodyPartReaderPayload, BodyPartReader)
PAYLOAD_REGISTRY.register(BytesPayload, (bytes, bytearray, memoryview))
PAYLOAD_REGISTRY.register(StringPayload, str)
PAYLOAD_REGISTRY.register(StringIOPayload, StringIO)
PAYLOAD_REGISTRY.register(TextIOPayload, TextIOBase)
PAYLOAD_REGISTRY.register(BytesIOPayload, BytesIO)
PAYLOAD_REGISTRY.register(BufferedReaderPayload, (BufferedReader, BufferedRandom))
PAYLOAD_REGISTRY.register(IOBasePayload, IOBase)
PAYLOAD_REGISTRY.register(_stream_payload, AsyncIterable, order=Order.try_last)


def register_payload(
    factory: _Factory,
    type: Any,  # noqa: A002 - the name that users know
    *,
    order: Order = Order.normal,
) -> None:
    """Let `factory` make the payloads for values of a type: see `PayloadRegistry.register`."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:  # noqa: N801 - the name that users know
    """A decorator for a class of payloads: it is used for values of this type."""

    def __init__(self, type: Any, *, order: Order = Order.normal) -> None:  # noqa: A002
        self.type = type
        self.order = order

    def __call__(self, factory: _C) -> _C:
        """Register the class."""
        register_payload(factory, self.type, order=self.order)
        return factory


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """The payload for a value: see `PayloadRegistry.get`.

    A file that `tempfile` made is the file that it is wrapped around.
    """
    return PAYLOAD_REGISTRY.get(unwrapped(data), *args, **kwargs)


def has_payload(data: object) -> bool:
    """Would `get_payload` find how to make one?"""
    return isinstance(data, Payload) or PAYLOAD_REGISTRY.factory_for(unwrapped(data)) is not None


def unwrapped(data: Any) -> Any:
    """The file that a file of `tempfile` is wrapped around, else the value itself."""
    return getattr(data, "file", data) if type(data).__module__ == "tempfile" else data


def payload_of(data: Any) -> Payload:
    """The payload for a request's `data`: any registered kind, or the fields of a form.

    Raises TypeError for what is neither.
    """
    from aioclient._body.form import FormData  # late: it asks this module

    if isinstance(data, FormData):
        return data()
    if has_payload(data):
        return get_payload(data)
    if isinstance(data, Mapping | list | tuple):
        return FormData(data)()
    raise TypeError(
        "data must be bytes-like, str, a file, the fields of a form, an async iterable of bytes "
        f"or a Payload, not {kind(data)}"
    )

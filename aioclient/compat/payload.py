"""Request bodies."""

from aioclient._body.payload import AsyncIterablePayload, BytesPayload, Payload
from aioclient._body.payloads import (
    PAYLOAD_REGISTRY,
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    JsonBytesPayload,
    JsonPayload,
    Order,
    PayloadRegistry,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
    register_payload,
)

__all__ = (
    "PAYLOAD_REGISTRY",
    "AsyncIterablePayload",
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
    "payload_type",
    "register_payload",
)

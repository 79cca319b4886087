"""The opening handshake: what a client asks, and whether the answer is a yes (RFC 6455 section 4).

Nothing is mended: an answer that agrees to what was not offered, or is no WebSocket's, is refused
with the reason, since the two sides would not speak the same protocol after it.
"""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from multidict import MultiMapping, istr

from aioclient._http.header_names import CONNECTION
from aioclient._http.values import tokens
from aioclient.errors import shown

from .deflate_offer import EXTENSION_NAME, DeflateOffer, DeflateParameters
from .extensions import parse_extensions

UPGRADE: Final = istr("Upgrade")
ORIGIN: Final = istr("Origin")
SEC_WEBSOCKET_ACCEPT: Final = istr("Sec-WebSocket-Accept")
SEC_WEBSOCKET_EXTENSIONS: Final = istr("Sec-WebSocket-Extensions")
SEC_WEBSOCKET_KEY: Final = istr("Sec-WebSocket-Key")
SEC_WEBSOCKET_PROTOCOL: Final = istr("Sec-WebSocket-Protocol")
SEC_WEBSOCKET_VERSION: Final = istr("Sec-WebSocket-Version")

_VERSION: Final = "13"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")


class HandshakeRefused(ValueError):
    """The server's answer does not open a WebSocket; the message says why."""


class Agreed(NamedTuple):
    """What both sides agreed on: a subprotocol, and how to compress; None: neither."""

    protocol: str | None
    deflate: DeflateParameters | None


def new_key() -> str:
    """A value of Sec-WebSocket-Key: 16 random bytes (section 4.1, item 7)."""
    return base64.b64encode(os.urandom(16)).decode("ascii")


def accept_value(key: str) -> str:
    """The Sec-WebSocket-Accept that answers a key (section 4.2.2, item 5.4)."""
    # It proves that the server speaks WebSocket, and keeps no secret.
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def checked_protocols(protocols: Iterable[str]) -> tuple[str, ...]:
    """The subprotocols to offer, the preferred one first.

    Raises ValueError for what is no token, or is there twice (section 4.1, item 10); TypeError for
    a single string, which would be offered letter by letter. Its words name none of them: browsers
    can send nothing else of their own, so in many a place one of them is a credential.
    """
    if isinstance(protocols, str):
        raise TypeError("protocols must be several strings, not one")
    checked = tuple(protocols)
    for index, protocol in enumerate(checked):
        if _TOKEN.fullmatch(protocol) is None:
            raise ValueError(f"protocols[{index}] is not a token ({_what_is_wrong(protocol)})")
        if checked.count(protocol) > 1:
            raise ValueError(f"protocols[{index}] is offered more than once")
    return checked


def _what_is_wrong(protocol: str) -> str:
    good = _TOKEN.match(protocol)
    position = 0 if good is None else good.end()
    return f"{protocol[position]!r} at {position}" if protocol else "it is empty"


def request_fields(
    key: str,
    protocols: Iterable[str] = (),
    origin: str | None = None,
    offer: DeflateOffer | None = None,
) -> list[tuple[istr, str]]:
    """The fields that make a GET an opening handshake. Raises as `checked_protocols`."""
    fields = [
        (UPGRADE, "websocket"),
        (CONNECTION, "Upgrade"),
        (SEC_WEBSOCKET_VERSION, _VERSION),
        (SEC_WEBSOCKET_KEY, key),
    ]
    if offered := checked_protocols(protocols):
        fields.append((SEC_WEBSOCKET_PROTOCOL, ", ".join(offered)))
    if origin is not None:
        fields.append((ORIGIN, origin))
    if offer is not None:
        fields.append((SEC_WEBSOCKET_EXTENSIONS, str(offer)))
    return fields


def check_response(
    status: int,
    headers: MultiMapping[str],
    key: str,
    protocols: Sequence[str] = (),
    offer: DeflateOffer | None = None,
) -> Agreed:
    """What the answer to a handshake with this key, these subprotocols and this offer agrees to.

    Raises HandshakeRefused if it does not open a WebSocket, or agrees to what was not offered
    (section 4.1, the checks of the server's response, items 1 to 6).
    """
    if status != 101:
        raise HandshakeRefused(f"status is {status}, expected 101")
    _check_token(headers, UPGRADE, "websocket")
    _check_token(headers, CONNECTION, "upgrade")
    _check_accept(headers, key)
    return Agreed(_protocol(headers, protocols), _deflate(headers, offer))


def _check_token(headers: MultiMapping[str], name: istr, token: str) -> None:
    values = headers.getall(name, [])
    # As bytes: among all of Unicode a letter that is not ASCII can have one of these as lower case.
    if token.encode("ascii") not in tokens(b",".join(map(_encoded, values))):
        raise HandshakeRefused(f"{name} is {_shown(values)}, expected {token}")


def _check_accept(headers: MultiMapping[str], key: str) -> None:
    values = headers.getall(SEC_WEBSOCKET_ACCEPT, [])
    if values != [accept_value(key)]:
        raise HandshakeRefused(
            f"{SEC_WEBSOCKET_ACCEPT} is {_shown(values)}, not the one answer to the key"
        )


def _protocol(headers: MultiMapping[str], offered: Sequence[str]) -> str | None:
    values = headers.getall(SEC_WEBSOCKET_PROTOCOL, [])
    if not values:
        return None  # the server may choose none
    # A list of several is none of those that were offered, either.
    if len(values) > 1 or values[0] not in offered:
        # Neither those nor the answer, which may repeat them, or a header of the caller's: see
        # `checked_protocols`.
        raise HandshakeRefused(
            f"{SEC_WEBSOCKET_PROTOCOL} is not one of the {len(offered)} that were offered"
        )
    return values[0]


def _deflate(headers: MultiMapping[str], offer: DeflateOffer | None) -> DeflateParameters | None:
    deflate = None
    try:
        for name, parameters in parse_extensions(headers.getall(SEC_WEBSOCKET_EXTENSIONS, [])):
            if offer is None or name != EXTENSION_NAME:
                raise ValueError(f"extension {name[:100]!r} was not offered")
            if deflate is not None:
                raise ValueError(f"extension {name} is there more than once")
            deflate = offer.agreed(parameters)
    except ValueError as error:
        raise HandshakeRefused(str(error)) from error
    return deflate


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _shown(values: Sequence[str]) -> str:
    return shown(_encoded(", ".join(values))) if values else "missing"

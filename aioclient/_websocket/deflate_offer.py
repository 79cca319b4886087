"""permessage-deflate in the handshake: what is offered, and what may be answered (RFC 7692).

An answer stands or falls as a whole: whoever overlooked a parameter would compress, or inflate, by
other rules than the server (section 7.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

EXTENSION_NAME: Final = "permessage-deflate"

_CLIENT_BITS: Final = "client_max_window_bits"
_SERVER_BITS: Final = "server_max_window_bits"
_CLIENT_NO_TAKEOVER: Final = "client_no_context_takeover"
_SERVER_NO_TAKEOVER: Final = "server_no_context_takeover"
_FLAGS: Final = (_CLIENT_NO_TAKEOVER, _SERVER_NO_TAKEOVER)

#: The window that each side has if nobody speaks of it.
_MAX_BITS: Final = 15
#: What a peer may write (section 7.1.2): decimal, without leading zeros.
_WRITTEN_BITS: Final = {str(bits): bits for bits in range(8, _MAX_BITS + 1)}


class DeflateParameters(NamedTuple):
    """What both sides agreed on. A window of n bits has 2**n bytes."""

    client_max_window_bits: int = _MAX_BITS
    server_max_window_bits: int = _MAX_BITS
    client_no_context_takeover: bool = False
    server_no_context_takeover: bool = False


@dataclass(frozen=True, slots=True)
class DeflateOffer:
    """What the client offers. Raises ValueError for windows that cannot be.

    `client_max_window_bits` (9 to 15) is for what the client sends. With None it uses the largest
    window, and the server cannot ask for a smaller one. The server may choose 8, which is not
    offered, because zlib has no such window to compress with; see `Deflater`.
    `server_max_window_bits` (8 to 15) and `server_no_context_takeover` bind the server: one that
    does not promise them is refused (sections 7.1.1.1 and 7.1.2.1). `client_no_context_takeover`
    is what the client will do, whatever the server says.
    """

    client_max_window_bits: int | None = _MAX_BITS
    server_max_window_bits: int | None = None
    client_no_context_takeover: bool = False
    server_no_context_takeover: bool = False

    def __post_init__(self) -> None:
        _check_bits(_CLIENT_BITS, self.client_max_window_bits, 9)
        _check_bits(_SERVER_BITS, self.server_max_window_bits, 8)

    def __str__(self) -> str:
        """The offer as the value of Sec-WebSocket-Extensions."""
        parts = [EXTENSION_NAME]
        if self.client_max_window_bits is not None:
            parts.append(_bits_text(_CLIENT_BITS, self.client_max_window_bits))
        if self._is_server_bound:
            parts.append(f"{_SERVER_BITS}={self.server_max_window_bits}")
        if self.client_no_context_takeover:
            parts.append(_CLIENT_NO_TAKEOVER)
        if self.server_no_context_takeover:
            parts.append(_SERVER_NO_TAKEOVER)
        return "; ".join(parts)

    @property
    def _is_server_bound(self) -> bool:
        # The largest window binds nobody, so nothing is said of it.
        return self.server_max_window_bits not in (None, _MAX_BITS)

    def agreed(self, answer: Iterable[tuple[str, str | None]]) -> DeflateParameters:
        """What comes of the parameters in the server's answer.

        Raises ValueError if the answer is not one to this offer.
        """
        flags, bits = _read(answer)
        if _CLIENT_BITS in bits and self.client_max_window_bits is None:
            # Section 7.1.2.2
            raise _refusal(f"{_CLIENT_BITS}, which was not offered")
        if self._is_server_bound and _SERVER_BITS not in bits:
            raise _refusal(f"no {_SERVER_BITS}: {self.server_max_window_bits} was asked for")
        server_bits = bits.get(_SERVER_BITS, _MAX_BITS)
        if server_bits > (self.server_max_window_bits or _MAX_BITS):
            raise _refusal(
                f"{_SERVER_BITS}={server_bits}: at most {self.server_max_window_bits} was asked for"
            )
        if self.server_no_context_takeover and _SERVER_NO_TAKEOVER not in flags:
            raise _refusal(f"no {_SERVER_NO_TAKEOVER}, which was asked for")
        return DeflateParameters(
            # A larger window than the offered one is a permission, not a wish.
            min(self.client_max_window_bits or _MAX_BITS, bits.get(_CLIENT_BITS, _MAX_BITS)),
            server_bits,
            self.client_no_context_takeover or _CLIENT_NO_TAKEOVER in flags,
            _SERVER_NO_TAKEOVER in flags,
        )


def deflate_offer(
    compress: int,
    *,
    server_max_window_bits: int | None = None,
    client_no_context_takeover: bool = False,
    server_no_context_takeover: bool = False,
) -> DeflateOffer | None:
    """The offer for `ws_connect(compress=)`: none for 0, else the bits of the client's window.

    Raises ValueError if that is not 0 or 9 to 15, and as `DeflateOffer`.
    """
    offer = DeflateOffer(
        compress or _MAX_BITS,
        server_max_window_bits,
        client_no_context_takeover,
        server_no_context_takeover,
    )
    return offer if compress else None


def _check_bits(name: str, bits: int | None, smallest: int) -> None:
    # No bool: compress=True would be one bit.
    if bits is not None and (type(bits) is not int or not smallest <= bits <= _MAX_BITS):
        raise ValueError(f"{name} must be {smallest} to {_MAX_BITS}, not {bits!r}")


def _bits_text(name: str, bits: int) -> str:
    # Section 7.1.2.2: without a value it says that the server may choose any window.
    return name if bits == _MAX_BITS else f"{name}={bits}"


def _read(answer: Iterable[tuple[str, str | None]]) -> tuple[set[str], dict[str, int]]:
    """The parameters without a value and those with one, each checked by itself (section 7.1)."""
    flags: set[str] = set()
    bits: dict[str, int] = {}
    for name, value in answer:
        if name in flags or name in bits:
            raise _refusal(f"{name} more than once")
        if name in _FLAGS:
            if value is not None:
                raise _refusal(f"a value of {name}, which has none: {value[:100]!r}")
            flags.add(name)
        elif name in (_CLIENT_BITS, _SERVER_BITS):
            # Section 7.1.2.2: in an answer both must have a value.
            if value not in _WRITTEN_BITS:
                got = "no value" if value is None else repr(value[:100])
                raise _refusal(f"{name} with {got}, expected 8 to {_MAX_BITS}")
            bits[name] = _WRITTEN_BITS[value]
        else:
            raise _refusal(f"an unknown parameter: {name[:100]!r}")
    return flags, bits


def _refusal(reason: str) -> ValueError:
    return ValueError(f"{EXTENSION_NAME} was answered with {reason}")

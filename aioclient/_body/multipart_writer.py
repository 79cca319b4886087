"""Multipart bodies, written part by part: RFC 2046 section 5.1, RFC 7578 (forms)."""

import binascii
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode
from uuid import uuid4

from multidict import CIMultiDict

from aioclient._aliases import BytesLike
from aioclient._body.content_encoders import EncodingWriter, checked_coding, encoder_for
from aioclient._body.multipart_framing import check_boundary
from aioclient._body.payload import BytesPayload, Payload, PayloadWriter, as_bytes, kind
from aioclient._body.payloads import JsonPayload, get_payload
from aioclient._http1.head_writer import write_field_lines

#: A multipart body up to this size whose parts are in memory is put together, and sent at once.
_JOINED_BYTES: Final = 64 * 1024
#: Bytes of a part that make a line of base64 (RFC 2045 section 6.8: 76 characters).
_BASE64_LINE_BYTES: Final = 57
#: RFC 2046 section 5.1.1 and RFC 9110 section 5.6.2: what needs no quotes in a header.
_TOKEN: Final = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
#: RFC 7578 sections 4.7 and 4.8: these are not for the parts of a form.
_NOT_IN_FORMS: Final = ("Content-Encoding", "Content-Length", "Content-Transfer-Encoding")


class _Part(NamedTuple):
    payload: Payload
    coding: str | None
    transfer_encoding: str | None

    @property
    def is_plain(self) -> bool:
        return self.coding is None and self.transfer_encoding is None


class MultipartWriter(Payload):
    """A multipart body, for a request's `data` or as a part of another.

    Parts are added by `append` and the like, and written one after the other. What a part's
    Content-Encoding and Content-Transfer-Encoding say is done to it; other parts of known size get
    a Content-Length, except in forms.

    Arguments:
        subtype: ``mixed``, ``form-data``, ``related`` ...
        boundary: the line between parts, of up to 70 characters; a random one by default.

    Raises ValueError for a subtype or boundary that cannot be one.
    """

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        if not subtype or not _TOKEN.issuperset(subtype):
            raise ValueError(f"not a subtype of multipart: {subtype[:100]!r}")
        boundary = uuid4().hex if boundary is None else boundary
        self._boundary = check_boundary(boundary)
        shown = boundary if _TOKEN.issuperset(boundary) else f'"{boundary}"'
        super().__init__(None, None, f"multipart/{subtype}; boundary={shown}")
        self._parts: list[_Part] = []
        self._is_form_data = subtype == "form-data"

    @property
    def boundary(self) -> str:
        """The boundary, without the dashes before it."""
        return self._boundary.decode("ascii")

    # --- parts -----------------------------------------------------------------------------------

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part: a payload, or anything that one can be made of.

        `headers` are header fields of the part. Returns its payload, which may be changed until the
        body is written. Raises TypeError if there is no payload for `obj`.
        """
        if isinstance(obj, Payload):
            if headers is not None:
                obj.headers.update(headers)
            return self.append_payload(obj)
        content_type = None if headers is None else CIMultiDict(headers).get("Content-Type")
        try:
            payload = get_payload(obj, headers=headers, content_type=content_type)
        except LookupError:
            raise TypeError(f"a part of a multipart body cannot be a {kind(obj)}") from None
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a payload as a part.

        Raises ValueError for header fields that a part cannot have: control characters, an unknown
        encoding or, in forms, any encoding or length.
        """
        headers = payload.headers
        write_field_lines(headers.items())  # refuses now what must not be sent
        if self._is_form_data:
            for name in _NOT_IN_FORMS:
                if name in headers:
                    raise ValueError(f"{name} must not be a header of a form's part")
            if "Content-Disposition" not in headers:
                payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")
            part = _Part(payload, None, None)
        else:
            part = _Part(payload, _coding(headers), _transfer_encoding(headers))
            if part.is_plain and payload.size is not None:
                headers["Content-Length"] = str(payload.size)
            elif not part.is_plain:
                headers.popall("Content-Length", None)
        self._parts.append(part)
        return payload

    def append_json(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a value as JSON."""
        return self.append_payload(JsonPayload(obj, headers=headers))

    def append_form(
        self,
        obj: Sequence[tuple[str, str]] | Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add the fields of a form, URL-encoded."""
        data = urlencode(list(obj.items()) if isinstance(obj, Mapping) else obj, doseq=True)
        return self.append_payload(
            BytesPayload(data.encode("ascii"), headers, "application/x-www-form-urlencoded")
        )

    def __iter__(self) -> Iterator[tuple[Payload, str, str]]:
        """The parts: payload, content coding, transfer encoding; ``""`` for none."""
        for payload, coding, transfer_encoding in self._parts:
            yield payload, coding or "", transfer_encoding or ""

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._parts)

    def __bool__(self) -> bool:
        """True, even without parts."""
        return True

    # --- the body --------------------------------------------------------------------------------

    @property
    def size(self) -> int | None:
        """Bytes of the whole body; None if a part does not know its own."""
        total = len(self._end())
        for part in self._parts:
            size = part.payload.size
            if size is None or not part.is_plain:
                return None
            total += len(self._head_of(part)) + size + 2
        return total

    @property
    def at_hand(self) -> bytes | None:
        """The whole body if it is small and all of it in memory."""
        pieces: list[BytesLike] = []
        room = _JOINED_BYTES
        for part in self._parts:
            data = part.payload.at_hand
            if data is None or not part.is_plain or len(data) > room:
                return None
            room -= len(data)
            pieces += (self._head_of(part), data, b"\r\n")
        return b"".join((*pieces, self._end()))

    @property
    def consumed(self) -> bool:
        """Is there a part that was written and cannot be written again?"""
        return any(part.payload.consumed for part in self._parts)

    async def write(self, writer: PayloadWriter, close_boundary: bool = True) -> None:
        """Write all parts, and the line that ends the body unless `close_boundary` is false.

        Raises ValueError for a header of a part that must not be sent, before anything is written
        of that part.
        """
        for part in self._parts:
            await writer.write(self._head_of(part))
            await _write_part(part, writer)
            await writer.write(b"\r\n")
        if close_boundary:
            await writer.write(self._end())

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text, as it is without encodings of parts."""
        text = "".join(
            str(self._head_of(part), "utf-8", "surrogateescape")
            + part.payload.decode(encoding, errors)
            + "\r\n"
            for part in self._parts
        )
        return text + self._end().decode("ascii")

    @property
    def autoclose(self) -> bool:
        """Has no part anything to close?"""
        return all(part.payload.autoclose for part in self._parts)

    async def close(self) -> None:
        """Close every part."""
        for part in self._parts:
            await part.payload.close()

    def _head_of(self, part: _Part) -> bytes:
        """The boundary and the header fields of a part."""
        lines = write_field_lines(part.payload.headers.items())
        return b"--%b\r\n%b\r\n" % (self._boundary, lines)

    def _end(self) -> bytes:
        return b"--%b--\r\n" % self._boundary

    # --- for `with`, which users of this API write -----------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


async def _write_part(part: _Part, writer: PayloadWriter) -> None:
    """Write a part's body: its content coding is applied first, then its transfer encoding."""
    layers: list[EncodingWriter] = []
    if part.transfer_encoding is not None:
        encoder = _Base64() if part.transfer_encoding == "base64" else _QuotedPrintable()
        layers.append(EncodingWriter(writer, encoder))
    if part.coding is not None:
        layers.append(EncodingWriter(layers[-1] if layers else writer, encoder_for(part.coding)))
    await part.payload.write(layers[-1] if layers else writer)
    for layer in reversed(layers):
        await layer.finish()


def _coding(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Content-Encoding", "").strip().lower()
    return checked_coding(value) if value not in ("", "identity") else None


def _transfer_encoding(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Content-Transfer-Encoding", "").strip().lower()
    if value in ("", "7bit", "8bit", "binary"):
        return None
    if value in ("base64", "quoted-printable"):
        return value
    raise ValueError(f"unknown Content-Transfer-Encoding of a part: {value[:100]!r}")


class _Base64:
    """RFC 2045 section 6.8, in lines."""

    def __init__(self) -> None:
        self._rest = b""

    def encode(self, data: BytesLike) -> bytes:
        data = self._rest + as_bytes(data)
        end = len(data) - len(data) % _BASE64_LINE_BYTES
        self._rest = data[end:]
        return b"".join(
            binascii.b2a_base64(data[start : start + _BASE64_LINE_BYTES], newline=False) + b"\r\n"
            for start in range(0, end, _BASE64_LINE_BYTES)
        )

    def finish(self) -> bytes:
        return binascii.b2a_base64(self._rest, newline=False) if self._rest else b""


class _QuotedPrintable:
    """RFC 2045 section 6.7; line ends are encoded, so that any bytes come back as they were."""

    def __init__(self) -> None:
        self._is_first = True

    def encode(self, data: BytesLike) -> bytes:
        lines = binascii.b2a_qp(data, istext=False).replace(b"=\n", b"=\r\n")
        # A soft line break: what was written before may have filled the line.
        start = b"" if self._is_first else b"=\r\n"
        self._is_first = False
        return start + lines

    def finish(self) -> bytes:
        return b""

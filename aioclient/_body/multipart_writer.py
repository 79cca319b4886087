"""Multipart bodies, written part by part: RFC 2046 section 5.1, RFC 7578 (forms)."""

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode
from uuid import uuid4

from multidict import CIMultiDict

from aioclient._aliases import BytesLike
from aioclient._body.content_encoders import EncodingWriter, checked_coding, encoder_for
from aioclient._body.multipart_framing import check_boundary
from aioclient._body.multipart_reader import BodyPartReader
from aioclient._body.payload import BytesPayload, Payload, PayloadWriter, as_bytes, kind
from aioclient._body.payloads import JsonPayload, get_payload, has_payload
from aioclient._http.header_names import CONTENT_ENCODING, CONTENT_LENGTH
from aioclient._http1.head_writer import write_field_lines
from aioclient.errors import UnknownEncodingError

#: A multipart body up to this size whose parts are in memory is put together, and sent at once.
_JOINED_BYTES: Final = 64 * 1024
#: Bytes of a part that make a line of base64 (RFC 2045 section 6.8: 76 characters).
_BASE64_LINE_BYTES: Final = 57
#: RFC 2046 section 5.1.1 and RFC 9110 section 5.6.2: what needs no quotes in a header.
_TOKEN: Final = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_QP_LINE_BYTES: Final = 75  # RFC 2045 section 6.7, item 5: 76 with the "=" at its end
#: What each byte becomes. A blank may stand before the "=" that ends a line.
_QP_BYTES: Final = [
    bytes((byte,)) if byte == 0x09 or (0x20 <= byte < 0x7F and byte != 0x3D) else b"=%02X" % byte
    for byte in range(256)
]
_QP_LINE: Final = re.compile(rb".{1,%d}(?<!=)(?<!=.)" % _QP_LINE_BYTES)  # tears no escape apart
_DISPOSITION: Final = "Content-Disposition"
#: RFC 7578 sections 4.7 and 4.8: these are not for the parts of a form.
_NOT_IN_FORMS: Final = (CONTENT_ENCODING, CONTENT_LENGTH, "Content-Transfer-Encoding")


class MultipartWriter(Payload):
    """A multipart body, for a request's `data` or as a part of another.

    Parts are added by `append` and the like, and written one after the other. What a part's
    Content-Encoding and Content-Transfer-Encoding say, when it is written, is done to it; other
    parts of known size get a Content-Length, except in forms.

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
        if not _TOKEN.issuperset(boundary):
            # RFC 9110 section 5.6.4
            boundary = '"{}"'.format(boundary.replace("\\", r"\\").replace('"', r"\""))
        super().__init__(None, None, f"multipart/{subtype}; boundary={boundary}")
        self._parts: list[Payload] = []
        self._is_form_data = subtype.lower() == "form-data"

    @property
    def boundary(self) -> str:
        """The boundary, without the dashes before it."""
        return self._boundary.decode("ascii")

    # --- parts -----------------------------------------------------------------------------------

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part: a payload, or anything that one can be made of.

        `headers` are header fields of the part. Returns its payload, whose headers may be changed
        until the body is written. Raises TypeError if there is no payload for `obj`, and else as
        `append_payload` does.
        """
        if isinstance(obj, Payload):
            if headers is not None:
                obj.headers.update(headers)
            return self.append_payload(obj)
        if not has_payload(obj):
            raise TypeError(f"a part of a multipart body cannot be a {kind(obj)}")
        payload = get_payload(obj, headers=headers)
        if self._is_form_data and _DISPOSITION not in CIMultiDict(headers or {}):
            payload.headers.popall(_DISPOSITION, None)  # that of a file is not one of a form
            if isinstance(obj, BodyPartReader) and obj.name is not None:
                names = {"name": obj.name}
                if payload.filename is not None:
                    names["filename"] = payload.filename
                # As they came: what the sender percent-encoded still is.
                payload.set_content_disposition("form-data", quote_fields=False, **names)
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a payload as a part.

        Raises ValueError for header fields that a part cannot have: control characters, an unknown
        encoding (UnknownEncodingError) or, in forms, any encoding or length; and for a multipart
        with the boundary of this one.
        """
        if isinstance(payload, MultipartWriter) and payload.boundary == self.boundary:
            # RFC 2046 section 5.1.2
            raise ValueError("multipart in multipart must have a boundary of its own")
        headers = payload.headers
        if self._is_form_data and _DISPOSITION not in headers:
            names = {"name": f"section-{len(self._parts)}"}
            if payload.filename is not None:
                names["filename"] = payload.filename
            payload.set_content_disposition("form-data", quote_fields=True, **names)
        self._head_of(payload)  # refuses now what must not be sent
        if not self._is_form_data:
            length = _content_length(payload)
            headers.popall(CONTENT_LENGTH, None)
            if length is not None:
                headers[CONTENT_LENGTH] = length
        self._parts.append(payload)
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
        for payload in self._parts:
            yield payload, _coding(payload) or "", _transfer_encoding(payload) or ""

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._parts)

    def __bool__(self) -> bool:
        """True, even without parts."""
        return True

    # --- the body --------------------------------------------------------------------------------

    @property
    def size(self) -> int | None:
        """Bytes of the whole body; None if a part does not know its own.

        Raises ValueError for a header of a part that must not be sent.
        """
        total = len(self._end())
        for payload in self._parts:
            size = payload.size
            if size is None or not _is_plain(payload):
                return None
            total += len(self._head_of(payload)) + size + 2
        return total

    @property
    def at_hand(self) -> bytes | None:
        """The whole body if it is small and all of it in memory. Raises as `size` does."""
        pieces: list[BytesLike] = []
        room = _JOINED_BYTES
        for payload in self._parts:
            data = payload.at_hand
            if data is None or not _is_plain(payload) or len(data) > room:
                return None
            room -= len(data)
            pieces += (self._head_of(payload), data, b"\r\n")
        return b"".join((*pieces, self._end()))

    @property
    def consumed(self) -> bool:
        """Is there a part that was written and cannot be written again?"""
        return any(payload.consumed for payload in self._parts)

    async def write(self, writer: PayloadWriter, close_boundary: bool = True) -> None:
        """Write all parts, and the line that ends the body unless `close_boundary` is false.

        Raises ValueError for a header of a part that must not be sent, before anything is written
        of that part.
        """
        for payload in self._parts:
            await writer.write(self._head_of(payload))
            await _write_part(payload, writer)
            await writer.write(b"\r\n")
        if close_boundary:
            await writer.write(self._end())

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text, as it is without encodings of parts."""
        text = "".join(
            str(self._head_of(payload), "utf-8", "surrogateescape")
            + payload.decode(encoding, errors)
            + "\r\n"
            for payload in self._parts
        )
        return text + self._end().decode("ascii")

    @property
    def autoclose(self) -> bool:
        """Has no part anything to close?"""
        return all(part.autoclose for part in self._parts)

    async def close(self) -> None:
        """Close every part."""
        for payload in self._parts:
            await payload.close()

    def _head_of(self, payload: Payload) -> bytes:
        """The boundary and the header fields of a part; ValueError if it must not have them."""
        headers = payload.headers
        if self._is_form_data:
            if _DISPOSITION not in headers:  # RFC 7578 section 4.2
                raise ValueError("the part of a form has no Content-Disposition")
            for name in _NOT_IN_FORMS:
                if name in headers:
                    raise ValueError(f"{name!s} must not be a header of a form's part")
        elif (length := _content_length(payload)) != headers.get(CONTENT_LENGTH):
            # It was changed after it was appended: its encoding, or it has got more parts itself.
            headers = headers.copy()
            headers.popall(CONTENT_LENGTH, None)
            if length is not None:
                headers[CONTENT_LENGTH] = length
        return b"--%b\r\n%b\r\n" % (self._boundary, write_field_lines(headers.items()))

    def _end(self) -> bytes:
        return b"--%b--\r\n" % self._boundary

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.content_type} {len(self)} parts>"

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


async def _write_part(payload: Payload, writer: PayloadWriter) -> None:
    """Write a part's body: its content coding is applied first, then its transfer encoding."""
    layers: list[EncodingWriter] = []
    if (transfer_encoding := _transfer_encoding(payload)) is not None:
        encoder = _Base64() if transfer_encoding == "base64" else _QuotedPrintable()
        layers.append(EncodingWriter(writer, encoder))
    if (coding := _coding(payload)) is not None:
        layers.append(EncodingWriter(layers[-1] if layers else writer, encoder_for(coding)))
    await payload.write(layers[-1] if layers else writer)
    for layer in reversed(layers):
        await layer.finish()


def _is_plain(payload: Payload) -> bool:
    """Is a part's body written as it is?"""
    return _coding(payload) is None and _transfer_encoding(payload) is None


def _content_length(payload: Payload) -> str | None:
    """What a part that is not one of a form says of its length; the caller may know more."""
    if not _is_plain(payload):
        return None
    size = payload.size
    return payload.headers.get(CONTENT_LENGTH) if size is None else str(size)


def _coding(payload: Payload) -> str | None:
    value = payload.headers.get(CONTENT_ENCODING, "").strip().lower()
    if value in ("", "identity"):
        return None
    try:
        return checked_coding(value)
    except ValueError as error:
        raise UnknownEncodingError(
            f"Content-Encoding of a part that is not known or not installed: {value[:100]!r}"
        ) from error


def _transfer_encoding(payload: Payload) -> str | None:
    value = payload.headers.get("Content-Transfer-Encoding", "").strip().lower()
    if value in ("", "7bit", "8bit", "binary"):
        return None
    if value not in ("base64", "quoted-printable"):
        raise UnknownEncodingError(f"unknown Content-Transfer-Encoding of a part: {value[:100]!r}")
    if isinstance(payload, MultipartWriter):
        # RFC 2045 section 6.4: its parts may be encoded, it must not be.
        raise ValueError(f"multipart must not have the Content-Transfer-Encoding {value}")
    return value


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
    """RFC 2045 section 6.7; line ends are encoded, so that any bytes come back as they were.

    `binascii.b2a_qp` makes some lines too long.
    """

    def __init__(self) -> None:
        self._line = b""  # the last one, encoded; more may be put to it

    def encode(self, data: BytesLike) -> bytes:
        *lines, self._line = _QP_LINE.findall(
            self._line + b"".join(map(_QP_BYTES.__getitem__, bytes(data)))
        ) or (b"",)
        return b"".join([line + b"=\r\n" for line in lines])

    def finish(self) -> bytes:
        line = self._line
        if not line.endswith((b" ", b"\t")):
            return line
        start = line[:-1] + (b"=\r\n" if len(line) == _QP_LINE_BYTES else b"")
        return start + b"=%02X" % line[-1]

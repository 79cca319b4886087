"""Forms as request bodies: URL-encoded as a browser sends one without files, else multipart.

URL Standard section 5.2 (application/x-www-form-urlencoded), RFC 7578 (multipart/form-data).
"""

import warnings
from collections.abc import Iterable, Mapping
from io import IOBase, TextIOBase
from typing import Any, Final
from urllib.parse import urlencode

from multidict import MultiDict, MultiDictProxy

from aioclient._body.file_payload import guessed_filename, has_control_character
from aioclient._body.multipart_writer import MultipartWriter
from aioclient._body.payload import BytesPayload, Payload, kind
from aioclient._body.payloads import get_payload, has_payload, unwrapped

URLENCODED: Final = "application/x-www-form-urlencoded"


class _Field:
    """A field: its payload is made once, because it may be one that can be written once."""

    __slots__ = ("content_type", "filename", "name", "payload", "value")

    def __init__(
        self, name: str, value: object, content_type: str | None, filename: str | None
    ) -> None:
        self.name = name
        self.value = value
        self.content_type = content_type
        self.filename = filename
        self.payload: Payload | None = None


class FormData:
    """The fields of a form, for a request's `data`.

    It is sent URL-encoded, or as multipart/form-data if a field has a file, a payload, a file name
    or a content type of its own, or if `default_to_multipart` says so.

    Arguments:
        fields: a mapping, which may be a multidict, or pairs of name and value; as in `add_fields`.
        quote_fields: percent-encode file names, which many receivers then see as ``a%20b.txt``;
            else they are sent as they are, in UTF-8, as browsers do.
        charset: of text; without it UTF-8.
        default_to_multipart: be multipart even if nothing needs it.
    """

    def __init__(
        self,
        fields: Iterable[Any] | Mapping[str, Any] = (),
        quote_fields: bool = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        self._fields: list[_Field] = []
        self._quote_fields = quote_fields
        self._charset = charset
        self._is_multipart = default_to_multipart
        if isinstance(fields, Mapping):
            fields = list(fields.items())
        elif isinstance(fields, str | bytes) or not isinstance(fields, list | tuple):
            fields = (fields,)
        self.add_fields(*fields)

    @property
    def is_multipart(self) -> bool:
        """Will it be sent as multipart/form-data?"""
        return self._is_multipart

    def add_field(
        self,
        name: str,
        value: Any,  # text, a number, or whatever there is a payload for
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add a field.

        Its value is text, a number, a file, or anything that a payload can be made of. A list or
        tuple is the name several times. A file is sent with its own name unless `filename` says
        another. Bytes are sent as a file (deprecated: give a BytesPayload, or `filename`).

        Raises TypeError for what is no name or value, ValueError for a payload that is another
        field's, too, and for control characters in
        `content_type` or `filename`.
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a field of a form must be str, not {kind(name)}")
        for option, text in (("content_type", content_type), ("filename", filename)):
            if text is None:
                continue
            if not isinstance(text, str):
                raise TypeError(f"{option} of a field of a form must be str, not {kind(text)}")
            if has_control_character(text):
                raise ValueError(f"control character in {option} of a form: {text[:100]!r}")
        if content_transfer_encoding is not None:
            warnings.warn(
                "content_transfer_encoding has no effect (RFC 7578 section 4.7)",
                DeprecationWarning,
                stacklevel=2,
            )
            self._is_multipart = True
        if isinstance(value, Payload) and any(field.value is value for field in self._fields):
            raise ValueError(f"the payload of {name!r} is that of another field of the form")
        values = value if isinstance(value, list | tuple) else (value,)
        for one in values:
            if filename is None and content_transfer_encoding is None and _is_bytes(one):
                warnings.warn(
                    "bytes as the value of a form's field are sent as a file; give a BytesPayload "
                    "or a filename",
                    DeprecationWarning,
                    stacklevel=2,
                )
                self._add(_Field(name, one, content_type, name))
            else:
                self._add(_Field(name, _checked(name, one), content_type, filename))

    def _add(self, field: _Field) -> None:
        value = field.value
        if field.filename is None and isinstance(unwrapped(value), IOBase):
            field.filename = guessed_filename(value) or field.name
        if field.filename is not None or field.content_type is not None or not _is_text(value):
            self._is_multipart = True
        self._fields.append(field)

    def add_fields(self, *fields: Any) -> None:
        """Add fields: pairs of name and value, multidicts, or files under their own names.

        Raises TypeError for anything else.
        """
        for field in fields:
            if isinstance(unwrapped(field), IOBase):
                self.add_field(guessed_filename(field) or "unknown", field)
            elif isinstance(field, MultiDict | MultiDictProxy):
                for name, value in field.items():
                    self.add_field(name, value)
            elif isinstance(field, list | tuple) and len(field) == 2:
                self.add_field(field[0], field[1])
            else:
                raise TypeError(
                    f"a field of a form must be a name and a value, or a file, not {kind(field)}"
                )

    def __call__(self) -> Payload:
        """The payload of the form as it is now.

        Raises RuntimeError if a field was sent and cannot be sent again, ValueError for a name that
        no header can carry.
        """
        return self._multipart() if self._is_multipart else self._urlencoded()

    def _urlencoded(self) -> Payload:
        charset = self._charset or "utf-8"
        pairs = [(_text(field.name), _text(field.value)) for field in self._fields]
        content_type = URLENCODED
        if charset.lower() not in ("utf-8", "utf8"):
            content_type += f"; charset={charset}"
        data = urlencode(pairs, encoding=charset).encode("ascii")
        return BytesPayload(data, None, content_type)

    def _multipart(self) -> Payload:
        writer = MultipartWriter("form-data")
        for field in self._fields:
            if field.payload is None:
                field.payload = self._part(field)
            elif field.payload.consumed:
                raise RuntimeError(f"field {field.name!r} of a form cannot be sent a second time")
            writer.append_payload(field.payload)
        return writer

    def _part(self, field: _Field) -> Payload:
        value = field.value
        if isinstance(value, int | float):
            value = _text(value)
        if isinstance(value, Payload):
            part = value
            if field.content_type is not None:
                part.headers["Content-Type"] = field.content_type
        else:
            options: dict[str, str] = {}
            if field.content_type is not None:
                options["content_type"] = field.content_type
            if field.filename is not None:
                options["filename"] = field.filename
            if isinstance(value, str | TextIOBase) and self._charset is not None:
                options["encoding"] = self._charset
            part = get_payload(value, **options)
        names = {"name": field.name}
        filename = part.filename if field.filename is None else field.filename
        if filename is not None:
            names["filename"] = filename
        part.set_content_disposition("form-data", quote_fields=self._quote_fields, **names)
        part.headers.popall("Content-Length", None)  # RFC 7578 section 4.8
        return part


def _is_text(value: object) -> bool:
    return isinstance(value, str | int | float)


def _is_bytes(value: object) -> bool:
    return isinstance(value, bytes | bytearray | memoryview)


def _text(value: object) -> str:
    """Text as it is, also that of an enumeration; the digits of a number."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def _checked(name: str, value: object) -> object:
    """The value, if it can be one."""
    if _is_text(value) or has_payload(value):
        return value
    raise TypeError(
        f"the value of {name!r} in a form must be str, a number, a file or what a payload can be "
        f"made of, not {kind(value)}"
    )

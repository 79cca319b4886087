"""What a certificate says of itself, for the message that it was not accepted.

Python decodes only certificates that it has verified. So the few fields that a message needs are
read from the DER here: each value is a tag, a length and what it holds, and most hold more of them.
Nothing of it decides anything: that is OpenSSL's, which has parsed the whole before.

The form is that of RFC 5280 section 4.1.
"""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from aioclient.errors._tls import CertificateFacts

_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
# Of a GeneralName (RFC 5280 section 4.2.1.6).
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87

_COMMON_NAME: Final = bytes.fromhex("550403")
_ORGANIZATION: Final = bytes.fromhex("55040a")
_SUBJECT_ALT_NAME: Final = bytes.fromhex("551d11")


def certificate_facts(der: bytes, seen_at: datetime | None = None) -> CertificateFacts | None:
    """The facts of a certificate in DER, seen now or at `seen_at`; None if it is not one."""
    try:
        return _facts(der, seen_at or datetime.now(UTC))
    except (ValueError, IndexError, StopIteration):
        return None


def _facts(der: bytes, seen_at: datetime) -> CertificateFacts:
    [(_, certificate)] = _values(der)
    _, signed = next(_values(certificate))
    fields = list(_values(signed))
    if fields[0][0] == _VERSION:
        del fields[0]
    _, _, (_, issuer), (_, validity), *others = fields
    not_before, not_after = (_time(tag, value) for tag, value in _values(validity))
    extensions = next((value for tag, value in others if tag == _EXTENSIONS), b"")
    return CertificateFacts(_names(extensions), _name(issuer), not_before, not_after, seen_at)


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values in a row, each with its tag. Raises ValueError or IndexError if they are cut."""
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:  # so many bytes of length follow
            size_end = at + (size & 0x7F)
            size = int.from_bytes(data[at:size_end])
            at = size_end
        if at + size > len(data):
            raise ValueError("value is cut off")
        yield tag, data[at : at + size]
        at += size


def _time(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    if tag == _UTC_TIME:  # RFC 5280 section 4.1.2.5.1: two digits, from 1950 to 2049
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _name(name: bytes) -> str:
    """What a person would call it by: the common name, or else the organization."""
    parts = {}
    for _, attribute in chain.from_iterable(_values(part) for _, part in _values(name)):
        (_, kind), (_, value) = _values(attribute)
        parts[kind] = value.decode("utf-8", "replace")
    return parts.get(_COMMON_NAME) or parts.get(_ORGANIZATION) or ""


def _names(extensions: bytes) -> tuple[str, ...]:
    names = []
    for _, extension in chain.from_iterable(_values(value) for _, value in _values(extensions)):
        (_, kind), *_, (_, value) = _values(extension)
        if kind == _SUBJECT_ALT_NAME:
            [(_, general_names)] = _values(value)
            for tag, name in _values(general_names):
                if tag == _DNS_NAME:
                    names.append(name.decode("ascii", "backslashreplace"))
                elif tag == _IP_ADDRESS:
                    names.append(str(ipaddress.ip_address(name)))
    return tuple(names)

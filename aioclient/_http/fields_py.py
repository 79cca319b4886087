"""Field section -> raw pairs or a case-insensitive multidict: the Python twin.

A field section comes from a parser that checked it already (``_http1``), or from a protocol that
has pairs and joins them; so nothing is refused here. A line ends with LF, a CR before it belongs to
the line end, and a line that begins with white space goes on with the value before it (obs-fold,
RFC 9112 section 5.2), which becomes one space.
"""

import re

from multidict import CIMultiDict

from aioclient._aliases import RawHeaders
from aioclient._http.events import FieldSection
from aioclient._http.header_names import SHARED_NAMES, shared_name

_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")


def unfold(value: bytes) -> bytes:
    """`value` with each line break in it, and the white space around that, as one space."""
    return _FOLD.sub(b" ", value).strip(b" \t")


def split_fields(section: bytes) -> list[tuple[bytes, bytes]]:
    """Names and trimmed values of field lines, in order.

    The section ends with its empty line. A line without a colon gives an empty name, which no
    parser accepts.
    """
    if b"\n " in section or b"\n\t" in section:
        section = _FOLD.sub(b" ", section)
    pairs = []
    for line in section.split(b"\n")[:-2]:
        name, colon, value = line.partition(b":")
        # Only one CR belongs to the line end; another stays, for a parser to refuse.
        value = value[:-1] if value.endswith(b"\r") else value
        pairs.append((name if colon else b"", value.strip(b" \t")))
    return pairs


def raw_pairs(section: FieldSection) -> RawHeaders:
    """Names and values as bytes, in the order and spelling of the peer."""
    return tuple(split_fields(section))


def to_multidict(section: FieldSection) -> CIMultiDict[str]:
    """Names as `istr` (shared for well-known ones), values as UTF-8 with surrogateescape."""
    known = SHARED_NAMES.get
    return CIMultiDict(
        [
            (known(name) or shared_name(name), value.decode("utf-8", "surrogateescape"))
            for name, value in split_fields(section)
        ]
    )

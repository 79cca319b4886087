"""Field section -> raw pairs or a case-insensitive multidict: the Python twin.

A field section comes from a parser that checked it already (``_http1``), or from a protocol that
has pairs and joins them; so nothing is refused here. A line ends with LF, a CR before it belongs to
the line end, and a line that begins with white space goes on with the value before it (obs-fold,
RFC 9112 section 5.2), which becomes one space.
"""

from multidict import CIMultiDict

from aioclient._aliases import RawHeaders
from aioclient._http.events import FieldSection
from aioclient._http.header_names import SHARED_NAMES, shared_name

_BLANKS = b" \t"
_BLANKS_AND_CR = b" \t\r"
# As SHARED_NAMES, for names that were decoded already.
_SHARED_TEXTS = {spelling.decode("ascii"): name for spelling, name in SHARED_NAMES.items()}


def unfold(value: bytes) -> bytes:
    """`value` with each line break in it, and the white space around that, as one space."""
    lines = value.split(b"\n")
    return b" ".join([line.strip(_BLANKS_AND_CR) for line in lines]).strip(_BLANKS)


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Lines with those that go on with the one before joined to it."""
    joined: list[list[bytes]] = []
    for line in lines:
        if line.startswith((b" ", b"\t")) and joined:
            joined[-1].append(line.strip(_BLANKS_AND_CR))
        else:
            joined.append([line.rstrip(_BLANKS_AND_CR)])
    return [b" ".join(parts) for parts in joined]


def split_fields(section: bytes) -> list[tuple[bytes, bytes]]:
    """Names and trimmed values of field lines, in order.

    The section ends with its empty line. A line without a colon gives an empty name, which no
    parser accepts.
    """
    lines = section.split(b"\n")[:-2]
    if b"\n " in section or b"\n\t" in section:
        lines = _unfolded(lines)
    pairs = []
    for line in lines:
        name, colon, value = line.partition(b":")
        pairs.append((name if colon else b"", value.strip(_BLANKS_AND_CR)))
    return pairs


def raw_pairs(section: FieldSection) -> RawHeaders:
    """Names and values as bytes, in the order and spelling of the peer."""
    return tuple(split_fields(section))


def to_multidict(section: FieldSection) -> CIMultiDict[str]:
    """Names as `istr` (shared for well-known ones), values as UTF-8 with surrogateescape."""
    # As `split_fields`, but decoded once instead of value by value, which gives the same: all that
    # it is cut at is ASCII, and that is never part of a longer character, not even of a broken one.
    # (`splitlines`, and `strip` without its argument, know more line ends and blanks than HTTP.)
    known = _SHARED_TEXTS.get
    pairs = []
    for line in section.decode("utf-8", "surrogateescape").split("\n")[:-2]:
        text, colon, value = line.partition(":")
        name = known(text)
        if name is None or not colon:
            if not colon or text.startswith((" ", "\t")):
                return _to_multidict_with_folds(section)
            name = shared_name(text.encode("utf-8", "surrogateescape"))
        pairs.append((name, value.strip(" \t\r")))
    return CIMultiDict(pairs)


def _to_multidict_with_folds(section: FieldSection) -> CIMultiDict[str]:
    return CIMultiDict(
        [
            (shared_name(name), value.decode("utf-8", "surrogateescape"))
            for name, value in split_fields(section)
        ]
    )

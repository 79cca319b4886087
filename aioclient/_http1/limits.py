"""How much a peer may send before we hang up."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The caps of one connection's parser; each is the largest size that is still accepted."""

    #: Bytes of a response head, from its status line to its empty line.
    max_head_size: int = 256 * 1024
    #: Bytes of the status line, without its line end.
    max_line_size: int = 64 * 1024
    #: Bytes of one field: name and value, without what stands around them.
    max_field_size: int = 64 * 1024
    #: Fields of a head; trailer fields count to the same sum.
    max_headers: int = 256
    #: Empty lines before a status line (RFC 9112 section 2.2 asks for lenience with one).
    max_empty_lines: int = 4
    #: Bytes of one chunk-size line, its extensions included.
    max_chunk_line_size: int = 4096
    #: Bytes of chunk extensions in one body, all chunks together.
    max_chunk_ext_size: int = 64 * 1024
    #: Bytes of a trailer section; with its head it has `max_head_size` at most.
    max_trailer_size: int = 64 * 1024
    #: Informational responses (1xx) before the final one.
    max_informational: int = 16


DEFAULT_LIMITS = Limits()

#: How many ends of chunks are reported for one piece of input; the chunks beyond are shown as one.
MAX_CHUNK_ENDS = 1024

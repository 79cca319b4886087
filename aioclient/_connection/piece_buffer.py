"""Bytes in the pieces in which they came, to be taken in other sizes."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

# More pieces than this are joined if they are shorter, on average, than what Python needs to keep
# each: a peer that sends single bytes cannot make us hold much more than these bytes.
_MANY_PIECES: Final = 1024
_COST_OF_PIECE_BYTES: Final = 64
# Joining a piece of this size to others costs more than handing it on alone.
_LARGE_BYTES: Final = 32 * 1024


class PieceBuffer:
    """Bytes in pieces, in their order; each is copied at most once on its way out."""

    __slots__ = (
        "_offset",
        "_pieces",
        "_searched_bytes",
        "_searched_pieces",
        "_separator",
        "_tail",
        "size",
    )

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._offset = 0  # how much of the first piece is gone
        self.size = 0
        # How far, from the first byte, there is no `_separator`; `_tail` are the last bytes of that
        # part which may be the beginning of one.
        self._separator = b""
        self._searched_pieces = 0
        self._searched_bytes = 0
        self._tail = b""

    def append(self, piece: bytes) -> None:
        """Add a piece, which is not empty, at the end."""
        pieces = self._pieces
        count = len(pieces)
        if count > _MANY_PIECES and count * _COST_OF_PIECE_BYTES > self.size:
            self._join()
        pieces.append(piece)
        self.size += len(piece)

    def pieces(self) -> list[bytes]:
        """All bytes in their pieces; they stay."""
        pieces = list(self._pieces)
        if self._offset:
            pieces[0] = pieces[0][self._offset :]
        return pieces

    def clear(self) -> None:
        """Drop all bytes."""
        self._pieces.clear()
        self._offset = self.size = 0
        self._separator = b""

    def put_back(self, data: bytes) -> None:
        """Add bytes before the first."""
        self._separator = b""
        if self._offset:
            self._pieces[0] = self._pieces[0][self._offset :]
            self._offset = 0
        self._pieces.appendleft(data)
        self.size += len(data)

    def take(self, n: int) -> bytes:
        """Take `n` bytes off the beginning, or all if there are less."""
        pieces = self._pieces
        self._separator = b""
        missing = min(n, self.size)
        self.size -= missing
        taken = []
        while missing:
            piece = pieces[0]
            end = self._offset + missing
            taken.append(piece[self._offset : end])  # a whole piece is not copied
            if end < len(piece):
                self._offset = end
                break
            missing -= len(piece) - self._offset
            self._offset = 0
            pieces.popleft()
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def peek(self, n: int) -> bytes:
        """The first `n` bytes, or all if there are less; they stay."""
        missing = min(n, self.size)
        start = self._offset
        seen = []
        for piece in self._pieces:
            if not missing:
                break
            part = piece[start : start + missing]
            seen.append(part)
            missing -= len(part)
            start = 0
        return seen[0] if len(seen) == 1 else b"".join(seen)

    def take_some(self) -> bytes:
        """Take the first piece if it is large, else all: what costs least. It is not empty."""
        first = self._pieces[0]
        return self.take(len(first) - self._offset if len(first) >= _LARGE_BYTES else self.size)

    def find_end(self, separator: bytes) -> int:
        """How many bytes there are up to the end of the first separator; -1 without one.

        Asked again, it looks only at what was added.
        """
        if separator != self._separator:
            self._separator = separator
            self._searched_pieces = self._searched_bytes = 0
            self._tail = b""
        overlap = len(separator) - 1
        for piece in self._unsearched():
            start = 0 if self._searched_pieces else self._offset
            if self._tail:  # a separator may begin in earlier pieces
                seam = self._tail + piece[start : start + overlap]
                at = seam.find(separator)
                if at >= 0:
                    return self._searched_bytes - len(self._tail) + at + len(separator)
            at = piece.find(separator, start)
            if at >= 0:
                return self._searched_bytes + at - start + len(separator)
            self._searched_pieces += 1
            self._searched_bytes += len(piece) - start
            if overlap:
                self._tail = (self._tail + piece[max(start, len(piece) - overlap) :])[-overlap:]
        return -1

    def _unsearched(self) -> Iterable[bytes]:
        pieces = self._pieces
        fresh = len(pieces) - self._searched_pieces
        if fresh <= 1:  # without a walk over all the others, for each that arrives
            return (pieces[-1],) if fresh else ()
        return islice(pieces, self._searched_pieces, None)

    def _join(self) -> None:
        pieces = self._pieces
        if self._searched_pieces == len(pieces):
            self._searched_pieces = 1
        else:
            self._separator = b""
        pieces[0] = pieces[0][self._offset :]
        self._offset = 0
        whole = b"".join(pieces)
        pieces.clear()
        pieces.append(whole)

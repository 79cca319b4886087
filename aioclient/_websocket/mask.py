"""Masking in Python (RFC 6455 section 5.3): each byte XOR one of the four of a key, in turn.

A loop over bytes takes fifty times as long as the two ways here: a payload as one large number,
which is the faster one up to a few hundred bytes, and every fourth byte by a table.
"""

# A key's byte -> what becomes of each byte that it masks: 64 KiB of tables, made when first used.
_TABLES: list[bytes] = []
_LARGE = 384  # from here on tables are faster


def masked(payload: bytes, key: bytes) -> bytes | bytearray:
    """The payload masked with a key of four bytes; masked again, it is what it was."""
    size = len(payload)
    if size >= _LARGE:
        return _masked_by_tables(payload, key)
    keys = key * (size // 4 + 1)
    number = int.from_bytes(payload, "little") ^ int.from_bytes(keys[:size], "little")
    return number.to_bytes(size, "little")


def _masked_by_tables(payload: bytes, key: bytes) -> bytearray:
    if not _TABLES:
        _TABLES.extend(bytes(byte ^ mask for byte in range(256)) for mask in range(256))
    changed = bytearray(payload)
    for place in range(4):
        changed[place::4] = changed[place::4].translate(_TABLES[key[place]])
    return changed

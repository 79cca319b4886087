"""Which frames a client must not send; both writers ask here where the answer may be no."""

MAX_CONTROL_SIZE = 125  # RFC 6455 section 5.5


def first_byte(opcode: int, size: int, is_final: bool, is_compressed: bool) -> int:
    """The first byte of a frame; raises ValueError if there must be no such frame."""
    if not (0 <= opcode <= 2 or 8 <= opcode <= 10):
        raise ValueError(f"no frame has the opcode {opcode} (RFC 6455 section 5.2)")
    if opcode >= 8 and not is_final:
        raise ValueError("a control frame cannot be fragmented (RFC 6455 section 5.5)")
    if opcode >= 8 and size > MAX_CONTROL_SIZE:
        raise ValueError(
            f"a control frame can have {MAX_CONTROL_SIZE} bytes, not {size} (RFC 6455 section 5.5)"
        )
    if is_compressed and opcode not in (1, 2):
        raise ValueError(
            f"a frame with the opcode {opcode} cannot begin a compressed message"
            " (RFC 7692 section 6)"
        )
    return opcode | (0x80 if is_final else 0) | (0x40 if is_compressed else 0)


def check_block(keys: bytes, size: int) -> bytes:
    """The block of random bytes that a source gave; raises ValueError if it has another size."""
    if len(keys) != size:
        raise ValueError(f"asked for {size} random bytes, got {len(keys)}")
    return keys

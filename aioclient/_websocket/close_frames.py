"""What a Close frame carries: a code and a reason (RFC 6455 sections 5.5.1 and 7.4)."""

from aioclient._websocket import diagnosis

NO_CODE = 1005  # what is reported where the peer gave no code; never in a frame (section 7.4.1)
MAX_REASON_SIZE = 123  # a control frame holds 125 bytes (section 5.5), two of which are the code


def may_be_in_a_frame(code: int) -> bool:
    """May a Close frame have this code? (RFC 6455 section 7.4, and IANA's registry)."""
    # 1004 means nothing yet; 1005, 1006 and 1015 are for reports alone; from 1016 to 2999 nothing
    # is registered.
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def close_payload(code: int, reason: str | bytes = "") -> bytes:
    """The payload of a Close frame; a reason in bytes has to be UTF-8.

    Raises ValueError if the code may not be sent, or the reason is no UTF-8 or longer than 123
    bytes.
    """
    if not may_be_in_a_frame(code):
        raise ValueError(f"{int(code)} is no close code that may be sent (RFC 6455 section 7.4)")
    if isinstance(reason, str):
        encoded = reason.encode()
    else:
        encoded = bytes(reason)
        encoded.decode()  # section 5.5.1
    if len(encoded) > MAX_REASON_SIZE:
        raise ValueError(
            f"the reason for closing takes {len(encoded)} bytes, more than {MAX_REASON_SIZE}"
        )
    return int(code).to_bytes(2, "big") + encoded


def parse_close(payload: bytes) -> tuple[int, str]:
    """The code and the reason that the peer gave; raises WebSocketError for what is neither."""
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if not may_be_in_a_frame(code):
        raise diagnosis.bad_close_code(code)
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise diagnosis.bad_reason(error.start) from None

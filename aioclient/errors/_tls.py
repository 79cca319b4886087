"""Why TLS could not be set up, in words that say what to do about it.

Loaded when a message is asked for.
"""

import re
from datetime import datetime
from typing import Final, NamedTuple

from ._root import reason, without_credentials

#: So many names of a certificate are shown; some have hundreds.
_SHOWN_NAMES: Final = 5
_SHOWN_CHARS: Final = 100

# Codes of OpenSSL, of which the `ssl` module has no names (x509_vfy.h).
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_UNKNOWN_AUTHORITY: Final = (2, 19, 20, 21)
_WRONG_NAME: Final = (62, 64)

_TRUST: Final = "= takes an ssl.SSLContext that trusts it"


class CertificateFacts(NamedTuple):
    """What a certificate that was not accepted says of itself. Nobody vouches for any of it."""

    #: Host names and addresses that it is for, in the form of the certificate.
    names: tuple[str, ...]
    #: The name of the authority that signed it; empty if it has none.
    issuer: str
    not_before: datetime
    not_after: datetime
    #: When it was not accepted, by the clock of this machine.
    seen_at: datetime


def certificate_reason(error: OSError, facts: CertificateFacts | None, option: str = "ssl") -> str:
    """Why a certificate was not accepted; `option` would change that."""
    code = getattr(error, "verify_code", 0)
    message = getattr(error, "verify_message", "").rstrip(".")
    if code in _WRONG_NAME:
        # The library's message has the name that was wanted.
        return message if facts is None else f"{message}, {_only_for(facts.names)}"
    if code == _SELF_SIGNED:
        return f"{message}, so it is its own authority, which is not trusted ({option}{_TRUST})"
    if code in _UNKNOWN_AUTHORITY:
        issuer = f" {_quoted(facts.issuer)}" if facts is not None and facts.issuer else ""
        return (
            f"{message}: its authority{issuer} is not trusted ({option}{_TRUST}), or the server "
            "does not send the certificates between"
        )
    if code in (_EXPIRED, _NOT_YET_VALID):
        return message + _when(code, facts)
    return message or reason(error)


def _only_for(names: tuple[str, ...]) -> str:
    if not names:
        return "nor for any other: it has no subjectAltName"
    shown = ", ".join(map(_quoted, names[:_SHOWN_NAMES]))
    more = len(names) - _SHOWN_NAMES
    return f"only for {shown}{f' and {more} more' if more > 0 else ''}"


def _when(code: int, facts: CertificateFacts | None) -> str:
    """The time, and that of this machine, which may be what is wrong."""
    if facts is None:
        return ""
    if code == _EXPIRED and facts.not_after < facts.seen_at:
        return f": valid until {facts.not_after:%Y-%m-%d %H:%M:%S} UTC{_now(facts)}"
    if code == _NOT_YET_VALID and facts.seen_at < facts.not_before:
        return f": valid from {facts.not_before:%Y-%m-%d %H:%M:%S} UTC on{_now(facts)}"
    return ": not the server's, but that of one of its authorities"


def _now(facts: CertificateFacts) -> str:
    return f", the clock here says {facts.seen_at:%Y-%m-%d %H:%M:%S} UTC"


def _quoted(name: str) -> str:
    return without_credentials(repr(name[:_SHOWN_CHARS]))


# --- the handshake ---------------------------------------------------------------------------

_NOT_TLS: Final = "what answers on this port does not seem to speak TLS (is it plain http?)"
_VERSIONS: Final = (
    "client and server have no version of TLS in common (minimum_version and maximum_version of "
    "the ssl.SSLContext)"
)
_OUR_CERTIFICATE: Final = "the server did not accept the client's certificate"
_UNKNOWN_NAME: Final = "the server does not know this name (server_hostname= asks for another)"
_WEAK: Final = "the server wants to use cryptography that is not thought safe any more"

#: By the reason that OpenSSL has for it, alerts of the server (RFC 8446 section 6.2) without the
#: version in front.
_CAUSES: Final = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "HTTPS_PROXY_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "UNKNOWN_PROTOCOL": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": _VERSIONS,
    "NO_PROTOCOLS_AVAILABLE": _VERSIONS,
    "ALERT_PROTOCOL_VERSION": _VERSIONS,
    "ALERT_HANDSHAKE_FAILURE": (
        "the server refused what was offered: no cipher or version in common, an unknown name, or "
        "it wants a client certificate"
    ),
    "ALERT_INSUFFICIENT_SECURITY": "the server wants stronger ciphers than were offered",
    "ALERT_UNRECOGNIZED_NAME": _UNKNOWN_NAME,
    "UNRECOGNIZED_NAME": _UNKNOWN_NAME,
    "ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate (load_cert_chain)",
    "ALERT_UNKNOWN_CA": f"{_OUR_CERTIFICATE}: it does not trust its authority",
    "ALERT_BAD_CERTIFICATE": _OUR_CERTIFICATE,
    "ALERT_UNSUPPORTED_CERTIFICATE": _OUR_CERTIFICATE,
    "ALERT_CERTIFICATE_REVOKED": f"{_OUR_CERTIFICATE}: it is revoked",
    "ALERT_CERTIFICATE_EXPIRED": f"{_OUR_CERTIFICATE}: it has expired",
    "ALERT_CERTIFICATE_UNKNOWN": _OUR_CERTIFICATE,
    "ALERT_ACCESS_DENIED": _OUR_CERTIFICATE,
    "ALERT_INTERNAL_ERROR": "the server has a fault of its own",
    "ALERT_NO_APPLICATION_PROTOCOL": "the server does not speak HTTP/1.1 over TLS",
    "DH_KEY_TOO_SMALL": _WEAK,
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": _WEAK,
    "WRONG_SIGNATURE_TYPE": _WEAK,
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED": _WEAK,
}


def handshake_reason(error: OSError) -> str:
    """Why a handshake failed: the common cause, if there is one, and the library's own word."""
    word = getattr(error, "reason", None) or ""
    cause = _CAUSES.get(re.sub(r"^(SSLV3|TLSV1|TLSV13|SSL/TLS)_", "", word.replace(" ", "_")))
    if cause is None:
        return reason(error)
    return f"{cause} [{word.replace('_', ' ').lower()}]"

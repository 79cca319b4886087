"""What the errors of TLS say, so that a person knows what to do."""

import ssl
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from aioclient import CertificateFacts, errors

ENDPOINT = SimpleNamespace(host="a.example", port=443, is_ssl=True, ssl=True)
FACTS = CertificateFacts(
    names=("b.example", "*.c.example"),
    issuer="Acme CA",
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC),
    seen_at=datetime(2026, 4, 1, 12, tzinfo=UTC),
)
BEGIN = "certificate of a.example:443 was not accepted: "
MISMATCH = "Hostname mismatch, certificate is not valid for 'a.example'."
TRUST = "ssl= takes an ssl.SSLContext that trusts it"


def certificate_error(
    code: int, message: str, facts: CertificateFacts | None
) -> errors.ClientConnectorCertificateError:
    cause = ssl.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {message} (_ssl.c:1000)"
    )
    cause.verify_code = code
    cause.verify_message = message
    error = errors.ClientConnectorCertificateError(ENDPOINT, cause)
    error.certificate = facts
    return error


@pytest.mark.parametrize(
    ("code", "words", "facts", "message"),
    [
        (
            62,
            MISMATCH,
            FACTS,
            MISMATCH.rstrip(".") + ", only for 'b.example', '*.c.example'",
        ),
        (62, MISMATCH, None, MISMATCH.rstrip(".")),
        (
            64,
            "IP address mismatch, certificate is not valid for '::1'.",
            FACTS._replace(names=()),
            (
                "IP address mismatch, certificate is not valid for '::1', nor for any other: it "
                "has no subjectAltName"
            ),
        ),
        (
            10,
            "certificate has expired",
            FACTS,
            (
                "certificate has expired: valid until 2026-03-31 23:59:59 UTC, the clock here says "
                "2026-04-01 12:00:00 UTC"
            ),
        ),
        (10, "certificate has expired", None, "certificate has expired"),
        (
            10,
            "certificate has expired",
            FACTS._replace(seen_at=FACTS.not_before),
            "certificate has expired: not the server's, but that of one of its authorities",
        ),
        (
            9,
            "certificate is not yet valid",
            FACTS._replace(seen_at=datetime(1970, 1, 1, tzinfo=UTC)),
            (
                "certificate is not yet valid: valid from 2026-01-01 00:00:00 UTC on, the clock "
                "here says 1970-01-01 00:00:00 UTC"
            ),
        ),
        (
            18,
            "self-signed certificate",
            FACTS,
            f"self-signed certificate, so it is its own authority, which is not trusted ({TRUST})",
        ),
        (
            20,
            "unable to get local issuer certificate",
            FACTS,
            (
                "unable to get local issuer certificate: its authority 'Acme CA' is not trusted "
                f"({TRUST}), or the server does not send the certificates between"
            ),
        ),
        (
            19,
            "self-signed certificate in certificate chain",
            None,
            (
                "self-signed certificate in certificate chain: its authority is not trusted "
                f"({TRUST}), or the server does not send the certificates between"
            ),
        ),
        (23, "certificate revoked", FACTS, "certificate revoked"),
    ],
)
def test_certificate_error_says_what_is_wrong(code, words, facts, message):
    assert str(certificate_error(code, words, facts)) == BEGIN + message


def test_only_the_first_of_many_names_are_shown():
    facts = FACTS._replace(names=tuple(f"{number}.example" for number in range(300)))
    assert str(certificate_error(62, MISMATCH, facts)).endswith("'4.example' and 295 more")


def test_what_a_certificate_says_is_shown_in_one_printable_line():
    facts = FACTS._replace(names=("a\nb\x1b[31m", "x" * 1000), issuer="\r\n" + "y" * 1000)
    for code in (62, 20):
        message = str(certificate_error(code, "because", facts))
        assert message.isprintable()
        assert len(message) < 400


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("WRONG_VERSION_NUMBER", "does not seem to speak TLS"),
        ("HTTP_REQUEST", "does not seem to speak TLS"),
        ("RECORD_LAYER_FAILURE", "does not seem to speak TLS"),
        ("UNSUPPORTED_PROTOCOL", "no version of TLS in common"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no version of TLS in common"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "the server refused what was offered"),
        ("SSL/TLS_ALERT_HANDSHAKE_FAILURE", "the server refused what was offered"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "the server wants a client certificate"),
        ("TLSV1_ALERT_UNKNOWN_CA", "the client's certificate: it does not trust its authority"),
        ("TLSV1_UNRECOGNIZED_NAME", "the server does not know this name"),
    ],
)
def test_handshake_error_says_what_it_commonly_means(reason, part):
    word = reason.replace("_", " ").lower()
    cause = ssl.SSLError(1, f"[SSL: {reason}] {word} (_ssl.c:1000)")
    cause.reason = reason
    message = str(errors.ClientConnectorSSLError(ENDPOINT, cause))
    assert message.startswith("TLS handshake with a.example:443 failed: ")
    assert part in message
    assert message.endswith(f" [{word}]")


def test_handshake_error_for_another_reason_is_in_the_words_of_the_library():
    cause = ssl.SSLError(1, "[SSL: BAD_SIGNATURE] bad signature (_ssl.c:1000)")
    cause.reason = "BAD_SIGNATURE"
    message = str(errors.ClientConnectorSSLError(ENDPOINT, cause))
    assert message.endswith("failed: [SSL: BAD_SIGNATURE] bad signature (_ssl.c:1000)")

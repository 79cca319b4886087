"""What is read from certificates that were not accepted."""

import ssl
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from aioclient._net.certificate import certificate_facts

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LEAF = trustme.CA(organization_name="Acme", organization_unit_name="Unit").issue_cert(
    "a.example",
    "*.b.example",
    "10.0.0.1",
    "::1",
    "someone@c.example",
    not_before=datetime(1950, 1, 2, 3, 4, 5, tzinfo=UTC),
    not_after=datetime(2050, 12, 31, tzinfo=UTC),  # in four digits, as all from 2050 on
)
DER = ssl.PEM_cert_to_DER_cert(LEAF.cert_chain_pems[0].bytes().decode())


def test_names_and_addresses_that_it_is_for():
    facts = certificate_facts(DER, NOW)
    assert facts.names == ("a.example", "*.b.example", "10.0.0.1", "::1")


def test_issuer_is_the_organization_if_it_has_no_common_name():
    assert certificate_facts(DER, NOW).issuer == "Acme"


def test_times_in_either_form():
    facts = certificate_facts(DER, NOW)
    assert facts.not_after == datetime(2050, 12, 31, tzinfo=UTC)
    assert facts.not_before == datetime(1950, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert facts.seen_at == NOW


def test_it_was_seen_now_if_nothing_else_is_said():
    before = datetime.now(UTC)
    assert before <= certificate_facts(DER).seen_at <= datetime.now(UTC)


def made_by_hand(issuer: x509.Name) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(issuer, issuer, key.public_key(), 5, NOW, NOW)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_certificate_without_extensions_has_no_names():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gerät 5")])
    facts = certificate_facts(made_by_hand(name), NOW)
    assert (facts.names, facts.issuer, facts.not_before) == ((), "Gerät 5", NOW)


def test_authority_may_have_no_name():
    assert certificate_facts(made_by_hand(x509.Name([])), NOW).issuer == ""


@pytest.mark.parametrize("der", [b"", b"0", b"\x30\x00", b"\x02\x01\x05", b"0\x80", DER + b"0"])
def test_what_is_no_certificate_has_no_facts(der):
    assert certificate_facts(der, NOW) is None


def test_certificate_that_is_cut_off_has_no_facts():
    for size in range(len(DER)):
        assert certificate_facts(DER[:size], NOW) is None


@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), max_size=8))
def test_changed_certificate_is_read_or_refused(changes):
    changed = bytearray(DER)
    for at, byte in changes:
        changed[at] = byte
    facts = certificate_facts(bytes(changed), NOW)
    assert facts is None or isinstance(facts.names, tuple)

"""Certificates for servers on loopback, and proxies."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from proxy_servers import Proxies
from seeing_origin import ORIGIN_NAMES


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """For a server at 127.0.0.1 and localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def wrong_name_tls(authority: trustme.CA) -> ssl.SSLContext:
    """For a server that is called otherwise."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("other.example").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """For a client that trusts the private authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate_files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem and key.pem for 127.0.0.1 and localhost."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(folder / "cert.pem"), append=True)
    return folder


@pytest.fixture(scope="session")
def proxies(authority: trustme.CA) -> Iterator[Proxies]:
    """Real proxies; none runs before a test asks for it."""
    with Proxies(authority) as running:
        yield running


@pytest.fixture(scope="session")
def origin_certificate(authority: trustme.CA) -> trustme.LeafCert:
    """For an origin, by all the names that a test may call it."""
    return authority.issue_cert(*ORIGIN_NAMES)

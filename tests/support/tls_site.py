"""A site on TLS that keeps what it saw, and certificates for it that are right or wrong."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scripted import ScriptedServer
from tls_peer import TlsPeer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class TlsSite(ScriptedServer):
    """Answers every request that comes through TLS; what came is in `seen`, whatever happened.

    TLS is played in memory, so that nothing that a client sends can go unseen.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(self._play)
        self._context = context
        #: The server's end of each connection so far.
        self.peers: list[TlsPeer] = []

    def url(self, path: str = "/", host: str | None = None) -> str:
        return super().url(path, host).replace("http:", "https:")

    @property
    def seen(self) -> bytes:
        """All that clients sent inside TLS."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = TlsPeer(self._context)
        self.peers.append(peer)
        answered = 0
        while not peer.heard_goodbye and (data := await reader.read(65536)):
            peer.receive(data)
            while peer.received.count(b"\r\n\r\n") > answered:
                answered += 1
                writer.write(peer.say(OK))
            writer.write(peer.take())


def days_ago(days: float) -> datetime:
    """A whole second in the past, or in the future."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


def site_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """For a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(*authorities: trustme.CA) -> ssl.SSLContext:
    """For a client that trusts these, besides those of the system."""
    context = ssl.create_default_context()
    for authority in authorities:
        authority.configure_trust(context)
    return context


def self_signed(*names: str) -> trustme.LeafCert:
    """A certificate that nobody but itself has signed, as `openssl req -x509` makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a device")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days_ago(1))
        .not_valid_after(days_ago(-1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    return trustme.LeafCert(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
        [],
    )

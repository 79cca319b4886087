"""The guide, "SSL control for TCP sockets" with its examples.

The code is that of the guide with `aioclient` as `aiohttp`; its hosts are on loopback, with
certificates of an authority that only the tests know.

Where the guide is wrong, so that its example does not work with aiohttp either: a certificate that
has expired is a `ClientConnectorCertificateError`, the error of pins is called
`ServerFingerprintMismatch`, and a SHA-256 digest has 32 bytes.
"""

import asyncio
import hashlib
import ssl
import subprocess
import sys
from binascii import unhexlify
from collections.abc import Callable
from pathlib import Path
from shutil import which

import certifi
import pytest
import trustme
import truststore
from fake_resolver import FakeResolver
from origin import origin_in_thread
from running import asynchronous, until
from scripted import ScriptedServer
from tls_site import TlsSite, days_ago, self_signed, site_context, trusting

import aioclient as aiohttp
from aioclient import ClientSession, TCPConnector

#: Before it Python does not tell what is in a certificate that was not accepted.
SHOWS_CERTIFICATES = sys.version_info >= (3, 13)

HOST = "site.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Tests")


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ssl.SSLContext:
    """For a server with a certificate that is right."""
    return site_context(authority.issue_cert(HOST))


@pytest.fixture(scope="module")
def ssl_context(authority: trustme.CA) -> ssl.SSLContext:
    """For a client that trusts the authority."""
    return trusting(authority)


def connector(**options: object) -> TCPConnector:
    """One that knows where the host is."""
    return TCPConnector(resolver=FakeResolver({HOST: ["127.0.0.1"]}), **options)  # type: ignore[arg-type]


async def ask(session: ClientSession, site: TlsSite, **options: object) -> None:
    async with session.get(site.url(host=HOST), **options) as r:  # type: ignore[arg-type]
        assert await r.text() == "ok"


# --- SSL control for TCP sockets: strict checks, and how to relax them ---------------------------


@asynchronous
async def test_by_default_the_checks_are_strict(good: ssl.SSLContext) -> None:
    async with TlsSite(good) as site, ClientSession(connector=connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.post(site.url("/secret", HOST), data=b"password")
        await until(lambda: site.open == 0)
        assert site.seen == b""


def test_the_default_trusts_what_the_environment_says(
    authority: trustme.CA, tmp_path: Path
) -> None:
    program = """if True:
        import aioclient, asyncio, sys
        async def main():
            async with aioclient.ClientSession() as session, session.get(sys.argv[1]) as r:
                print(r.status)
        asyncio.run(main())
    """
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with origin_in_thread(site_context(authority.issue_cert("127.0.0.1"))) as origin:
        done = subprocess.run(
            [sys.executable, "-c", program, origin.url("/json")],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
            env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")},
        )
    assert done.stdout == "200\n"


@asynchronous
async def test_checks_can_be_relaxed_for_a_request(good: ssl.SSLContext) -> None:
    async with TlsSite(good) as site, ClientSession(connector=connector()) as session:
        r = await session.get(site.url(host=HOST), ssl=False)
        assert r.status == 200


@asynchronous
async def test_a_context_is_passed_into_a_request(
    good: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(good) as site, ClientSession(connector=connector()) as session:
        r = await session.request("GET", site.url(host=HOST), ssl=ssl_context)
        assert r.status == 200
        await ask(session, site, ssl=ssl_context)


@asynchronous
async def test_a_context_is_set_for_the_entire_session(
    good: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as session:
            await ask(session, site)
        async with ClientSession(connector=connector(), ssl=ssl_context) as session:
            await ask(session, site)


VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"]
)


def for_the_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("other.example", HOST)


def with_the_one_between(authority: trustme.CA) -> trustme.LeafCert:
    return authority.create_child_ca().issue_cert(HOST)


@VERSIONS
@pytest.mark.parametrize(
    "certificate", [for_the_host, with_the_one_between], ids=lambda make: make.__name__
)
@asynchronous
async def test_a_certificate_that_is_right_passes_strict_checks(
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    version: ssl.TLSVersion,
    authority: trustme.CA,
    ssl_context: ssl.SSLContext,
) -> None:
    context = site_context(certificate(authority))
    context.minimum_version = context.maximum_version = version
    async with TlsSite(context) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as session:
            async with session.get(site.url(host=HOST)) as r:
                assert r.connection.tls_version == f"TLSv1.{version.name[-1]}"
                assert r.connection.peer_certificate


# --- SSL control for TCP sockets: explicit errors ------------------------------------------------

EXPIRED, WRONG_HOST = "expired.badssl.com", "wrong.host.badssl.com"


@pytest.fixture
def badssl(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext, TCPConnector]:
    """For the servers at the two hosts, and a connector that knows them and their authority."""
    old = authority.issue_cert(EXPIRED, not_before=days_ago(9), not_after=days_ago(2))
    other = authority.issue_cert("badssl.com")
    resolver = FakeResolver({EXPIRED: ["127.0.0.1"], WRONG_HOST: ["127.0.0.1"]})
    conn = TCPConnector(resolver=resolver, ssl=trusting(authority))
    return site_context(old), site_context(other), conn


@asynchronous
async def test_a_certificate_that_has_expired_is_a_certificate_error(badssl) -> None:
    """And no ClientConnectorSSLError, which the guide has here: that is of other failures."""
    with_old, _, conn = badssl
    async with TlsSite(with_old) as site, ClientSession(connector=conn) as session:

        async def of_the_guide() -> None:
            try:
                await session.get(site.url(host=EXPIRED))
            except aiohttp.ClientConnectorSSLError as e:
                assert isinstance(e, ssl.SSLError)

        with pytest.raises(aiohttp.ClientConnectorCertificateError, match="has expired"):
            await of_the_guide()
        assert issubclass(aiohttp.ClientConnectorSSLError, ssl.SSLError)


@asynchronous
async def test_a_certificate_of_another_host_is_a_certificate_error(badssl) -> None:
    _, with_other, conn = badssl
    async with TlsSite(with_other) as site, ClientSession(connector=conn) as session:
        try:
            await session.get(site.url(host=WRONG_HOST))
        except aiohttp.ClientConnectorCertificateError as e:
            assert isinstance(e, ssl.CertificateError)
        else:
            pytest.fail("no error")


@asynchronous
async def test_both_ssl_related_errors_can_be_skipped(badssl) -> None:
    with_old, with_other, conn = badssl
    skipped = []
    async with TlsSite(with_old) as site, TlsSite(with_other) as other:
        async with ClientSession(connector=conn) as session:
            try:
                await session.get(site.url(host=EXPIRED))
            except aiohttp.ClientSSLError as e:
                assert isinstance(e, ssl.SSLError)
                skipped.append(e.host)

            try:
                await session.get(other.url(host=WRONG_HOST))
            except aiohttp.ClientSSLError as e:
                assert isinstance(e, ssl.CertificateError)
                skipped.append(e.host)
    assert skipped == [EXPIRED, WRONG_HOST]


def expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(HOST, not_before=days_ago(9), not_after=days_ago(2))


def not_yet_valid(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(HOST, not_before=days_ago(-2), not_after=days_ago(-9))


def for_another_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("other.example", "10.0.0.1")


def signed_by_itself(authority: trustme.CA) -> trustme.LeafCert:
    return self_signed(HOST)


def of_an_unknown_authority(authority: trustme.CA) -> trustme.LeafCert:
    return trustme.CA(organization_name="Others").issue_cert(HOST)


def without_the_one_between(authority: trustme.CA) -> trustme.LeafCert:
    whole = authority.create_child_ca().issue_cert(HOST)
    return trustme.LeafCert(whole.private_key_pem.bytes(), whole.cert_chain_pems[0].bytes(), [])


#: What is wrong, what the message says with every Python, and what from 3.13 on.
WRONG = {
    expired: (
        "certificate has expired",
        f": valid until {days_ago(2):%Y-%m-%d} .* UTC, the clock here says {days_ago(0):%Y-%m-%d} ",
    ),
    not_yet_valid: (
        "certificate is not yet valid( or the system clock is incorrect)?",
        f": valid from {days_ago(-2):%Y-%m-%d} .* UTC on, the clock here says ",
    ),
    for_another_host: (
        f"[Hh]ostname mismatch, certificate is not valid for '{HOST}'",
        r", only for 'other\.example', '10\.0\.0\.1'$",
    ),
    signed_by_itself: (
        r"self-signed certificate, so it is its own authority, which is not trusted \(ssl= takes",
        r" an ssl\.SSLContext that trusts it\)$",
    ),
    of_an_unknown_authority: (
        "its authority",
        r" 'Others' is not trusted \(ssl= takes an ssl\.SSLContext that trusts it\), or the ",
    ),
    without_the_one_between: ("or the server does not send the certificates between$", ""),
}


@VERSIONS
@pytest.mark.parametrize("certificate", WRONG, ids=lambda make: make.__name__)
@asynchronous
async def test_a_certificate_that_is_wrong_ends_it_before_anything_is_sent(
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    version: ssl.TLSVersion,
    authority: trustme.CA,
    ssl_context: ssl.SSLContext,
) -> None:
    context = site_context(certificate(authority))
    context.minimum_version = context.maximum_version = version
    always, shown = WRONG[certificate]
    async with TlsSite(context) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as session:
            with pytest.raises(
                aiohttp.ClientConnectorCertificateError,
                match=always + (shown if SHOWS_CERTIFICATES else ""),
            ) as raised:
                await session.post(site.url("/secret", HOST), data=b"password")
            await until(lambda: site.open == 0)
        assert (site.accepted, site.seen) == (1, b"")
        assert "alert" in str(site.peers[0].error)  # what the client says is all
    error = raised.value
    assert str(error).startswith(f"certificate of {HOST}:{site.port} was not accepted: ")
    assert "\n" not in str(error)
    assert isinstance(error, aiohttp.ClientSSLError)
    assert isinstance(error, ssl.CertificateError)
    assert (error.certificate is not None) == SHOWS_CERTIFICATES


@asynchronous
async def test_a_handshake_that_fails_is_an_ssl_error() -> None:
    arrived = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        arrived.append(await reader.read())

    async with ScriptedServer(plain) as server, ClientSession() as session:
        try:
            await session.get(server.url("/secret").replace("http:", "https:"))
        except aiohttp.ClientConnectorSSLError as e:
            assert isinstance(e, ssl.SSLError)
            assert "does not seem to speak TLS (is it plain http?)" in str(e)
        else:
            pytest.fail("no error")
        await until(lambda: len(arrived) == 2)
    assert b"secret" not in b"".join(arrived)


@asynchronous
async def test_a_version_that_the_server_does_not_speak_is_an_ssl_error(
    authority: trustme.CA, ssl_context: ssl.SSLContext
) -> None:
    modern = site_context(authority.issue_cert(HOST))
    modern.minimum_version = ssl.TLSVersion.TLSv1_3
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with TlsSite(modern) as site, ClientSession(connector=connector(ssl=old)) as session:
        with pytest.raises(
            aiohttp.ClientConnectorSSLError, match=r"have no version of TLS in common .*maximum_ver"
        ):
            await ask(session, site)
        await until(lambda: site.open == 0)
        assert site.seen == b""
        await ask(session, site, ssl=ssl_context)


@pytest.mark.parametrize("certificate", WRONG, ids=lambda make: make.__name__)
@asynchronous
async def test_relaxed_checks_take_whatever_is_wrong_for_that_request(
    certificate: Callable[[trustme.CA], trustme.LeafCert], authority: trustme.CA
) -> None:
    async with TlsSite(site_context(certificate(authority))) as site:
        async with ClientSession(connector=connector()) as session:
            await ask(session, site, ssl=False)
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(site.url("/secret", HOST))
            assert b"secret" not in site.seen


@pytest.mark.parametrize("certificate", [expired, for_another_host], ids=lambda make: make.__name__)
@asynchronous
async def test_one_error_is_both(
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    authority: trustme.CA,
    ssl_context: ssl.SSLContext,
) -> None:
    async with TlsSite(site_context(certificate(authority))) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as session:
            try:
                await session.get(site.url(host=HOST))
            except aiohttp.ClientSSLError as e:
                assert isinstance(e, ssl.SSLError)
                assert isinstance(e, ssl.CertificateError)
            else:
                pytest.fail("no error")


# --- Example: Use certifi ------------------------------------------------------------------------


@asynchronous
async def test_certifi_is_used(good: ssl.SSLContext, authority: trustme.CA, tmp_path: Path) -> None:
    ssl_context = ssl.create_default_context(cafile=certifi.where())
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as sess:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):  # it is not public
                await sess.post(site.url("/secret", HOST), data=b"password")
            await until(lambda: site.open == 0)
            assert site.seen == b""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    ssl_context = ssl.create_default_context(cafile=certifi.where())
    ssl_context.load_verify_locations(tmp_path / "authority.pem")
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as sess:
            await ask(sess, site)


@asynchronous
async def test_truststore_is_used(
    good: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    ssl_context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as sess:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await sess.post(site.url("/secret", HOST), data=b"password")
            await until(lambda: site.open == 0)
            assert site.seen == b""
    ssl_context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    ssl_context.load_verify_locations(tmp_path / "authority.pem")
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=ssl_context, force_close=True)) as sess:
            for _ in range(2):
                await ask(sess, site)
        assert [peer.tls.session_reused for peer in site.peers] == [False, True]


# --- Example: Use self-signed certificate --------------------------------------------------------


@pytest.fixture(scope="module")
def demanding(authority: trustme.CA) -> ssl.SSLContext:
    """For a server that wants to see a certificate of its clients."""
    context = site_context(authority.issue_cert(HOST))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


@pytest.fixture
def device(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path]:
    """The files of a client's certificate and its key."""
    certificate = authority.issue_cert("device@site.example")
    public, private = tmp_path / "device.pem", tmp_path / "device.key"
    certificate.private_key_pem.write_to_path(str(private))
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(public), append=True)
    return public, private


@asynchronous
async def test_a_client_shows_its_certificate(
    demanding: ssl.SSLContext, device: tuple[Path, Path], authority: trustme.CA
) -> None:
    public, private = device
    ssl_context = ssl.create_default_context()
    ssl_context.load_cert_chain(public,
                                private)  # fmt: skip
    authority.configure_trust(ssl_context)
    async with TlsSite(demanding) as site, ClientSession(connector=connector()) as sess:
        async with sess.get(site.url(host=HOST), ssl=ssl_context) as resp:
            assert await resp.text() == "ok"
        shown = site.peers[0].tls.getpeercert()
        assert shown is not None
        assert shown["subjectAltName"] == (("email", "device@site.example"),)


@asynchronous
async def test_a_client_without_a_certificate_is_told_so(
    demanding: ssl.SSLContext, authority: trustme.CA
) -> None:
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with TlsSite(demanding) as site, ClientSession(connector=connector(ssl=old)) as session:
        with pytest.raises(aiohttp.ClientConnectorSSLError, match="wants a client certificate"):
            await session.post(site.url("/secret", HOST), data=b"password")
        await until(lambda: site.open == 0)
        assert site.seen == b""


@asynchronous
async def test_in_tls_1_3_a_client_hears_it_after_the_handshake(
    demanding: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    # RFC 8446 section 4.4.2.4: a client is done before the server has seen that there is none.
    async with TlsSite(demanding) as site:
        async with ClientSession(connector=connector(ssl=ssl_context)) as session:
            with pytest.raises(aiohttp.ClientOSError, match="certificate required"):
                await session.post(site.url("/secret", HOST), data=b"password")
            await until(lambda: site.open == 0)
        assert site.seen == b""  # it did not look at what came


@asynchronous
async def test_a_certificate_of_the_client_may_be_refused(
    demanding: ssl.SSLContext, authority: trustme.CA
) -> None:
    ssl_context = trusting(authority)
    ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
    trustme.CA().issue_cert("device@site.example").configure_cert(ssl_context)
    async with TlsSite(demanding) as site, ClientSession(connector=connector()) as sess:
        with pytest.raises(aiohttp.ClientConnectorSSLError, match="unknown ca"):
            await sess.post(site.url("/secret", HOST), data=b"password", ssl=ssl_context)
        await until(lambda: site.open == 0)
        assert site.seen == b""


@asynchronous
async def test_a_self_signed_certificate_is_its_own_authority(tmp_path: Path) -> None:
    certificate = self_signed(HOST)
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "device.pem"))
    ssl_context = ssl.create_default_context(cafile=tmp_path / "device.pem")
    async with TlsSite(site_context(certificate)) as site:
        async with ClientSession(connector=connector()) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError, match="self-signed"):
                await ask(session, site)
            await ask(session, site, ssl=ssl_context)


# --- Example: Verify certificate fingerprint -----------------------------------------------------


def digest_of(certificate: trustme.LeafCert) -> bytes:
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return hashlib.sha256(der).digest()


@asynchronous
async def test_a_bogus_pin_is_a_mismatch(authority: trustme.CA) -> None:
    certificate = authority.issue_cert(HOST)
    async with TlsSite(site_context(certificate)) as site:
        async with ClientSession(connector=connector()) as session:
            # Attempt to connect to the site
            # with a pin to a bogus certificate:
            bad_fp = b"0" * 32  # in the guide it has 64 bytes, which no SHA-256 digest has
            exc = None
            try:
                r = await session.get(site.url("/secret", HOST),
                                      ssl=aiohttp.Fingerprint(bad_fp))  # fmt: skip
                pytest.fail(f"no error but {r}")
            except aiohttp.ServerFingerprintMismatch as e:  # in the guide without its "Server"
                exc = e
            assert exc is not None
            assert exc.expected == bad_fp

            # the site's cert's actual fingerprint
            assert exc.got == digest_of(certificate)
            assert (exc.host, exc.port) == (HOST, site.port)
            await until(lambda: site.open == 0)
        assert site.seen == b""


def test_the_error_of_pins_has_one_name() -> None:
    """That by which the guide knows it has never been there, in aiohttp neither."""
    assert issubclass(aiohttp.ServerFingerprintMismatch, aiohttp.ClientError)
    assert not hasattr(aiohttp, "FingerprintMismatch")


def test_a_pin_is_a_digest_of_sha_256() -> None:
    with pytest.raises(ValueError, match="32 bytes, got 64"):
        aiohttp.Fingerprint(b"0" * 64)


@pytest.mark.skipif(which("openssl") is None, reason="no openssl on PATH")
def test_a_pin_is_made_of_the_certificate_in_der(authority: trustme.CA, tmp_path: Path) -> None:
    certificate = authority.issue_cert(HOST)
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "crt.pem"))
    subprocess.run(
        "openssl x509 -in crt.pem -inform PEM -outform DER > crt.der",
        shell=True,
        check=True,
        cwd=tmp_path,
        timeout=30,
    )
    hex_digest = hashlib.sha256((tmp_path / "crt.der").read_bytes()).hexdigest()
    is_accepted(aiohttp.Fingerprint(unhexlify(hex_digest)), certificate)


@asynchronous
async def is_accepted(pin: aiohttp.Fingerprint, certificate: trustme.LeafCert) -> None:
    async with TlsSite(site_context(certificate)) as site:
        async with ClientSession(connector=connector(ssl=pin)) as session:
            await ask(session, site)


@asynchronous
async def test_one_of_several_pins_is_enough(authority: trustme.CA) -> None:
    today, tomorrow = authority.issue_cert(HOST), authority.issue_cert(HOST)
    pins = aiohttp.Fingerprint(digest_of(today), digest_of(tomorrow))
    for certificate in (today, tomorrow):
        async with TlsSite(site_context(certificate)) as site:
            async with ClientSession(connector=connector(ssl=pins)) as session:
                await ask(session, site)
    async with TlsSite(site_context(authority.issue_cert(HOST))) as site:
        async with ClientSession(connector=connector(ssl=pins)) as session:
            with pytest.raises(aiohttp.ServerFingerprintMismatch):
                await session.post(site.url("/secret", HOST), data=b"password")
            await until(lambda: site.open == 0)
        assert site.seen == b""


@pytest.mark.parametrize("certificate", WRONG, ids=lambda make: make.__name__)
@asynchronous
async def test_a_pin_takes_the_place_of_verification_or_comes_besides_it(
    certificate: Callable[[trustme.CA], trustme.LeafCert], authority: trustme.CA
) -> None:
    leaf = certificate(authority)
    async with TlsSite(site_context(leaf)) as site:
        async with ClientSession(connector=connector()) as session:
            await ask(session, site, ssl=aiohttp.Fingerprint(digest_of(leaf)))
            seen = site.seen
            assert seen.startswith(b"GET / HTTP/1.1\r\n")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.post(
                    site.url("/secret", HOST),
                    data=b"password",
                    ssl=aiohttp.Fingerprint(digest_of(leaf), verify=True),
                )
            await until(lambda: site.open == 1)  # that of the first request
            assert site.seen == seen


def test_a_pin_besides_verification_lets_what_is_right_pass(
    authority: trustme.CA, tmp_path: Path
) -> None:
    program = """if True:
        import aioclient, asyncio, sys
        async def main():
            async with aioclient.ClientSession() as session:
                for pin in sys.argv[2:]:
                    fingerprint = aioclient.Fingerprint(bytes.fromhex(pin), verify=True)
                    try:
                        async with session.get(sys.argv[1], ssl=fingerprint) as r:
                            print(r.status)
                    except aioclient.ServerFingerprintMismatch:
                        print("mismatch")
        asyncio.run(main())
    """
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    with origin_in_thread(site_context(certificate)) as origin:
        done = subprocess.run(
            [
                *(sys.executable, "-c", program, origin.url("/json")),
                *(digest_of(certificate).hex(), "00" * 32),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
            env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")},
        )
        assert origin.served == 1
    assert done.stdout == "200\nmismatch\n"


@asynchronous
async def test_the_value_of_a_request_overrides_the_default(
    good: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    strict = ssl.create_default_context()  # which does not know the authority
    async with TlsSite(good) as site:
        async with ClientSession(connector=connector(ssl=strict)) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await ask(session, site)
            await ask(session, site, ssl=ssl_context)
        async with ClientSession(connector=connector(ssl=False)) as session:
            await ask(session, site)
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await ask(session, site, ssl=strict)


@asynchronous
async def test_a_pin_is_a_default_that_a_request_overrides(
    authority: trustme.CA, ssl_context: ssl.SSLContext
) -> None:
    certificate = authority.issue_cert(HOST)
    right, wrong = aiohttp.Fingerprint(digest_of(certificate)), aiohttp.Fingerprint(b"0" * 32)
    async with TlsSite(site_context(certificate)) as site:
        async with ClientSession(connector=connector(ssl=wrong)) as session:
            with pytest.raises(aiohttp.ServerFingerprintMismatch):
                await ask(session, site)
            await ask(session, site, ssl=right)
            await ask(session, site, ssl=ssl_context)
        async with ClientSession(connector=connector(ssl=right)) as session:
            await ask(session, site)
            with pytest.raises(aiohttp.ServerFingerprintMismatch):
                await ask(session, site, ssl=wrong)

"""A real nginx, where there is one."""

import hashlib
import random
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from nginx import NGINX, nginx_running
from running import asynchronous, closed_port

from aioclient import ClientConnectorCertificateError, ClientSession

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on PATH")

FILE = random.Random(7230).randbytes(1024 * 1024)
SHA256 = hashlib.sha256(FILE).hexdigest()

SERVERS = """
    server {{
        listen 127.0.0.1:{port};
        location /chunked.html {{ ssi on; }}
        location /gone {{ return 410; }}
    }}
    server {{
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {certificate}/cert.pem;
        ssl_certificate_key {certificate}/key.pem;
    }}
"""


class Nginx:
    """Where it listens."""

    def __init__(self, port: int, tls_port: int) -> None:
        self.plain = f"http://127.0.0.1:{port}"
        self.tls = f"https://127.0.0.1:{tls_port}"


@pytest.fixture(scope="module")
def nginx(certificate_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "root").mkdir()
    (folder / "root" / "file.bin").write_bytes(FILE)
    (folder / "root" / "chunked.html").write_bytes(b"<!--# echo var='a' default='b' -->" * 5000)
    port, tls_port = closed_port(), closed_port()
    servers = SERVERS.format(port=port, tls_port=tls_port, certificate=certificate_files)
    with nginx_running(folder, port, servers):
        yield Nginx(port, tls_port)


@asynchronous
async def test_a_file_of_1_mib_is_equal(nginx: Nginx) -> None:
    async with ClientSession() as session:
        for _ in range(3):
            async with session.get(f"{nginx.plain}/file.bin") as response:
                assert response.content_length == len(FILE)
                assert hashlib.sha256(await response.read()).hexdigest() == SHA256


@asynchronous
async def test_a_file_is_equal_over_tls_with_a_private_authority(
    nginx: Nginx, trusting: ssl.SSLContext
) -> None:
    async with (
        ClientSession() as session,
        session.get(f"{nginx.tls}/file.bin", ssl=trusting) as response,
    ):
        assert hashlib.sha256(await response.read()).hexdigest() == SHA256


@asynchronous
async def test_a_certificate_of_an_unknown_authority_is_refused(nginx: Nginx) -> None:
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(f"{nginx.tls}/file.bin")


@asynchronous
async def test_a_chunked_answer_is_put_together(nginx: Nginx) -> None:
    async with (
        ClientSession() as session,
        session.get(f"{nginx.plain}/chunked.html") as response,
    ):
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.content_length is None
        assert await response.read() == b"b" * 5000


@asynchronous
async def test_errors_and_head_keep_the_connection(nginx: Nginx) -> None:
    async with ClientSession() as session:
        assert (await session.get(f"{nginx.plain}/gone")).status == 410
        assert (await session.get(f"{nginx.plain}/nothing")).status == 404
        response = await session.head(f"{nginx.plain}/file.bin")
        assert response.content_length == len(FILE)
        assert await response.read() == b""
        response = await session.get(f"{nginx.plain}/file.bin", headers={"Range": "bytes=0-9"})
        assert response.status == 206
        assert await response.read() == FILE[:10]


@asynchronous
async def test_what_nginx_refuses_is_a_response(nginx: Nginx, trusting: ssl.SSLContext) -> None:
    async with ClientSession() as session:
        response = await session.get(nginx.tls.replace("https:", "http:") + "/")
        assert response.status == 400
        response = await session.post(f"{nginx.plain}/file.bin", data=b"x" * 100_000)
        assert response.status == 405

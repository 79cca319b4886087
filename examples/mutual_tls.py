"""TLS both ways: the server shows a certificate, and so does the client.

AUTHORITY has the certificates of whom to trust, CLIENT one's own with its key; both are PEM files.
Without arguments there is a server that knows nobody but its own authority (pip install trustme).

python examples/mutual_tls.py URL AUTHORITY CLIENT
python examples/mutual_tls.py
"""

import asyncio
import contextlib
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import aioclient


def client_context(authority: Path, client: Path | None) -> ssl.SSLContext:
    """Trust this authority and no other; show this certificate to servers that ask for one."""
    context = ssl.create_default_context(cafile=authority)
    if client is not None:
        context.load_cert_chain(client)
    return context


async def ask(url: str, context: ssl.SSLContext) -> str:
    # The connector's, not the request's: all requests of a session show the same certificate.
    connector = aioclient.TCPConnector(ssl=context)
    async with aioclient.ClientSession(connector=connector) as session:
        try:
            async with session.get(url) as response:
                return f"{response.status}: {await response.text()}"
        except aioclient.ClientSSLError as error:
            return f"no TLS: {error}"
        except aioclient.ClientConnectionError as error:
            # With TLS 1.3 a server looks at the certificate when the client may send already.
            return f"refused: {error}"


class Greeting(BaseHTTPRequestHandler):
    """The server says whose certificate it was shown."""

    def do_GET(self) -> None:
        ((_, name),) = self.connection.getpeercert()["subjectAltName"]
        body = f"Hello, {name}!".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def server_with_files(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """A URL of a server, and the files that its clients need."""
    import trustme

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted, own = folder / "authority.pem", folder / "client.pem"
    authority.cert_pem.write_to_path(str(trusted))
    client = authority.issue_cert("me@service.internal")
    client.private_key_and_cert_chain_pem.write_to_path(str(own))
    with HTTPServer(("127.0.0.1", 0), Greeting) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"https://127.0.0.1:{server.server_port}/", trusted, own
        finally:
            server.shutdown()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        url, *files = sys.argv[1:]
        print(asyncio.run(ask(url, client_context(*map(Path, files)))))
    else:
        with tempfile.TemporaryDirectory() as name, server_with_files(Path(name)) as given:
            url, authority, client = given
            print("with a certificate:", asyncio.run(ask(url, client_context(authority, client))))
            print("without one:", asyncio.run(ask(url, client_context(authority, None))))

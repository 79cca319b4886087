"""Others that keep cookies: http.cookiejar, and curl with a server of ours.

Each plays visits: a response that sets cookies, and then some requests, of which it is known what
they were sent. No two visits have a host in common, so that one jar can play them all.
"""

import http.cookiejar
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import trustme
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.pairs import joined


class Visit(NamedTuple):
    """A response from a URL, with these Set-Cookie fields, and the URLs that are asked then."""

    url: str
    fields: tuple[str, ...]
    asked: tuple[str, ...]


#: What each request was sent; None for nothing.
Answers = tuple[str | None, ...]


def ours(visits: Sequence[Visit]) -> list[Answers]:
    """What this project's jar does."""
    found = []
    for visit in visits:
        jar = CookieJar(unsafe=True)
        jar.update_cookies_from_headers(visit.fields, URL(visit.url))
        found.append(tuple(joined(jar.pairs_for(URL(url))) for url in visit.asked))
    return found


class _Response:
    """What http.cookiejar wants to know of a response."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = list(fields)

    def info(self) -> "_Response":
        return self

    def get_all(self, name: str, default: list[str]) -> list[str]:
        return self._fields if name.lower() == "set-cookie" else default


def of_cookiejar(visits: Sequence[Visit]) -> list[Answers]:
    """What http.cookiejar does, as urllib uses it."""
    return [_of_cookiejar(visit) for visit in visits]


def _of_cookiejar(visit: Visit) -> Answers:
    jar = http.cookiejar.CookieJar()
    response = _Response(visit.fields)
    jar.extract_cookies(response, urllib.request.Request(visit.url))  # type: ignore[arg-type]
    found = []
    for url in visit.asked:
        request = urllib.request.Request(url)
        jar.add_cookie_header(request)
        found.append(request.get_header("Cookie"))
    return tuple(found)


class _Handler(BaseHTTPRequestHandler):
    """Answers for all hosts: with cookies where the query is a number, else with none."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each handshake waits
    server: "_Server"

    def do_GET(self) -> None:
        self.close_connection = False
        kind, _, number = self.path.partition("?")[2].partition("=")
        self.send_response_only(200)
        if kind == "set":
            for field in self.server.visits[int(number)].fields:
                self.send_header("Set-Cookie", field.encode().decode("latin-1"))
        else:
            sent = self.headers.get("Cookie")
            text = None if sent is None else sent.encode("latin-1").decode()
            self.server.seen[kind, number] = text
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, visits: Sequence[Visit]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.visits = visits
        #: Which request of which visit was sent what.
        self.seen: dict[tuple[str, str], str | None] = {}

    def handle_error(self, *_: object) -> None:
        """Say nothing: what was not seen is missed below."""


@contextmanager
def _serving(visits: Sequence[Visit], is_tls: bool) -> Iterator[_Server]:
    with _Server(visits) as server:
        if is_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert("site.example").configure_cert(context)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def of_curl(program: str, visits: Sequence[Visit], folder: Path) -> list[Answers]:
    """What curl does: one process gets all responses, and another makes all requests after that."""
    jar = str(folder / "jar")
    # All certificates of a system would be read for each connection.
    (folder / "ca").write_bytes(trustme.CA().cert_pem.bytes())
    with _serving(visits, False) as plain, _serving(visits, True) as secure:
        doors = ["--connect-to", f":443:127.0.0.1:{secure.server_port}"]
        trust = ["--insecure", "--cacert", str(folder / "ca")]
        start = [program, "-q", "--silent", "--show-error", *doors, *trust]

        def get(urls: list[str], *options: str) -> None:
            (folder / "urls").write_text("".join(f'url = "{url}"\n' for url in urls))
            subprocess.run(
                [*start, *options, "--config", str(folder / "urls")],
                check=True,
                stdin=subprocess.DEVNULL,
                # Plain HTTP goes through a proxy, over one connection for all hosts.
                env={"http_proxy": f"http://127.0.0.1:{plain.server_port}"},
                timeout=60,
            )

        numbered = list(enumerate(visits))
        get([f"{visit.url}?set={number}" for number, visit in numbered], "-c", jar)
        get(
            [
                f"{url}?{index}={number}"
                for number, visit in numbered
                for index, url in enumerate(visit.asked)
            ],
            *("-b", jar),
        )
        seen = {**plain.seen, **secure.seen}
    return [
        tuple(seen[str(index), str(number)] for index in range(len(visit.asked)))
        for number, visit in enumerate(visits)
    ]

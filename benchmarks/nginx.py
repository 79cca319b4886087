"""A local nginx that serves the documents of the benchmarks.

One worker process on a free port of 127.0.0.1, with its configuration and its
temporary files in a directory of its own, no access log, and keep-alive connections
that are never closed by the server:

* ``/small``: a JSON document of exactly 200 bytes, with Content-Length;
* ``/items``: takes a body of any kind and answers with a JSON document of some 200 bytes,
  which says how long the body was announced to be and of which media type;
* ``/heavy``: a small JSON document with 40 response fields, 5 of them Set-Cookie;
* ``/download``: a file of 100 MB, sent with sendfile, and ``/ten``, one of 10 MB; only if they are
  asked for.

If TLS is asked for, another port has the same over TLS 1.2 and 1.3, with a certificate for
127.0.0.1 that is made for it (certificates.py). What nginx does by default with sessions it does
there: it gives tickets, with which clients can resume them. On a third port nothing can be resumed.

The documents are checked once when the server has started, so that a figure is never
taken from an error page. Needs Linux (CPU affinity) and the nginx binary; no module
besides the standard ones is used, except trustme for TLS.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import bodies
import certificates
import workloads
from cores import choose, pinned
from workloads import Server, Site

SMALL_BYTES = 200
HEAVY_FIELDS = 40
HEAVY_COOKIES = 5

_START_SECONDS = 10.0

# What a JSON API behind a proxy and a CDN typically sends. nginx itself adds Server,
# Date, Content-Type, Content-Length and Connection.
_HEAVY_PLAIN = (
    ("Cache-Control", "private, max-age=0, must-revalidate"),
    ("ETag", "W/5d8c72a5edda8d6a5f3c"),
    ("Vary", "Accept-Encoding, Origin, Authorization"),
    ("Expires", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Last-Modified", "Wed, 31 Dec 2025 23:59:59 GMT"),
    ("Pragma", "no-cache"),
    ("Age", "0"),
    ("Via", "1.1 varnish, 1.1 edge-cache"),
    ("Link", "</items?page=2>; rel=next, </items?page=9>; rel=last"),
    ("Content-Language", "en"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Permissions-Policy", "geolocation=(), camera=(), microphone=()"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "0"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link, X-Request-Id"),
    ("X-RateLimit-Limit", "5000"),
    ("X-RateLimit-Remaining", "4987"),
    ("X-RateLimit-Reset", "1767225600"),
    ("X-Request-Id", "6f1c2a0e-8b7d-4d53-9f3e-2b1a7c9d0e4f"),
    ("X-Correlation-Id", "0af7651916cd43dd8448eb211c80319c"),
    ("X-Runtime", "0.004217"),
    ("X-Served-By", "cache-ams21045-AMS"),
    ("X-Cache", "MISS"),
    ("X-Cache-Hits", "0"),
    ("X-Timer", "S1767225599.123456,VS0,VE4"),
    ("Server-Timing", "db;dur=1.2, app;dur=2.9"),
)
_HEAVY_SET_COOKIE = (
    "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; SameSite=Lax",
    "csrftoken=fedcba9876543210fedcba9876543210; Path=/; Max-Age=31449600",
    "locale=en; Path=/; Max-Age=31536000",
    "theme=dark; Path=/; Expires=Fri, 01 Jan 2038 00:00:00 GMT",
    "tracking=off; Path=/; Secure; HttpOnly",
)

_CONFIG = """\
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log stderr error;
events {{
    worker_connections 1024;
}}
http {{
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    default_type application/json;
    keepalive_requests 100000000;
    keepalive_timeout 86400s;
{servers}
}}
"""

_SERVER = """\
    server {{
{listen}
        location = /small {{
            return 200 '{small}';
        }}
        location = /items {{
            return 200 '{created}';
        }}
        location = /heavy {{
{heavy_fields}
            return 200 '{heavy}';
        }}
        location = /ten {{
            sendfile on;
            default_type application/octet-stream;
            alias {prefix}/ten;
        }}
        location = /download {{
            sendfile on;
            default_type application/octet-stream;
            alias {prefix}/download;
        }}
        location / {{
            return 404;
        }}
    }}
"""

_PLAIN = """\
        listen 127.0.0.1:{port};
"""

_TLS = """\
        listen 127.0.0.1:{port} ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
"""

_NOTHING_TO_RESUME = """\
        ssl_session_tickets off;
        ssl_session_cache off;
"""


class NginxError(RuntimeError):
    """nginx is not there, did not start, or serves something else than expected."""


def small_document() -> str:
    """A JSON document of exactly SMALL_BYTES bytes."""
    item: dict[str, object] = {
        "id": 4711,
        "name": "widget",
        "price": 12.5,
        "tags": ["new", "sale"],
        "stock": {"ams": 3, "fra": 12},
        "active": True,
        "parent": None,
        "text": "",
    }
    item["text"] = "x" * (SMALL_BYTES - len(json.dumps(item)))
    return json.dumps(item)


def created_document(received: str) -> str:
    """What a POST is answered with: a JSON document of some 200 bytes."""
    return json.dumps({"id": 4711, **bodies.item(), "text": "", "received": received})


def heavy_document() -> str:
    return json.dumps({"id": 4711, "name": "widget"})


def _configuration(prefix: str, listen: Sequence[str]) -> str:
    """One server for each of `listen`, all with the same documents."""
    servers = "\n".join(_server(prefix, lines) for lines in listen)
    return _CONFIG.format(prefix=prefix, servers=servers)


def _server(prefix: str, listen: str) -> str:
    fields = [*_HEAVY_PLAIN, *(("Set-Cookie", value) for value in _HEAVY_SET_COOKIE)]
    return _SERVER.format(
        prefix=prefix,
        listen=listen,
        small=small_document(),
        created=created_document("$content_length $content_type"),
        heavy=heavy_document(),
        heavy_fields="\n".join(
            f'            add_header {name} "{value}";' for name, value in fields
        ),
    )


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _binary() -> str:
    # /usr/sbin is not on the search path of an ordinary Debian user.
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    binary = shutil.which("nginx", path=path)
    if binary is None:
        raise NginxError("nginx not found; on Debian: apt-get install nginx-light")
    return binary


def _wait_until_open(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NginxError(f"nginx ended with status {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise NginxError(f"nginx did not open its port within {_START_SECONDS:.0f} s")


def _fetch(
    port: int, path: str, method: str = "GET", document: str | None = None
) -> tuple[list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        fields = {} if document is None else {"Content-Type": "application/json"}
        connection.request(method, path, document, fields)
        response = connection.getresponse()
        if response.status != 200:
            raise NginxError(f"{path} answers {response.status}")
        return response.getheaders(), response.read()
    finally:
        connection.close()


def _check(port: int) -> None:
    fields, body = _fetch(port, "/small")
    if len(body) != SMALL_BYTES or ("Content-Type", "application/json") not in fields:
        raise NginxError(f"/small is not what it should be: {fields} {body!r}")
    document = json.dumps(bodies.item())
    _, body = _fetch(port, "/items", "POST", document)
    if body.decode("ascii") != created_document(f"{len(document)} application/json"):
        raise NginxError(f"/items answers {body!r}")
    fields, body = _fetch(port, "/heavy")
    cookies = sum(name == "Set-Cookie" for name, _ in fields)
    if (len(fields), cookies) != (HEAVY_FIELDS, HEAVY_COOKIES):
        raise NginxError(f"/heavy has {len(fields)} fields, {cookies} Set-Cookie")
    json.loads(body)


def _check_download(port: int) -> None:
    for path, size in (("/download", workloads.BIG_BYTES), ("/ten", workloads.TEN_BYTES)):
        fields, _ = _fetch(port, path, "HEAD")
        if ("Content-Length", str(size)) not in fields:
            raise NginxError(f"{path} is not what it should be: {fields}")


def _check_tls(site: Site, can_resume: bool) -> None:
    assert site.authority is not None
    context = certificates.trusting(site.authority)
    session: ssl.SSLSession | None = None
    resumed: list[bool | None] = []
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", site.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as tls,
        ):
            tls.sendall(b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            with tls.makefile("rb") as answer:
                if not answer.read().endswith(small_document().encode("ascii")):
                    raise NginxError("/small is not what it should be over TLS")
            session = tls.session
            resumed.append(tls.session_reused)
    if resumed != [False, can_resume]:
        raise NginxError(f"sessions of TLS were resumed: {resumed}, can be: {can_resume}")


@contextlib.contextmanager
def serve(
    core: int | None = None, with_download: bool = False, with_tls: bool = False
) -> Iterator[dict[Server, Site]]:
    """Run nginx, pinned to `core` if given; yields where it is on 127.0.0.1."""
    binary = _binary()
    port = _free_port()
    sites: dict[Server, Site] = {"nginx": Site(port)}
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as prefix:
        listen = [_PLAIN.format(port=port)]
        if with_tls:
            authority = str(certificates.write(Path(prefix)))
            resuming, full = _free_port(), _free_port()
            sites["nginx tls"] = Site(resuming, authority)
            sites["nginx tls full"] = Site(full, authority)
            listen.append(_TLS.format(port=resuming, folder=prefix))
            listen.append(_TLS.format(port=full, folder=prefix) + _NOTHING_TO_RESUME)
        config = Path(prefix, "nginx.conf")
        config.write_text(_configuration(prefix, listen))
        command = [binary, "-e", "stderr", "-p", prefix, "-c", str(config)]
        if with_download:
            Path(prefix).chmod(0o755)  # started by root, nginx reads files as somebody else
            bodies.write_file(Path(prefix, "download"))
            bodies.write_file(Path(prefix, "ten"), workloads.TEN_BYTES)
        with pinned(core):  # nginx and its worker process inherit the affinity
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            _wait_until_open(process, port)
            _check(port)
            if with_download:
                _check_download(port)
            if with_tls:
                _check_tls(sites["nginx tls"], can_resume=True)
                _check_tls(sites["nginx tls full"], can_resume=False)
            yield sites
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


if __name__ == "__main__":
    with serve(choose()[1]) as listening:
        print(f"http://127.0.0.1:{listening['nginx'].port}/small  (Ctrl-C ends)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)

"""A real nginx, where there is one."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NGINX = shutil.which("nginx")

_FRAME = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    root {folder}/root;
{servers}
}}
"""


@contextlib.contextmanager
def nginx_running(folder: Path, port: int | str, servers: str) -> Iterator[None]:
    """Run nginx with these `server` blocks, one of which listens at the port, or a UNIX socket.

    It serves what is in `root` of the folder. Skips the test where it cannot be started.
    """
    assert NGINX is not None
    for path in (folder, folder.parent):
        path.chmod(0o755)  # started by root, it reads files as somebody else
    (folder / "nginx.conf").write_text(_FRAME.format(folder=folder, servers=servers))
    with subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], stderr=subprocess.PIPE
    ) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int | str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    family = socket.AF_INET if isinstance(port, int) else socket.AF_UNIX
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.socket(family) as sock:
            sock.settimeout(1)
            sock.connect(("127.0.0.1", port) if isinstance(port, int) else port)
            return
        time.sleep(0.02)
    process.kill()
    _, errors = process.communicate()
    pytest.skip(f"nginx does not start here: {errors.decode(errors='replace')[:500]}")

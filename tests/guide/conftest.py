"""Servers for the guide's examples."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).resolve().parent.parent / "support" / "httpbin_server.py"


@pytest.fixture(scope="session")
def httpbin() -> Iterator[str]:
    """What stands for ``http://httpbin.org`` in the guide: the same program, on loopback."""
    with subprocess.Popen(
        [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "httpbin did not start"
        yield f"http://127.0.0.1:{port}"

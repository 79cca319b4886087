"""Runs a server of ours in a process of its own.

Such a program prints its port when it listens, and ends when its standard input is closed.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cores import pinned


@contextlib.contextmanager
def running(program: str, core: int | None = None) -> Iterator[int]:
    """Run a file with a server, pinned to `core` if given; yields its port."""
    with pinned(core):  # the process inherits the affinity
        process = subprocess.Popen(
            [sys.executable, str(Path(program).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()

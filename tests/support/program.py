"""Runs a program that serves on loopback and was not written here.

It gets a folder and ports of its own, is up when all its ports take connections, and is ended with
all the processes that it has started. A test that needs one that is not there skips itself, unless
the environment says that all must be there: AIOCLIENT_TEST_PROGRAMS=required.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn, Self

import pytest
from running import has_addresses

#: Where every program listens, as far as the system has it.
HOSTS: Final = ("127.0.0.1", "::1") if has_addresses("::1") else ("127.0.0.1",)
#: Below those that systems give to clients: a port that was free just now is not taken by one, and
#: who asks whether it is open never connects to himself.
_PORTS: Final = range(10_000, 32_000)
_START_S: Final = 10.0
_END_S: Final = 5.0
#: So often another try is made with other ports: somebody may have been faster.
_TRIES: Final = 3

#: Given its folder and its ports: how to start it.
Command = Callable[[Path, list[int]], list[str]]


def path_of(name: str) -> str:
    """Where a program of the system is; skips the test if it is nowhere."""
    if sys.platform == "win32":
        pytest.skip(f"{name} is a program of other systems")
    folders = (os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin")
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        do_without(f"there is no {name} here")
    return found


def do_without(reason: str) -> NoReturn:
    """Skip the test that needs a program, or fail it where that must be there."""
    if os.environ.get("AIOCLIENT_TEST_PROGRAMS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Program:
    """One that runs, until `end`. What it says goes to the file `output` of its folder."""

    def __init__(
        self,
        name: str,
        command: Command,
        ports: int = 1,
        hosts: tuple[str, ...] = HOSTS,
    ) -> None:
        """Start it; skips the test where that is not possible.

        Each of its ports has one number at all hosts.
        """
        self.name = name
        self.hosts = hosts
        self._command = command
        # Not one of pytest's: no other user can enter those, as which some programs run.
        self._folder = tempfile.TemporaryDirectory(prefix=f"aioclient-{name}-")
        self.folder = Path(self._folder.name)
        self.folder.chmod(0o755)
        self.ports: list[int] = []
        self._process: subprocess.Popen[bytes]
        started = time.monotonic()
        try:
            self._start(ports)
        except BaseException:
            self._folder.cleanup()
            raise
        #: How long that took.
        self.start_s = time.monotonic() - started

    @property
    def output(self) -> str:
        """What it has said so far."""
        return (self.folder / "output").read_text(errors="replace")

    def ask_to_end(self) -> None:
        """Let it begin to end itself."""
        self._process.terminate()

    def end(self) -> None:
        """End it and all that it has started. Blocks."""
        self._end_process()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _start(self, ports: int) -> None:
        for _ in range(_TRIES):
            self.ports = free_ports(ports)
            with (self.folder / "output").open("wb") as output:
                self._process = subprocess.Popen(
                    self._command(self.folder, self.ports),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
            if self._is_up():
                return
            has_ended = self._process.poll() is not None
            self._end_process()
            if not has_ended:
                break
        do_without(f"{self.name} does not start here: {self.output.strip()[-500:]!r}")

    def _is_up(self) -> bool:
        end = time.monotonic() + _START_S
        closed = [(host, port) for port in self.ports for host in self.hosts]
        while closed and time.monotonic() < end and self._process.poll() is None:
            if is_open(*closed[-1]):
                closed.pop()
            else:
                time.sleep(0.01)
        return not closed

    def _end_process(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def free_ports(count: int) -> list[int]:
    """Some ports where nobody listens, at any of `HOSTS`."""
    free = _free()
    return [next(free) for _ in range(count)]


def _free() -> Iterator[int]:
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        try:
            for host in HOSTS:
                with socket.socket(_family(host)) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind((host, port))
        except OSError:
            continue
        yield port


def is_open(host: str, port: int) -> bool:
    """Does somebody listen there?"""
    with socket.socket(_family(host)) as sock:
        sock.settimeout(1)
        return sock.connect_ex((host, port)) == 0


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

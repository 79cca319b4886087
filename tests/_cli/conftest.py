"""What the tests of the command line share: origins in threads, and ways to run it."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from origin import Origin, origin_in_thread

LIMIT_S = 60.0

Run = Callable[..., subprocess.CompletedProcess[bytes]]
RunOnTerminal = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls_origin(authority: trustme.CA) -> Iterator[Origin]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with origin_in_thread(context) as running:
        yield running


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def command(*arguments: str | Path) -> list[str]:
    """The command line of a run in which a resource left open shows on standard error."""
    python = [sys.executable, "-W", "always::ResourceWarning", "-m", "aioclient"]
    return [*python, *map(str, arguments)]


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the command line and leave it running, its outputs in pipes."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        # A run in the background of a shell ignores Ctrl-C, and its children inherit that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            started.append(subprocess.Popen(command(*arguments), stdout=pipe, stderr=pipe))
        finally:
            signal.signal(signal.SIGINT, before)
        return started[-1]

    yield start
    for process in started:
        with process:
            process.kill()


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the command line to its end, its outputs in pipes."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command(*arguments), check=False, capture_output=True, timeout=LIMIT_S
        )

    return run


@pytest.fixture(scope="session")
def run_on_terminal() -> RunOnTerminal:
    """Run the command line to its end with a terminal as its outputs; give status and output.

    `before` is Python code that runs first, in the same process.
    """
    if sys.platform == "win32":
        pytest.skip("pseudo-terminals are POSIX")
    import pty

    def run(*arguments: str | Path, before: str = "", **variables: str) -> tuple[int, str]:
        code = f"import sys; {before}\nfrom aioclient._cli.main import main; sys.exit(main())"
        ours, theirs = pty.openpty()
        inherited = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        with subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**inherited, "TERM": "xterm-256color", "PYTHONUTF8": "1", **variables},
        ) as process:
            os.close(theirs)
            output = b"".join(iter(lambda: _read(ours), b""))
            os.close(ours)
        return process.returncode, output.decode().replace("\r\n", "\n")

    return run


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux tells that the other side is closed
        return b""

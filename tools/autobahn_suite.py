"""The Autobahn test suite for WebSockets: its installation, its server, and what that reports.

It is the suite that WebSockets are measured by, and it runs on Python 2.7 only. No Debian has that
any more; pyenv can make one.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from installing import CannotRun, Clock, Installations, kept_name, only_user, say

SUITE: Final = "autobahntestsuite==0.8.2"
#: The last ones that make environments for Python 2.
VIRTUALENV: Final = "virtualenv<20.22"
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-autobahn"
INSTALL_S: Final = 1200.0

#: What may be said of a case that is good; what else it may be said to be.
GOOD: Final = ("OK", "NON-STRICT", "INFORMATIONAL")
BAD: Final = ("FAILED", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT", "MISSING")

_START_S: Final = 30.0
_END_S: Final = 5.0
#: So often another port is tried: somebody may have been faster.
_TRIES: Final = 3

#: As `wstest -m fuzzingserver`, which would listen at all addresses.
_SERVE: Final = """
import json, sys
from twisted.internet import reactor
listen = reactor.listenTCP
def listen_on_loopback(port, factory, backlog=50, interface=""):
    return listen(port, factory, backlog, "127.0.0.1")
reactor.listenTCP = listen_on_loopback
from autobahntestsuite import fuzzing
fuzzing.startServer(json.loads(sys.argv[1]), 0)
reactor.run()
"""
_LIST_CASES: Final = """
import json
from autobahntestsuite import fuzzing as f
every = f.CaseSet(f.CaseSetname, f.CaseBasename, f.Cases, f.CaseCategories, f.CaseSubCategories)
print(json.dumps(every.parseSpecCases({"cases": ["*"]})))
"""


def install(cache: Path = CACHE) -> "Suite":
    """Install the suite, unless it is there; raises CannotRun if that is not possible."""
    python = python_2_7()
    clock = Clock(INSTALL_S)

    def make(folder: Path, whole: Path) -> None:
        say(f"Installing {SUITE}; the next time it is there already ...")
        ours = folder / "ours"
        kept.install([sys.executable, "-m", "venv", str(ours)])
        quiet = ["install", "-q", "--disable-pip-version-check", "--no-input"]
        kept.install([str(ours / "bin" / "python"), "-m", "pip", *quiet, VIRTUALENV])
        kept.install([str(ours / "bin" / "virtualenv"), "-q", "-p", str(python), str(whole)])
        kept.install([str(whole / "bin" / "python"), "-m", "pip", *quiet, SUITE])

    with only_user(cache.expanduser().resolve(), clock) as cache:
        kept = Installations(cache, clock)
        return Suite(kept.installed("suite", make, SUITE, str(python)))


def installed(cache: Path = CACHE) -> "Suite":
    """The suite that was installed; raises CannotRun if it was not."""
    folder = cache.expanduser().resolve() / kept_name("suite", SUITE, str(python_2_7()))
    if not folder.exists():
        raise CannotRun(f"{SUITE} is not installed (python3 tools/autobahn.py --install)")
    return Suite(folder)


def python_2_7() -> Path:
    """A Python 2.7; raises CannotRun if there is none."""
    if sys.platform == "win32":
        raise CannotRun("the Autobahn test suite is not for Windows")
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    found = sorted(root.glob("versions/2.7.*/bin/python2.7"), reverse=True)
    if on_path := shutil.which("python2.7"):
        found.append(Path(on_path))
    script = "import ctypes, hashlib, ssl, sys, zlib; sys.exit(sys.version_info[:2] != (2, 7))"
    for python in found:
        done = subprocess.run([str(python), "-c", script], check=False, capture_output=True)
        if done.returncode == 0:
            return python
    raise CannotRun(
        f"there is no Python 2.7, which {SUITE} needs, in {root / 'versions'} or on the path "
        "(pyenv install 2.7.18)"
    )


class Suite:
    """The suite, in an environment of Python 2.7."""

    def __init__(self, folder: Path) -> None:
        self._python = folder / "bin" / "python"

    def cases(self) -> list[str]:
        """The names of all its cases, as ``"1.1.1"``, in their order."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                self.command(_LIST_CASES),
                check=False,
                cwd=folder,
                capture_output=True,
                text=True,
            )
        if done.returncode:
            raise CannotRun(f"{SUITE} does not run: {done.stderr.strip()[-500:]}")
        names: list[str] = json.loads(done.stdout)
        return names

    def command(self, script: str, *arguments: str) -> list[str]:
        """How to run a script of Python 2.7, whatever the environment says to ours."""
        return [str(self._python), "-E", "-c", script, *arguments]


@dataclass(frozen=True, slots=True)
class Result:
    """What the suite says of one case: of what was received, and of how the WebSocket closed."""

    case: str
    behavior: str
    closing: str
    #: Its words, of either.
    words: str

    @property
    def verdict(self) -> str:
        """Of both, what is not good, if one is: one of `GOOD` or `BAD`."""
        is_closing_worse = self.behavior in GOOD and self.closing not in GOOD
        return self.closing if is_closing_worse else self.behavior

    @property
    def is_good(self) -> bool:
        """May it be so?"""
        return self.verdict in GOOD


class FuzzingServer:
    """A server that tests whoever connects, on loopback, until `end`.

    Arguments: `suite`; `reports`, a folder that it writes reports into.
    """

    def __init__(self, suite: Suite, reports: Path) -> None:
        self.reports = reports.resolve()
        self.reports.mkdir(parents=True, exist_ok=True)
        self._suite = suite
        self._log = self.reports / "server.log"
        self._process: subprocess.Popen[bytes]
        self.url = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End it. Blocks."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self._process.kill()
        self._process.wait()

    def results(self, agent: str) -> dict[str, Result]:
        """Of the cases that were run in this name, when ``/updateReports`` was asked for."""
        index = self.reports / "index.json"
        if not index.exists():
            return {}
        found = json.loads(index.read_text()).get(agent, {})
        return {case: self._result(case, entry) for case, entry in found.items()}

    def _result(self, case: str, entry: dict[str, str]) -> Result:
        details = json.loads((self.reports / entry["reportfile"]).read_text())
        words = f"{details['result']} {details['resultClose']}."
        return Result(case, entry["behavior"], entry["behaviorClose"], words)

    def _start(self) -> str:
        for _ in range(_TRIES):
            port = _free_port()
            url = f"ws://127.0.0.1:{port}"
            wish = {"url": url, "outdir": str(self.reports), "cases": ["*"]}
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    self._suite.command(_SERVE, json.dumps(wish)),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.reports,
                )
            if self._is_up(port):
                return url
            self.end()
        output = self._log.read_text(errors="replace").strip()
        raise CannotRun(f"the server of {SUITE} does not start: {output[-500:]}")

    def _is_up(self, port: int) -> bool:
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.05)
        return False


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def servers(suite: Suite, folders: list[Path]) -> Iterator[list[FuzzingServer]]:
    """One server for each folder of reports."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(FuzzingServer(suite, folder)) for folder in folders]

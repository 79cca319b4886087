#!/usr/bin/env python3
"""Runs the tests on a real CPython for Windows, under Wine.

    python3 tools/test_windows.py                      what there is for Windows, see TESTS
    python3 tools/test_windows.py --compiled           with the compiled twins
    python3 tools/test_windows.py --whole              with what takes long there, see LEFT_OUT
    python3 tools/test_windows.py [PYTEST_OPTION ...]  other tests, or options of pytest
    python3 tools/test_windows.py --require ...        fail where it cannot be done

It needs Python 3.11 or newer and installs the rest: see `under_wine.py`. All but what apt-get
installs lies outside of the checkout (--cache, ~/.cache/aioclient-windows) and is there for the
next run. Runs that share this folder go one after the other.

The tests run in a copy of the checkout, with the Python twins and, as Windows has it, the Proactor
loop. Whatever needs something that Windows has not must skip itself, with a reason. The compiled
twins are built by MinGW, which is good for tests; wheels are built otherwise.

Where it cannot be done, a line that begins with SKIPPED says why. Exit status: 0 if all is well or
skipped; that of pytest; 1 for what could not be done with --require, and when time is up.
"""

import argparse
import os
import shutil
import signal
import sys
import tomllib
from pathlib import Path
from typing import Final, NoReturn

from installing import CannotRun, Clock, TimeIsUp, only_user, say
from under_wine import PYTHON_VERSION, Windows, check_platform, windows_path

ROOT: Final = Path(__file__).resolve().parent.parent
COPIED: Final = ("aioclient", "tests", "tools", "examples", "docs", "vendor")
COPIED_FILES: Final = ("pyproject.toml", "setup.py", "README.md", "CHANGES.md")
TESTS: Final = (
    "tests/_net",
    "tests/_pool",
    "tests/_connection",
    "tests/_cookies/test_cookies_txt.py",
    "tests/_cookies/test_jar_file.py",
    "tests/_middlewares",
    "tests/_session",
    "tests/_tracing",
    "tests/loopback",
    "tests/guide/test_10_named_pipes.py",
)
#: Of these, what takes more than half of the time there and says of Windows what the rest says:
#: what decides is the same code everywhere, and is tested whole on other systems. --whole runs it.
_MOMENTS: Final = "tests/loopback/test_cancellation_everywhere.py::test_at_any_turn_of_the_loop"
LEFT_OUT: Final = (
    "--ignore=tests/loopback/test_planted_secrets.py",
    "--ignore=tests/loopback/test_redirect_matrix.py",
    f"--deselect={_MOMENTS}[EndOfTurn-cancel",
    f"--deselect={_MOMENTS}[Turn-pass_limit_of_the_caller",
)
TESTS_OF_TWINS: Final = (
    "tests/_http",
    "tests/_http1",
    "tests/_websocket",
    "tests/_cookies/test_quote.py",
    "tests/twins",
    "tests/test_package.py",
)
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
    "opentelemetry-api",
    "opentelemetry-sdk",
    "pytest",
    "python-multipart",
    "python-socks",
    "rich",
    "trustme",
    "websockets",
    "werkzeug",
    "wsproto",
    "zlib-ng",
)
#: colorama: pytest needs it on Windows, but its markers are read here. The last cryptography that
#: Wine 8 can load: newer ones come from a Rust that asks bcryptprimitives.dll for random numbers.
PINNED: Final = ("colorama>=0.4", "cryptography<43")
COMPILER: Final = "x86_64-w64-mingw32-gcc"

TIME_LIMIT_S: Final = 1800.0
#: A test that takes longer than this shows where it hangs.
HANG_S: Final = 120
#: `cacheprovider` would write into the copy.
RUN_OPTIONS: Final = ("-p", "no:cacheprovider", "-o", f"faulthandler_timeout={HANG_S}")
#: Leaves the exit status of pytest in a file: no pipe and no Wine can lose it there.
RUN_PYTEST: Final = """
import pathlib, sys, pytest
status = int(pytest.main(sys.argv[2:]))
pathlib.Path(sys.argv[1]).write_text(str(status))
sys.exit(status)
"""


def main(arguments: list[str]) -> int:
    """Install, run, and say how it went."""
    options, pytest_options = _parser().parse_known_args(arguments)
    signal.signal(signal.SIGTERM, _exit_on_signal)  # so that Wine ends with us
    clock = Clock(options.time_limit)
    try:
        if not options.whole:
            pytest_options = [*LEFT_OUT, *(pytest_options or ["-q"])]
        status = run_tests(options.cache, clock, options.compiled, pytest_options)
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


def run_tests(cache: Path, clock: Clock, is_compiled: bool, options: list[str]) -> int:
    """Run pytest under Wine; give its exit status."""
    check_platform()
    packages = [*_requirements(), *PINNED]
    twins = "compiled" if is_compiled else "python"
    environment = {"AIOCLIENT_TEST_TWINS": twins}
    if not is_compiled:
        environment["AIOCLIENT_NO_EXTENSIONS"] = "1"
    with (
        only_user(cache.expanduser().resolve(), clock) as cache,
        Windows(cache, clock, packages, environment) as windows,
        windows.unfinished() as folder,
    ):
        checkout = folder / "checkout"
        _copy_checkout(checkout)
        if is_compiled:
            _build_twins(windows, checkout)
        windows.environment["PYTHONPATH"] = windows_path(checkout)
        command = [*RUN_OPTIONS, *(options or ["-q"])]
        if not any(Path(ROOT, option.partition("::")[0]).exists() for option in options):
            command += [*TESTS, *(TESTS_OF_TWINS if is_compiled else ())]
        say(f"Set up after {clock.elapsed_s:.0f} s; {twins} twins; pytest {' '.join(command)}")
        status_file = folder / "status"
        script = ["-c", RUN_PYTEST, windows_path(status_file)]
        status, _ = windows.run_python([*script, *command], checkout, _print_bytes)
        if not status_file.exists():
            say(f"pytest did not come to its end: Wine's exit status is {status}")
            return status or 1
        return int(status_file.read_text()) or status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-windows"
    parser.add_argument("--require", action="store_true", help="fail where it cannot be done")
    parser.add_argument("--compiled", action="store_true", help="build and test compiled twins")
    parser.add_argument("--whole", action="store_true", help="leave out nothing")
    parser.add_argument("--cache", type=Path, default=cache, help="where installations are kept")
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT_S, metavar="S", help="seconds for all of it"
    )
    return parser


def _exit_on_signal(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _requirements() -> list[str]:
    """What of the project's requirements is needed, without markers: they speak of this system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    development = [
        line.partition(";")[0].strip() for line in project["optional-dependencies"]["dev"]
    ]
    wanted = [line for line in development if line.partition(">")[0] in TEST_PACKAGES]
    assert len(wanted) == len(TEST_PACKAGES), "TEST_PACKAGES and the extra `dev` disagree"
    return [*project["dependencies"], *wanted]


def _copy_checkout(checkout: Path) -> None:
    built = shutil.ignore_patterns("*.so", "*.pyd", "*_c.c", "__pycache__")
    for name in COPIED:
        shutil.copytree(ROOT / name, checkout / name, ignore=built)
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, checkout / name)


def _build_twins(windows: Windows, checkout: Path) -> None:
    """Build each compiled twin next to its source."""
    if shutil.which(COMPILER) is None:
        windows.apt_install("gcc-mingw-w64-x86-64")
    say("Building the compiled twins ...")

    def make(folder: Path, cython: Path) -> None:
        windows.pip_install(cython, ["Cython>=3.1"])

    cython = windows.installed("cython", make, sys.version)
    environment = {**os.environ, "PYTHONPATH": str(cython)}
    # As in setup.py: what a twin keeps is each interpreter's own.
    directives = ["-3", "-X", "subinterpreters_compatible=own_gil"]
    macros = ["-DCYTHON_USE_MODULE_STATE=1", "-DCYTHON_USE_TYPE_SPECS=1"]
    vendored = checkout / "vendor" / "h1scan"
    version = PYTHON_VERSION.replace(".", "")
    for source in sorted(checkout.glob("aioclient/**/*_c.pyx")):
        written = source.with_suffix(".c")
        windows.install([sys.executable, "-m", "cython", *directives, str(source)], environment)
        windows.install(
            [
                *(COMPILER, "-shared", "-O2", *macros, str(written)),
                *map(str, sorted(vendored.glob("*.c"))),
                *("-I", str(vendored), "-I", str(windows.python / "include")),
                *("-L", str(windows.python / "libs"), f"-lpython{version}"),
                *("-o", str(source.with_suffix(f".cp{version}-win_amd64.pyd"))),
            ]
        )


def _print_bytes(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

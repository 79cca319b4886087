"""Sets up and runs the project, by one command each; needs only Python 3.11 or newer.

    python3 tools/dev.py demo                    a tour against a server of its own
    python3 tools/dev.py demo URL [OPTION ...]   fetch a URL; the options of `python -m aioclient`
    python3 tools/dev.py test [OPTION ...]       every check; the options of pytest

Each command keeps a virtual environment of its own in the checkout, `.venv-demo` and `.venv-test`,
and installs into it again only when the Python version, the sources that the installation depends
on, or the settings of the build have changed.

AIOCLIENT_BUILD_EXTENSIONS=yes makes it an error if the compiled twins cannot be built; unset,
it is said, and the Python twins are used; =no does not build them.
"""

from __future__ import annotations  # lets an older Python come as far as the words at the end

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BUILD_SETTINGS = ("AIOCLIENT_BUILD_EXTENSIONS", "CC", "CFLAGS", "LDFLAGS")
BUILD_FILES = ("pyproject.toml", "setup.py")
COMPILED_SOURCES = (".pyx", ".pxd", ".pxi", ".c", ".h")
PACKAGE_FILES = ("MANIFEST.in", "README.md", "CHANGES.md", "LICENSE")
EXIT_INTERRUPTED = 130
#: The extra `dev` brings it there, too.
HAS_UVLOOP = platform.python_implementation() == "CPython" and os.name != "nt"
#: What depends on the event loop; left out is what takes long and does not.
UVLOOP_TESTS = (
    *(f"tests/{folder}" for folder in ("_net", "_pool", "_session", "_connection", "loopback")),
    "--ignore-glob=tests/loopback/test_*memory.py",
    "--ignore=tests/loopback/test_redirect_matrix.py",
)


class SetupFailed(Exception):
    """The virtual environment could not be made; the message says why and what helps."""


def say(text: str) -> None:
    """Print a line now, before whatever a child process prints."""
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names; give the exit status."""
    commands = {"demo": demo, "test": test}
    if not arguments or arguments[0] not in commands:
        say((__doc__ or "").strip())
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        return commands[arguments[0]](arguments[1:])
    except SetupFailed as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def demo(arguments: list[str]) -> int:
    """Show the client at work: on a URL, or on a tour."""
    venv = Venv("demo")
    sources = [*build_sources(), *sorted(ROOT.glob("aioclient/**/*.py"))]
    if not venv.prepare(sources, editable=False):
        say(
            "No compiled twins here: the Python twins run, which do the same, slower. "
            "(AIOCLIENT_BUILD_EXTENSIONS=yes shows what the build lacks.)"
        )
    if arguments:
        # -P keeps the checkout, if that is where we are, from hiding what was installed.
        command = venv.python("-P", "-m", "aioclient", "-v", *arguments)
    else:
        command = venv.python(str(ROOT / "tools" / "demo.py"))
    return subprocess.run(command, check=False).returncode


def test(arguments: list[str]) -> int:
    """Run every check, the tests with the Python twins last; fail if any of them did.

    Those that take long run at the same time, if there is more than one processor: half of what
    tests do is to wait.
    """
    venv = Venv("test")
    compiled = venv.prepare(build_sources(), editable=True)
    checks = Checks()
    checks.run("ruff check", venv.python("-m", "ruff", "check", "."))
    checks.run("ruff format --check", venv.python("-m", "ruff", "format", "--check", "."))
    checks.run("mypy --strict", venv.python("-m", "mypy"))
    checks.run("lint-imports", venv.script("lint-imports"))
    if compiled or has_c_compiler():
        checks.run("C tests of h1scan", venv.python("vendor/h1scan/check.py"))
    else:
        checks.skip("C tests of h1scan", "no C compiler works here")
    # Not beside others: on a busy machine responses come in parts, which costs more.
    check_budget(checks, venv, compiled)
    pytest = venv.python("-m", "pytest", *arguments)
    lanes = [
        compiled_tests(checks, pytest, compiled),
        [
            *types_check(checks, venv),
            *uvloop_tests(checks, venv, arguments, compiled),
        ],
        [Check("pytest, Python twins", pytest, twins_environment("python"))],
    ]
    if (os.cpu_count() or 1) < 2:
        lanes = [[check for lane in lanes for check in lane]]
    checks.run_together(lanes)
    return checks.conclude()


def types_check(checks: Checks, venv: Venv) -> list[Check]:
    """The types that programs see, unless pyright cannot be had: its package fetches node."""
    done = subprocess.run(
        venv.script("pyright", "--version"), check=False, capture_output=True, text=True
    )
    if done.returncode == 0 or os.environ.get("AIOCLIENT_TEST_PROGRAMS") == "required":
        return [Check("types", venv.python("tools/check_types.py"))]
    why = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
    checks.skip("types", f"pyright does not run here: {why}", must_run=False)
    return []


def check_budget(checks: Checks, venv: Venv, compiled: bool) -> None:
    """Check what requests cost in calls and instructions; times are checked nowhere."""
    # /usr/sbin is not on the search path of an ordinary Debian user.
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    missing = [name for name in ("valgrind", "nginx") if not shutil.which(name, path=path)]
    if compiled and not missing:
        checks.run("budget of requests", venv.python("benchmarks/budget.py"))
        return
    why = f"there is no {' and no '.join(missing)}" if compiled else "the twins were not built"
    checks.skip("budget of requests", why)


def twins_environment(twins: str) -> dict[str, str]:
    """Make the environment in which the tests meet these twins."""
    environment = {**os.environ, "AIOCLIENT_TEST_TWINS": twins}
    environment.pop("AIOCLIENT_NO_EXTENSIONS", None)
    if twins == "python":
        environment["AIOCLIENT_NO_EXTENSIONS"] = "1"
    return environment


def compiled_tests(checks: Checks, pytest: list[str], compiled: bool) -> list[Check]:
    """The tests with the compiled twins."""
    if compiled:
        return [Check("pytest, compiled twins", pytest, twins_environment("compiled"))]
    checks.skip(
        "pytest, compiled twins",
        "the compiled twins were not built, so only the Python twins are tested",
    )
    return []


def uvloop_tests(checks: Checks, venv: Venv, arguments: list[str], compiled: bool) -> list[Check]:
    """What depends on the event loop once more, on another one."""
    if not HAS_UVLOOP:
        return []
    if not compiled:
        checks.skip("pytest, uvloop", "the compiled twins were not built")
        return []
    names_tests = any(Path(ROOT, argument.partition("::")[0]).exists() for argument in arguments)
    tests = [] if names_tests else UVLOOP_TESTS
    environment = {**twins_environment("compiled"), "AIOCLIENT_TEST_LOOP": "uvloop"}
    pytest = venv.python("-m", "pytest", *tests, *arguments)
    return [Check("pytest, uvloop", pytest, environment)]


def has_c_compiler() -> bool:
    """Find out by trying whether the compiler that the C tests would use works."""
    name = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    command = shlex.split(os.environ.get("CC", "")) or ([name] if name else [])
    if not command or shutil.which(command[0]) is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("int main(void) { return 0; }\n")
        built = [*command, str(source), "-o", str(source.with_suffix(".out"))]
        return subprocess.run(built, check=False, capture_output=True).returncode == 0


def build_sources() -> list[Path]:
    """List the files that the compiled twins and the installation are made from."""
    found = [ROOT / name for name in BUILD_FILES]
    compiled = sorted([*ROOT.glob("aioclient/**/*"), *ROOT.glob("vendor/*/*")])
    found += [path for path in compiled if path.suffix in COMPILED_SOURCES]
    return [path for path in found if not path.name.endswith("_c.c")]  # which Cython writes


class Venv:
    """A virtual environment of the checkout, with the project in it.

    Where that is a copy, it comes with these extras and packages.
    """

    def __init__(
        self,
        name: str,
        extras: Sequence[str] = ("cli",),
        packages: Sequence[str] = ("trustme",),
    ) -> None:
        self._path = ROOT / f".venv-{name}"
        self._extras = extras
        self._packages = packages
        self._stamp = self._path / "dev-stamp.json"
        self._bin = self._path / ("Scripts" if os.name == "nt" else "bin")

    def python(self, *arguments: str) -> list[str]:
        """Give the command that runs this environment's Python."""
        return [str(self._bin / ("python.exe" if os.name == "nt" else "python")), *arguments]

    def script(self, name: str, *arguments: str) -> list[str]:
        """Give the command that runs a program installed here."""
        return [str(self._bin / (f"{name}.exe" if os.name == "nt" else name)), *arguments]

    def has_compiled_twins(self) -> bool:
        """Find out whether the compiled twins are there and can be imported."""
        done = subprocess.run(
            self.python("-P", "-c", "import aioclient; print(aioclient.extensions_active())"),
            check=False,
            env={name: v for name, v in os.environ.items() if name != "AIOCLIENT_NO_EXTENSIONS"},
            capture_output=True,
            text=True,
            cwd=self._bin,
        )
        if done.returncode:
            raise SetupFailed(f"the installed package cannot be imported:\n{done.stderr.strip()}")
        return done.stdout.strip() == "True"

    def prepare(self, sources: Iterable[Path], *, editable: bool) -> bool:
        """Install the project, unless that has been done; tell if it has compiled twins."""
        python = f"{platform.python_version()} {sys.base_prefix}"
        wanted = {"python": python, "sources": fingerprint(sources), "settings": build_settings()}
        try:
            found = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            found = {}
        recorded = found.pop("compiled", None)
        if found == wanted and recorded == self.has_compiled_twins():
            return bool(recorded)
        started_at = time.monotonic()
        say(f"Setting up {self._path.name}; the next time it is there already ...")
        self._stamp.unlink(missing_ok=True)
        if found.get("python") != python:
            self._create()
        if editable:
            self._install_editable()
        else:
            self._install_copy()
        compiled = self.has_compiled_twins()
        self._stamp.write_text(json.dumps({**wanted, "compiled": compiled}))
        say(f"Set up in {time.monotonic() - started_at:.0f} s.")
        return compiled

    def _create(self) -> None:
        if self._path.exists():
            shutil.rmtree(self._path)
        command = [sys.executable, "-m", "venv", str(self._path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return
        shutil.rmtree(self._path, ignore_errors=True)
        if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
            raise SetupFailed(
                "this Python has no `venv` with `ensurepip`, which come in a package of their own "
                "on Debian and Ubuntu: apt install python3-venv"
            )
        raise SetupFailed(f"no virtual environment:\n{(done.stderr or done.stdout).strip()}")

    def _install_copy(self) -> None:
        """Install from a copy, so that nothing that an older build left behind gets in."""
        copy = self._path / "source"
        shutil.rmtree(copy, ignore_errors=True)
        built = shutil.ignore_patterns("*_c.c", "*.so", "*.pyd", "__pycache__")
        shutil.copytree(ROOT / "aioclient", copy / "aioclient", ignore=built)
        shutil.copytree(ROOT / "vendor", copy / "vendor", ignore=built)
        for name in (*BUILD_FILES, *PACKAGE_FILES):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, copy / name)
        self._pip("install", f"{copy}[{','.join(self._extras)}]", *self._packages)
        shutil.rmtree(copy)

    def _install_editable(self) -> None:
        """Install the checkout itself, without twins that this build may fail to replace."""
        for twin in ROOT.glob(f"aioclient/**/*_c.{platform_suffix()}"):
            twin.unlink()
        self._pip("install", "--editable", f"{ROOT}[dev]")

    def _pip(self, *arguments: str) -> None:
        done = subprocess.run(
            self.python("-m", "pip", "--disable-pip-version-check", *arguments),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise SetupFailed(f"pip {arguments[0]} failed:\n{done.stdout.strip()}")


def platform_suffix() -> str:
    """Name the ending of a compiled module of the running Python, without its first dot."""
    from importlib.machinery import EXTENSION_SUFFIXES  # late: for one of the two commands

    return EXTENSION_SUFFIXES[0].lstrip(".")


def fingerprint(sources: Iterable[Path]) -> str:
    """Sum up names and contents of files."""
    digest = hashlib.sha256()
    for path in sources:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def build_settings() -> dict[str, str | None]:
    """Tell what else decides if the compiled twins get built: variables, and which compiler."""
    settings = {name: os.environ.get(name) for name in BUILD_SETTINGS}
    return {**settings, "cc": shutil.which("cc"), "gcc": shutil.which("gcc")}


class Check:
    """A program that fails if something is wrong."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self.verdict = "FAILED: did not end"
        self.elapsed_s = 0.0

    def run(self, output: IO[bytes] | None = None) -> None:
        """Run it; what it prints goes to a file, or to where our own output goes."""
        started_at = time.monotonic()
        done = subprocess.run(
            self._command,
            check=False,
            env=self._environment,
            cwd=ROOT,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
        )
        is_good = done.returncode == 0
        self.verdict = "passed" if is_good else f"FAILED (exit status {done.returncode})"
        self.elapsed_s = time.monotonic() - started_at


class Checks:
    """The checks of one run: each is run, whatever became of those before it."""

    def __init__(self) -> None:
        self._results: list[tuple[str, str, float]] = []

    def run(self, name: str, command: list[str]) -> None:
        """Run one check under a heading."""
        check = Check(name, command)
        say(f"\n=== {name} ===")
        check.run()
        self._note(check)

    def run_together(self, lanes: list[list[Check]]) -> None:
        """Run the checks of each lane one after the other, all lanes at the same time.

        What they print comes check by check, in order. The last keeps the last word: the results of
        the others come before it.
        """
        checks = [check for lane in lanes for check in lane]
        say(f"\nRunning: {'; '.join(check.name for check in checks)} ...")
        with contextlib.ExitStack() as stack:
            outputs: dict[Check, IO[bytes]] = {
                check: stack.enter_context(tempfile.TemporaryFile()) for check in checks
            }
            runners = stack.enter_context(ThreadPoolExecutor(len(lanes)))
            ended = {check: Event() for check in checks}
            for lane in lanes:
                runners.submit(_run_lane, lane, outputs, ended)
            for check in checks:
                while not ended[check].wait(60):
                    say(f"({check.name} is at it ...)")
                self._note(check)
                if check is checks[-1]:
                    self.print_table()
                say(f"\n=== {check.name} ===")
                outputs[check].seek(0)
                shutil.copyfileobj(outputs[check], sys.stdout.buffer)
                sys.stdout.flush()

    def _note(self, check: Check) -> None:
        self._results.append((check.name, check.verdict, check.elapsed_s))

    def skip(self, name: str, reason: str, *, must_run: bool | None = None) -> None:
        """Say aloud that a check is not run, which is a failure if it must be.

        Unless it is said, all must be where the compiled twins must be built.
        """
        say(f"\n=== {name} ===\nNOT RUN: {reason}.")
        is_failure = must_build() if must_run is None else must_run
        verdict = "FAILED: not run" if is_failure else "NOT RUN"
        self._results.append((name, verdict, 0.0))

    def print_table(self) -> None:
        """Print the results so far."""
        width = max(len(name) for name, _, _ in self._results)
        say("\n=== so far ===")
        for name, verdict, elapsed_s in self._results:
            say(f"{name.ljust(width)}  {elapsed_s:6.1f} s  {verdict}")

    def conclude(self) -> int:
        """Sum up in one line and give the exit status."""
        failed = [name for name, verdict, _ in self._results if verdict.startswith("FAILED")]
        skipped = [name for name, verdict, _ in self._results if verdict.startswith("NOT RUN")]
        line = f"FAILED: {'; '.join(failed)}" if failed else "All checks that ran are good"
        say(f"{line}{'; NOT RUN: ' + '; '.join(skipped) if skipped else ''}.")
        return 1 if failed else 0


def _run_lane(
    lane: list[Check], outputs: dict[Check, IO[bytes]], ended: dict[Check, Event]
) -> None:
    for check in lane:
        try:
            check.run(outputs[check])
        finally:
            ended[check].set()


def must_build() -> bool:
    """Was it asked for that the compiled twins be built?"""
    return os.environ.get("AIOCLIENT_BUILD_EXTENSIONS", "").lower() == "yes"


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may start this with any Python
        sys.exit(f"dev.py: Python 3.11 or newer is needed, this is {platform.python_version()}")
    sys.exit(main(sys.argv[1:]))

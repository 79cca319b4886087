"""Runs the tests on the aioclient that is installed, as a wheel or from an sdist.

    python tools/test_installed.py --twins compiled           the compiled twins must be there
    python tools/test_installed.py --twins python             there must be none: the pure wheel
    python tools/test_installed.py --twins compiled --part    a part: twins, command line
    python tools/test_installed.py --twins compiled -- [PYTEST_OPTION ...]

The tests run in a copy that has no package in it, so that only the installed one can be found. What
they need is the dependency group `wheel-tests`. Before them `installed.py` looks at what there is:
which twins, whether they load in a sub-interpreter, and whether they leave the GIL off where
Python has none.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
COPIED: Final = ("tests", "tools", "docs", "examples", "benchmarks", "vendor")
COPIED_FILES: Final = (
    *("pyproject.toml", "setup.py", "README.md", "CHANGES.md", "MANIFEST.in"),
    *("SECURITY.md", "mkdocs.yml"),
)
#: Packages that `wheel-tests` leaves out, since they come with no wheel for some systems and take
#: long to build. Files of tests that import one of them are not run on wheels.
DONE_WITHOUT: Final = frozenset({"aiohttp", "jsonschema"})
#: Not about what is in a wheel: other people's libraries, type checkers, sources and documents.
LEFT_OUT: Final = (
    *("tests/compat/test_install.py", "tests/ecosystem", "tests/guide/test_14_character_sets.py"),
    *("tests/test_links.py", "tests/test_migration.py", "tests/test_shipping.py"),
    *("tests/test_soak.py", "tests/test_typing.py", "tests/twins/test_shape.py"),
)
PART: Final = ("tests/twins", "tests/test_package.py", "tests/_cli")


def main(arguments: list[str]) -> int:
    """Look, copy, run; give the exit status of pytest."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="aioclient-tests-") as folder:
        copy = Path(folder)
        _copy_tests(copy)
        environment = _environment(options.twins)
        look = [sys.executable, "-P", str(copy / "tools" / "installed.py"), options.twins]
        status = subprocess.run(look, cwd=copy, env=environment, check=False).returncode
        if status:
            return status
        ignored = [f"--ignore={path}" for path in (*LEFT_OUT, *_needing_more(copy))]
        print(f"Not run on wheels: {' '.join(sorted(ignored))}", flush=True)
        command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *ignored]
        command += [*(PART if options.part else ()), *(options.pytest or ["-q"])]
        return subprocess.run(command, cwd=copy, env=environment, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--twins", choices=("compiled", "python"), required=True)
    parser.add_argument("--part", action="store_true", help="a part: twins, command line")
    parser.add_argument("pytest", nargs="*", metavar="PYTEST_OPTION")
    return parser


def _copy_tests(copy: Path) -> None:
    built = shutil.ignore_patterns("__pycache__", ".hypothesis")
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=built)
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, copy / name)


def _environment(twins: str) -> dict[str, str]:
    """The environment of the tests: nothing in it decides which twins run, or where they are."""
    environment = {**os.environ, "AIOCLIENT_TEST_TWINS": twins}
    for name in ("AIOCLIENT_NO_EXTENSIONS", "PYTHONPATH"):
        environment.pop(name, None)
    return environment


def _needing_more(copy: Path) -> list[str]:
    """Give the files of tests that import something of DONE_WITHOUT."""
    return [
        path.relative_to(copy).as_posix()
        for path in sorted(copy.glob("tests/**/test_*.py"))
        if _imports(path) & DONE_WITHOUT
    ]


def _imports(path: Path) -> set[str]:
    """Give the packages that a file imports when it is imported."""
    names = set()
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

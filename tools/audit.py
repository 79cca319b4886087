#!/usr/bin/env python3
"""Asks pip-audit for known vulnerabilities of what a program gets that installs aioclient.

    python tools/audit.py              where the service cannot be reached: SKIPPED, and status 0
    python tools/audit.py --strict     for CI: what cannot be asked is a failure
    python tools/audit.py --list       the packages that are asked about, and do no more

These are the packages that aioclient requires, those of its extras for users, and theirs, in
the versions that are installed here; and what builds it. An extra that is not installed is named.
Needs pip-audit (`pip install pip-audit`), and the network.

Exit status: 0 if nothing is known, or nothing could be asked; 1 for a vulnerability.
"""

import argparse
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_S = 300
#: For those who work on the project only: nobody gets them with the package.
LEFT_OUT = {"dev", "docs"}


def canonical(name: str) -> str:
    """A name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[str]:
    """What the project asks for: required, by its extras, and to be built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    found: list[str] = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for name, requirements in extras.items():
        if name not in LEFT_OUT:
            found += requirements
    return found


def closure(requirements: list[str]) -> tuple[dict[str, str], set[str]]:
    """Installed versions of these and of all that they require, and those that are missing."""
    installed: dict[str, str] = {}
    missing: set[str] = set()
    waiting = [(text, "") for text in requirements]
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonical(requirement.name)
        if name in installed or name in missing:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            missing.add(name)
            continue
        installed[name] = distribution.version
        waiting += [(text, "") for text in distribution.requires or ()]
        for chosen in requirement.extras:
            waiting += [(text, chosen) for text in distribution.requires or ()]
    return installed, missing


def asked(installed: dict[str, str]) -> tuple[list[dict[str, Any]] | None, str]:
    """What pip-audit knows of each, or None and why it could not be asked."""
    lines = "".join(f"{name}=={version}\n" for name, version in sorted(installed.items()))
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        path = Path(folder, "requirements.txt")
        path.write_text(lines)
        options = ["--requirement", str(path), "--no-deps", "--disable-pip", "--format", "json"]
        command = [sys.executable, "-m", "pip_audit", *options, "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=TIME_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            return None, f"offline: no answer in {TIME_LIMIT_S} s"
    if "No module named" in done.stderr:
        return None, "pip-audit is not installed"
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        return None, f"offline: {last[0][:200]}"
    found: list[dict[str, Any]] = answer["dependencies"]
    if all("skip_reason" in package for package in found):
        return None, "offline: what answers knows none of the packages"
    return found, ""


def report(found: list[dict[str, Any]]) -> int:
    """Say what is known; how many packages have something."""
    bad = [package for package in found if package.get("vulns")]
    for package in bad:
        for known in package["vulns"]:
            fixed = ", ".join(known.get("fix_versions") or ()) or "no version"
            print(f"audit: {package['name']} {package['version']}: {known['id']}, fixed in {fixed}")
    return len(bad)


def main() -> int:
    """Read the options, ask, and judge."""
    parser = argparse.ArgumentParser(description="Ask for known vulnerabilities of dependencies.")
    parser.add_argument("--strict", action="store_true", help="fail if nothing can be asked")
    parser.add_argument("--list", action="store_true", help="show the packages only")
    options = parser.parse_args()
    installed, missing = closure(wanted())
    if missing:
        print(f"audit: not installed here, and not asked about: {', '.join(sorted(missing))}")
    if options.list:
        print("\n".join(f"{name}=={version}" for name, version in sorted(installed.items())))
        return 0
    found, why_not = asked(installed)
    if found is None:
        print(f"audit: {'FAILED' if options.strict else 'SKIPPED'} ({why_not})")
        return 1 if options.strict else 0
    skipped = [package["name"] for package in found if "skip_reason" in package]
    if skipped:
        print(f"audit: nothing is known of {', '.join(skipped)}")
    bad = report(found)
    print(f"audit: {len(found) - len(skipped)} packages, {bad} with known vulnerabilities")
    return 1 if bad or (options.strict and skipped) else 0


if __name__ == "__main__":
    sys.exit(main())

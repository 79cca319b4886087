#!/usr/bin/env python3
"""Builds the sdist and the wheels as they are shipped, and checks them.

    python3 tools/check_wheels.py                    with the Python that runs this
    python3 tools/check_wheels.py --python PYTHON    with another
    python3 tools/check_wheels.py --suite            and all tests on each, not a part of them
    python3 tools/check_wheels.py --aarch64          and a wheel for Linux on aarch64, see
                                                     `aarch64_wheel.py`
    python3 tools/check_wheels.py --keep FOLDER      leave what was built there

From a copy of the checkout: the sdist, twice; from the sdist, unpacked in two places: the wheel
with the compiled twins, twice; the pure wheel. What is built twice must be the same bytes. Looked
at is what is in them (`wheel_contents.py`), twine's and check-wheel-contents' opinion, and
auditwheel's. Then each, and the sdist without a C compiler, is installed in an empty environment:
the command line fetches from a server on loopback, `installed.py` looks for the twins, and tests
run.

Exit status: 0 if all is well, 1 if not; where it cannot be done, a line that begins with SKIPPED
says why, and the exit status is 0, or 1 with --require.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from aarch64_wheel import check_aarch64
from installing import CannotRun, Clock, TimeIsUp, only_user, say
from origin import origin_in_thread
from wheel_contents import wrong_with_sdist, wrong_with_wheel
from wheel_workshop import Failed, Workshop, check_platform, digest

TIME_LIMIT_S: Final = 3600.0
LINUX_TAG: Final = r"(manylinux_2_\d+|manylinux2014)_\w+"
MACOS_TAG: Final = r"macosx_\d+_\d+_\w+"


def main(arguments: list[str]) -> int:
    """Check, and say how it went."""
    options = _parser().parse_args(arguments)
    clock = Clock(options.time_limit)
    try:
        check_platform()
        with (
            only_user(options.cache.expanduser().resolve(), clock) as cache,
            tempfile.TemporaryDirectory(prefix="aioclient-wheels-") as folder,
        ):
            work = Workshop(cache, clock, Path(folder), options.python)
            checks = Checks(work)
            checks.build()
            checks.install(options.suite)
            if options.aarch64:
                checks.cross_build()
            if options.keep:
                checks.keep(options.keep)
    except CannotRun as reason:
        say(f"{'FAILED' if options.require else 'SKIPPED'}: wheels are not checked: {reason}")
        return 1 if options.require else 0
    except Failed as failure:
        say(f"FAILED: {failure}")
        return 1
    except TimeIsUp:
        say(f"FAILED: the checks of the wheels took more than {options.time_limit:g} s")
        return 1
    for line in checks.wrong:
        say(f"WRONG: {line}")
    verdict = f"FAILED, {len(checks.wrong)} complaints" if checks.wrong else "good"
    say(f"Wheels for {options.python}: {verdict}, {clock.elapsed_s:.0f} s in all.")
    return 1 if checks.wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "aioclient-wheels"
    parser.add_argument("--python", default=sys.executable, help="for which Python")
    parser.add_argument("--suite", action="store_true", help="run all tests on each")
    parser.add_argument("--aarch64", action="store_true", help="cross-build for aarch64, too")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy what was built there")
    parser.add_argument("--require", action="store_true", help="fail where it cannot be done")
    parser.add_argument("--cache", type=Path, default=cache, help="where installations are kept")
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT_S, metavar="S", help="seconds for all of it"
    )
    return parser


class Checks:
    """What is built, and what is wrong with it."""

    def __init__(self, work: Workshop) -> None:
        self.wrong: list[str] = []
        self._work = work
        self._facts = work.facts()

    def complain(self, about: str, wrong: list[str]) -> None:
        """Note what is wrong."""
        self.wrong += [f"{about}: {line}" for line in wrong]

    # --- files --------------------------------------------------------------------------------

    def build(self) -> None:
        """Build everything, and look at it."""
        work = self._work
        source = work.copy_sources("checkout")
        say(f"Building for Python {self._facts['version']} ...")
        self.sdist = work.build_sdist(source, "sdist")
        again = shutil.copytree(source, work.folder / "in-another-place")
        self._same(self.sdist, work.build_sdist(again, "sdist-again"))
        self.complain(self.sdist.name, wrong_with_sdist(self.sdist))

        self.unpacked = work.unpack(self.sdist, "unpacked")
        wheel = work.build_wheel(self.unpacked, "wheel")
        again = work.unpack(self.sdist, "unpacked-in-a-folder-with-a-longer-name")
        self._same(wheel, work.build_wheel(again, "wheel-again"))
        self.compiled = self._repaired(wheel)
        suffix, tag = self._facts["suffix"], self._facts["tag"]
        system = LINUX_TAG if sys.platform == "linux" else MACOS_TAG
        wrong = wrong_with_wheel(self.compiled, self.unpacked, f"{tag}-{system}", suffix)
        self.complain(self.compiled.name, wrong)

        pure_source = work.unpack(self.sdist, "unpacked-for-the-pure-wheel")
        self.pure = work.build_wheel(pure_source, "pure", AIOCLIENT_BUILD_EXTENSIONS="no")
        self.complain(
            self.pure.name, wrong_with_wheel(self.pure, self.unpacked, "py3-none-any", None)
        )
        self._ask_tools()

    def _same(self, one: Path, other: Path) -> None:
        if digest(one) == digest(other):
            say(f"{one.name}: {one.stat().st_size} bytes, the same twice")
        else:
            self.complain(one.name, ["built again in another place, it has other bytes"])

    def _repaired(self, wheel: Path) -> Path:
        if sys.platform != "linux":
            return wheel
        repaired = self._work.repair(wheel, "repaired")
        say(f"auditwheel: {repaired.name}, {repaired.stat().st_size} bytes")
        return repaired

    def _ask_tools(self) -> None:
        files = [str(file) for file in (self.sdist, self.compiled, self.pure)]
        for name, arguments in (
            ("twine", ["check", "--strict", *files]),
            ("check_wheel_contents", files[1:]),
        ):
            try:
                self._work.tool(name, *arguments)
            except Failed as failure:
                self.complain(name, [str(failure)])
            else:
                say(f"{name}: good")

    def keep(self, folder: Path) -> None:
        """Copy what was built."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in (self.sdist, self.compiled, self.pure):
            shutil.copy(file, folder)

    # --- installations ------------------------------------------------------------------------

    def install(self, is_whole: bool) -> None:
        """Install each in an empty environment, and use it there."""
        self._use("wheel", self.compiled, "compiled", is_whole)
        self._use("pure", self.pure, "python", is_whole)
        self._use("sdist", self.sdist, "compiled", is_whole, AIOCLIENT_BUILD_EXTENSIONS="yes")
        self._use("sdist-no-compiler", self.sdist, "python", None, CC="/bin/false")

    def cross_build(self) -> None:
        """Build for another machine, and use that."""
        try:
            self.complain("aarch64", check_aarch64(self._work, self.unpacked))
        except Failed as failure:
            self.complain("aarch64", [str(failure)])

    def _use(
        self, name: str, file: Path, twins: str, is_whole: bool | None, **environment: str
    ) -> None:
        """Install a file, fetch with it, look at it, and run all tests, or a part, or none."""
        work = self._work
        say(f"--- {name}: {file.name}")
        try:
            python = work.empty_environment(f"with-{name}")
            work.pip_install(python, "--no-cache-dir", str(file), **environment)
            with origin_in_thread() as origin:
                url = origin.url("/json")
                fetched = work.run([str(python), "-P", "-m", "aioclient", url])
            if '"' not in fetched:
                self.complain(name, [f"fetching {url} printed {fetched!r}"])
            say(work.run([str(python), "-P", "-m", "aioclient", "--version"]))
            tools = self.unpacked / "tools"
            say(work.run([str(python), "-P", str(tools / "installed.py"), twins]))
            if is_whole is None:
                return
            work.pip_install(python, *work.wheel_tests())
            part = [] if is_whole else ["--part"]
            command = [str(python), "-P", str(tools / "test_installed.py"), "--twins", twins, *part]
            say(work.run(command).splitlines()[-1])
        except Failed as failure:
            self.complain(name, [str(failure)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

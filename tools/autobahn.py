#!/usr/bin/env python3
"""Runs the WebSocket client against the Autobahn test suite: 517 cases, with each of the twins.

    python3 tools/autobahn.py                      all cases; takes many minutes
    python3 tools/autobahn.py --cases '1.*' 7.3.1  some of them
    python3 tools/autobahn.py --twins python       with one of the twins
    python3 tools/autobahn.py --reports FOLDER     keep the reports of the suite, as HTML and JSON
    python3 tools/autobahn.py --install            nothing but install the suite

It needs Python 2.7 for the suite, as pyenv has it, and installs the rest: the suite in a folder
that is there for the next run (--cache, ~/.cache/aioclient-autobahn), and what the client needs, if
the Python that runs this lacks it, in the environment of `tools/dev.py test`.

Each server of the suite is one process that keeps one core busy, so some run side by side.

Exit status: 0 if all cases are OK, NON-STRICT or INFORMATIONAL; 1 if one is not; 2 if the suite
cannot be run.
"""

import argparse
import contextlib
import fnmatch
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import dev
from autobahn_suite import BAD, CACHE, GOOD, FuzzingServer, Result, Suite, install, servers
from installing import CannotRun, say

AGENT: Final = Path(__file__).resolve().parent / "autobahn_agent.py"
TWINS: Final = ("compiled", "python")
MISSING: Final = "MISSING"
#: The outcomes of which the table always has a column.
_COLUMNS: Final = (*GOOD, "FAILED", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN")


@dataclass(frozen=True, slots=True)
class Lane:
    """Some cases for one of the twins, which run on a server of their own."""

    twins: str
    cases: list[str]
    server: FuzzingServer


def main(arguments: list[str]) -> int:
    """Install, run, and say how it went."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _exit_on_signal)  # so that the servers end with us
    try:
        suite = install(options.cache)
        return 0 if options.install else run_suite(suite, options)
    except (CannotRun, dev.SetupFailed) as reason:
        print(f"autobahn.py: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return dev.EXIT_INTERRUPTED


def run_suite(suite: Suite, options: argparse.Namespace) -> int:
    """Run what the options say; give the exit status."""
    cases = chosen(suite.cases(), options.cases)
    python = agent_python(options.twins)
    started_at = time.monotonic()
    with contextlib.ExitStack() as stack:
        reports = options.reports
        if reports is None:
            reports = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autobahn-")))
        parts = max(1, options.processes // len(options.twins))
        running = stack.enter_context(lanes(suite, cases, options.twins, parts, reports))
        is_well = run(running, python)
        results = {twins: results_of(running, twins, cases) for twins in options.twins}
    for twins in options.twins:
        print_table(twins, results[twins])
        is_well = is_well and all(result.is_good for result in results[twins])
    say(f"{'All good' if is_well else 'FAILED'}, {time.monotonic() - started_at:.0f} s.")
    return 0 if is_well else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", default=["*"], metavar="CASE", help="as 1.*, 7.3.1")
    parser.add_argument("--twins", nargs="+", default=TWINS, choices=TWINS, help="which of them")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the suite is kept")
    parser.add_argument("--reports", type=Path, metavar="FOLDER", help="keep the reports there")
    parser.add_argument("--install", action="store_true", help="install the suite, and no more")
    parser.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 2,
        metavar="N",
        help="how many servers run side by side, at least one for each of the twins",
    )
    return parser


def _exit_on_signal(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def chosen(cases: list[str], patterns: list[str]) -> list[str]:
    """The cases that a pattern fits; raises CannotRun for a pattern that fits none."""
    for pattern in patterns:
        if not fnmatch.filter(cases, pattern):
            raise CannotRun(f"the suite has no case {pattern!r}")
    return [case for case in cases if any(fnmatch.fnmatch(case, each) for each in patterns)]


def agent_python(wanted: tuple[str, ...]) -> str:
    """A Python that can run the client with the twins that are wanted: ours, or one made for it."""
    if _lack(sys.executable, wanted) is None:
        return sys.executable
    venv = dev.Venv("test")
    venv.prepare(dev.build_sources(), editable=True)
    (python,) = venv.python()
    if (lack := _lack(python, wanted)) is not None:
        raise CannotRun(lack)
    return python


def _lack(python: str, wanted: tuple[str, ...]) -> str | None:
    """What keeps a Python from running the client."""
    for twins in wanted:
        done = subprocess.run(
            [python, str(AGENT), "--twins"],
            env=environment(twins),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode or done.stdout.strip() != twins:
            return f"there are no {twins} twins to test: {(done.stderr or done.stdout).strip()}"
    return None


def environment(twins: str) -> dict[str, str]:
    """For a client of this checkout that uses these twins."""
    return {**dev.twins_environment(twins), "PYTHONPATH": str(dev.ROOT)}


@contextlib.contextmanager
def lanes(
    suite: Suite, cases: list[str], wanted: tuple[str, ...], parts: int, reports: Path
) -> Iterator[list[Lane]]:
    """Deal the cases out, to so many servers for each of the twins."""
    dealt = [(twins, part) for twins in wanted for part in range(parts) if cases[part::parts]]
    folders = [reports / f"{twins}-{part + 1}" for twins, part in dealt]
    with servers(suite, folders) as running:
        yield [
            Lane(twins, cases[part::parts], server)
            for (twins, part), server in zip(dealt, running, strict=True)
        ]


def run(running: list[Lane], python: str) -> bool:
    """Run the cases of all lanes at once; tell if the clients ended well."""
    say(f"Running {sum(len(lane.cases) for lane in running)} cases on {len(running)} servers ...")
    with contextlib.ExitStack() as stack:
        agents = []
        for lane in running:
            command = [python, str(AGENT), lane.server.url, lane.twins, *lane.cases]
            agent = subprocess.Popen(command, env=environment(lane.twins))
            stack.callback(_end, agent)
            agents.append(agent)
        statuses = [agent.wait() for agent in agents]
    return not any(statuses)


def _end(agent: subprocess.Popen[bytes]) -> None:
    agent.kill()
    agent.wait()


def results_of(running: list[Lane], twins: str, cases: list[str]) -> list[Result]:
    """What the suite says of each case."""
    found: dict[str, Result] = {}
    for lane in running:
        if lane.twins == twins:
            found |= lane.server.results(twins)
    nothing = "There is no report of it."
    return [found.get(case) or Result(case, MISSING, MISSING, nothing) for case in cases]


def print_table(twins: str, results: list[Result]) -> None:
    """Print how many cases of each section came out how, and what is wrong with those that are."""
    counts = {section: Counter[str]() for section in dict.fromkeys(map(_section, results))}
    for result in results:
        counts[_section(result)][result.verdict] += 1
    total = sum(counts.values(), Counter[str]())
    columns = [*_COLUMNS, *(each for each in BAD if each in total and each not in _COLUMNS)]
    titles = [column.rjust(5) for column in [*columns, "cases"]]
    say(f"\n{twins} twins".ljust(16) + "  ".join(titles))
    for section, count in [*counts.items(), ("all", total)]:
        numbers = [*(count[column] for column in columns), count.total()]
        cells = [str(n).rjust(len(title)) for n, title in zip(numbers, titles, strict=True)]
        say(section.rjust(14) + " " + "  ".join(cells))
    for result in results:
        if not result.is_good:
            say(f"{result.verdict}: {result.case}: {result.words}")


def _section(result: Result) -> str:
    return result.case.partition(".")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What cookies cost, without any request around them.

* quote: a value as it is sent, for the values of VALUES;
* unquote: what `quote` made of them, as it was meant again. Most values need no quotes, so for
  most this is to find that out;
* update: a jar that keeps the 50 cookies of a response, which are those of the response before, or
  have other values;
* filter: the cookies for a request, of a jar with 3,000 of 300 domains; each of these is asked in
  turn, so that it counts how much a jar remembers.

aiohttp quotes by ``SimpleCookie.value_encode`` of ``http.cookies``, in its jar and for cookies of a
request, and unquotes by a function of its own. What came in quotes its jar sends back as it came.

CASES says what is measured with which peers, and what --check allows. To add to it, write a
function that gives the makers of the actions, one for each peer.

Everything runs in this process, one peer after the other in rounds (A B C, C B A, ...). The
figures are medians of process time over the rounds, the loop around the calls included; a ratio
is taken round by round, and the table shows the median of these ratios and their quartiles. All
peers of a case must give the same.

Limits: the same input again and again, so that the caches are warm.
"""

import argparse
import asyncio
import gc
import importlib
import importlib.metadata
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookies import SimpleCookie
from operator import itemgetter
from typing import Any

from yarl import URL

SAMPLE_SECONDS = 0.01  # of one peer in one round
REFERENCE = "aiohttp"
Row = dict[str, float]


@dataclass
class Action:
    """What one peer does: `function(argument)`, of which `result` takes what peers agree on."""

    function: Callable[[Any], Any]
    argument: Any
    result: Callable[[Any], Any] = lambda given: given


Maker = Callable[[], Action]


@dataclass
class Case:
    """One line of the table for each peer; `most` is what --check holds: peer -> largest ratio."""

    what: str
    makers: dict[str, Maker]  # those that raise ImportError or AttributeError are left out
    most: dict[str, float]


# --- quoting --------------------------------------------------------------------------------------

VALUES = {
    "token of 32": "0123456789abcdef" * 2,
    "JWT of 800": f"eyJhbGciOiJSUzI1NiJ9.{'eyJzdWIiOiIxMjM0In0' * 23}.{'c2lnbmF0dXJl' * 28}A6Zz9",
    "spaces, commas": "light, large print, no motion; last seen on Monday, 5 May",
    "JSON": '{"id":17,"name":"Ann","groups":["a","b"],"since":"2026-01-01T00:00:00Z"}',
    "Latin-1": "Grüße aus Köln",
    "Chinese": "語言: 中文, 地區: 台北",
}
MOST_OF_QUOTING = {"aioclient compiled": 0.5, "aioclient Python": 1.2}


def _aioclient(twin: str, function: str, argument: str) -> Action:
    """`twin` is c or py."""
    module = importlib.import_module(f"aioclient._cookies.quote_{twin}")
    return Action(getattr(module, function), argument)


def _aiohttp_quote(value: str) -> Action:
    importlib.import_module("aiohttp")  # left out where that is missing
    return Action(SimpleCookie().value_encode, value, itemgetter(1))


def _aiohttp_unquote(text: str) -> Action:
    module = importlib.import_module("aiohttp._cookie_helpers")
    return Action(module._unquote, text)  # noqa: SLF001 - there is no public name for it


def quoting(value: str) -> dict[str, Maker]:
    return {
        "aiohttp": partial(_aiohttp_quote, value),
        "aioclient compiled": partial(_aioclient, "c", "quote_value", value),
        "aioclient Python": partial(_aioclient, "py", "quote_value", value),
    }


def unquoting(value: str) -> dict[str, Maker]:
    text = SimpleCookie().value_encode(value)[1]
    return {
        "aiohttp": partial(_aiohttp_unquote, text),
        "aioclient compiled": partial(_aioclient, "c", "unquote_value", text),
        "aioclient Python": partial(_aioclient, "py", "unquote_value", text),
    }


# --- jars -----------------------------------------------------------------------------------------

DOMAINS = 300
COOKIES_OF_DOMAIN = 10
FIELDS = 50
#: More than any peer remembers of what it has taken apart.
ANSWERS = 100


def _jar(peer: str) -> Any:
    async def make() -> Any:
        return importlib.import_module(peer).CookieJar()

    return asyncio.run(make())  # aiohttp's wants a running loop when it is made


def _fields(answer: int) -> list[str]:
    """The Set-Cookie fields of a response, with values that are those of no other."""
    return [
        f"cookie{n}=0123456789abcdef{answer:08}; Path=/; Max-Age=86400; Secure; HttpOnly; "
        "SameSite=Lax"
        for n in range(FIELDS)
    ]


def _updating(peer: str, answers: int) -> Action:
    """Keep the cookies of one response after the other."""
    jar = _jar(peer)
    url = URL("https://www.example.com/")
    responses = itertools.cycle([_fields(answer) for answer in range(answers)])

    def update(_: None) -> Any:
        jar.update_cookies_from_headers(next(responses), url)
        return jar

    return Action(update, None, len)


def updating(answers: int) -> dict[str, Maker]:
    return {peer: partial(_updating, peer, answers) for peer in ("aiohttp", "aioclient")}


def _filled_jar(peer: str) -> tuple[Any, Any]:
    """A jar with cookies of many domains, and URLs of them in turn, without an end."""
    jar = _jar(peer)
    urls = [URL(f"https://www.site{number}.com/some/page") for number in range(DOMAINS)]
    for url in urls:
        jar.update_cookies_from_headers(_fields(0)[:COOKIES_OF_DOMAIN], url)
    return jar, itertools.cycle(urls)


def _filtering(peer: str) -> Action:
    jar, urls = _filled_jar(peer)
    return Action(lambda _: jar.filter_cookies(next(urls)), None, len)


def _sending() -> Action:
    """What a session of ours does instead of `filter_cookies`."""
    jar, urls = _filled_jar("aioclient")
    return Action(lambda _: jar.line_for(next(urls)), None, lambda line: line.count(b"="))


def filtering() -> dict[str, Maker]:
    return {
        "aiohttp": partial(_filtering, "aiohttp"),
        "aioclient": partial(_filtering, "aioclient"),
        "aioclient session": _sending,
    }


CASES = [
    Case("update from 50, new", updating(ANSWERS), {"aioclient": 0.6}),
    Case("update from 50, the same", updating(1), {"aioclient": 0.6}),
    Case("filter 3000 of 300", filtering(), {"aioclient": 0.3, "aioclient session": 0.3}),
    *(Case(f"quote {what}", quoting(value), MOST_OF_QUOTING) for what, value in VALUES.items()),
    *(Case(f"unquote {what}", unquoting(value), MOST_OF_QUOTING) for what, value in VALUES.items()),
]

# --- measuring ------------------------------------------------------------------------------------


def _present(case: Case) -> dict[str, Action]:
    """The peers that can be had, after a check that they agree; a line for each that cannot."""
    found: dict[str, Action] = {}
    expected = None
    for peer, make in case.makers.items():
        try:
            action = make()
        except (ImportError, AttributeError) as exc:
            print(f"left out: {case.what}: {peer}: {exc}")
            continue
        given = action.result(action.function(action.argument))
        expected = expected if found else given
        if given != expected:
            raise RuntimeError(f"{case.what}: {peer} gives {given!r}, not {expected!r}")
        found[peer] = action
    return found


def _seconds(action: Action, count: int) -> float:
    function, argument = action.function, action.argument
    start = time.process_time()
    for _ in range(count):
        function(argument)
    return (time.process_time() - start) / count


def measure(case: Case, rounds: int) -> dict[str, list[float]]:
    """Seconds for one call: peer -> one figure a round."""
    actions = _present(case)
    counts = {
        peer: max(1, int(SAMPLE_SECONDS / max(_seconds(action, 500), 1e-8)))
        for peer, action in actions.items()
    }
    times: dict[str, list[float]] = {peer: [] for peer in actions}
    order = list(actions)
    for _ in range(rounds):
        order.reverse()
        gc.collect()
        for peer in order:
            times[peer].append(_seconds(actions[peer], counts[peer]))
    return times


# --- showing --------------------------------------------------------------------------------------


def _summary(times: dict[str, list[float]]) -> dict[str, Row]:
    rows = {}
    for peer, own in times.items():
        row = {"us": statistics.median(own) * 1e6}
        if (reference := times.get(REFERENCE)) is not None:
            ratios = sorted(a / b for a, b in zip(own, reference, strict=True))
            row["ratio"] = statistics.median(ratios)
            row["ratio_low"] = ratios[len(ratios) // 4]
            row["ratio_high"] = ratios[len(ratios) * 3 // 4]
        rows[peer] = row
    return rows


def _print_rows(what: str, rows: dict[str, Row]) -> None:
    for peer, row in rows.items():
        ratio = ""
        if "ratio" in row:
            spread = f"{row['ratio_low']:.3f}-{row['ratio_high']:.3f}"
            ratio = f"{row['ratio']:>7.3f}  {spread:>13}"
        print(f"{what:<24}  {peer:<18}  {row['us']:>8.3f}  {ratio}", flush=True)


def _failures(case: Case, rows: dict[str, Row]) -> list[str]:
    """What --check has to complain about."""
    failures = []
    for peer, most in case.most.items():
        row = rows.get(peer, {})
        if "ratio" not in row:
            failures.append(f"{case.what}: {peer} was not compared")
        elif row["ratio"] > most:
            failures.append(f"{case.what}: {peer} takes {row['ratio']:.3f}, at most {most} allowed")
    return failures


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=25, help="of each case (default 25)")
    parser.add_argument(
        "--cases", default="", metavar="WORD", help="only those that have this in their names"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail if aioclient takes more than a case allows"
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("at least one round")
    arguments.chosen = [case for case in CASES if arguments.cases in case.what]
    if not arguments.chosen:
        parser.error(f"no case has {arguments.cases!r} in its name")
    return arguments


def main() -> None:
    arguments = _arguments()
    versions = {name: _version(name) for name in ("aioclient-http", "aiohttp")}
    print(f"Python {platform.python_version()}, {versions}")
    print(f"{'what':<24}  {'peer':<18}  {'us':>8}  {'ratio':>7}  {'quartiles':>13}")
    results = {}
    failures = []
    for case in arguments.chosen:
        rows = results[case.what] = _summary(measure(case, arguments.rounds))
        _print_rows(case.what, rows)
        failures += _failures(case, rows)
    print(
        json.dumps(
            {
                "benchmark": "cookies",
                "python": platform.python_version(),
                "versions": versions,
                "rounds": arguments.rounds,
                "results": {
                    what: {
                        peer: {key: round(value, 4) for key, value in row.items()}
                        for peer, row in rows.items()
                    }
                    for what, rows in results.items()
                },
            }
        )
    )
    if arguments.check and failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()

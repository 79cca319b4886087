"""Python calls, C calls and turns of the event loop, counted by sys.setprofile.

* calls: 'call' events. Everything in the window counts, the event loop's own functions
  too, and a coroutine counts each time it is entered: once when it starts and once more
  each time it is resumed;
* C calls: 'c_call' events;
* loop turns: 'call' events of the event loop's _run_once, that is how often the loop
  went round until the answer was there. The turn in which the request starts is not
  counted. Two is the least for a client that waits for a future: one turn receives the
  answer, the next one resumes the task.

The figures do not depend on the machine, but on the Python version (3.11 counts
comprehensions, later versions do not). Limits: code compiled by Cython or written in C
is not seen except for the calls into it that Python code makes; a count is no duration. A timer
that fires in a window is counted, too, so that one may have a few calls more than the others.
"""

import inspect
import statistics
import sys
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeAlias

COLUMNS = ("calls", "resumed", "c_calls", "turns")
MOST_TURNS = 1  # for --check

Span: TypeAlias = tuple[int, int]  # least and most

_SUSPENDABLE = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_RUN_ONCE = "BaseEventLoop._run_once"


@dataclass
class Counts:
    """What happened during one request."""

    calls: int = 0
    resumed: int = 0
    c_calls: int = 0
    turns: int = 0
    lines: list[str] = field(default_factory=list)  # the calls in order, if wanted


class Profile:
    """A sys.setprofile function that counts, and keeps the calls if wanted."""

    def __init__(self, keep: bool, keep_c: bool) -> None:
        self.counts = Counts()
        self._keep = keep
        self._keep_c = keep_c
        self._depth = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        counts = self.counts
        if event == "call":
            counts.calls += 1
            counts.turns += frame.f_code.co_qualname == _RUN_ONCE
            resumed = _resumed(frame)
            counts.resumed += resumed
            if self._keep:
                self._line(_place(frame.f_code) + ("  (resumed)" if resumed else ""))
            self._depth += 1
        elif event == "return":
            self._depth = max(0, self._depth - 1)
        elif event == "c_call" and arg is not sys.setprofile:
            counts.c_calls += 1
            if self._keep_c:
                self._line(f"C {getattr(arg, '__qualname__', arg)}")

    def _line(self, text: str) -> None:
        self.counts.lines.append("  " * self._depth + text)


def _resumed(frame: FrameType) -> bool:
    """Whether a coroutine or generator goes on, rather than starts.

    The frame stands at its RESUME instruction, whose argument says after what.
    """
    code = frame.f_code
    if not code.co_flags & _SUSPENDABLE:
        return False
    return code.co_code[frame.f_lasti + 1] & 3 != 0


def _place(code: CodeType) -> str:
    parts = code.co_filename.replace("\\", "/").split("/")
    return f"{code.co_qualname}  {'/'.join(parts[-3:])}:{code.co_firstlineno}"


def usual_calls(windows: list[Counts]) -> int:
    """How many calls most windows have, for --check."""
    return statistics.median_high(counts.calls for counts in windows)


def _span(values: list[int]) -> Span:
    return min(values), max(values)


def print_head(of: str) -> None:
    """Print the names of the columns; `of` is that of the first."""
    print(f"{of:<11}  {'peer':<10}" + "".join(f"  {column:>9}" for column in COLUMNS))


def print_spans(name: str, by_peer: dict[str, list[Counts]]) -> dict[str, dict[str, Span]]:
    """Print the rows of what was counted; least and most of each column by peer."""
    spans: dict[str, dict[str, Span]] = {}
    for peer, counts in by_peer.items():
        spans[peer] = {
            column: _span([getattr(entry, column) for entry in counts]) for column in COLUMNS
        }
        cells = (str(low) if low == high else f"{low}-{high}" for low, high in spans[peer].values())
        print(f"{name:<11}  {peer:<10}" + "".join(f"  {cell:>9}" for cell in cells))
        if any(low != high for low, high in spans[peer].values()):
            print(f"{peer}: the counts differ between the {len(counts)} windows")
    return spans

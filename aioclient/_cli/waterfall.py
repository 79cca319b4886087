"""The phases of requests as bars below one another, each where it was in time.

A row is a request: status, method and URL, then the bar, in which a letter stands for the phase
that a request was in at that moment, then how long it took. Below a row stands what its phases
took; at the end, what the letters mean. A phase that is shorter than a column may not be seen in
the bar. All of it is text before there is colour, so it says the same without rich.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from . import show

if TYPE_CHECKING:
    from rich.text import Text

    from aioclient.timing import TimingRecord

#: Of each phase, in order: the letter and the colour.
LOOKS: Final = {
    "queue": ("Q", "white"),
    "dns": ("D", "cyan"),
    "connect": ("C", "yellow"),
    "tls": ("T", "magenta"),
    "send": ("S", "blue"),
    "wait": ("W", "green"),
    "receive": ("R", "red"),
}
INDENT: Final = "    "

_LEAST_BAR: Final = 10
_LEAST_LABEL: Final = 12


class Part(NamedTuple):
    """A piece of a line; `phase` if it is in the colour of one."""

    text: str
    phase: str | None = None


def show_waterfall(records: Sequence["TimingRecord"]) -> None:
    """Draw the records on standard error, as wide as that is."""
    console = show.rich_console(sys.stderr)
    width = shutil.get_terminal_size().columns if console is None else console.width
    for line in draw(records, width):
        if console is None:
            print("".join(part.text for part in line), file=sys.stderr)
        else:
            console.print(_coloured(line), soft_wrap=True)


def draw(records: Sequence["TimingRecord"], width: int) -> Iterator[list[Part]]:
    """The lines of the picture, none of which is longer than `width` unless that is tiny."""
    if not records:
        return
    labels = [_label(record) for record in records]
    begun_at = min(record.course.begun_at for record in records)
    starts = [record.course.begun_at - begun_at for record in records]
    totals = [record.phases.total_s for record in records]
    figures = [f"{_ms(total)} ms" for total in totals]
    figure_width = max(map(len, figures))
    # Half of what is left for each, unless the labels need less.
    room = max(width - figure_width - 4, _LEAST_LABEL + _LEAST_BAR)
    label_width = min(max(map(len, labels)), max(room // 2, _LEAST_LABEL))
    bar_width = room - label_width
    whole_s = max(start + total for start, total in zip(starts, totals, strict=True))
    for record, label, start, figure in zip(records, labels, starts, figures, strict=True):
        bar = bar_of(record, start, whole_s, bar_width)
        shown = _shortened(label, label_width).ljust(label_width)
        yield [Part(f"{shown} |"), *bar, Part(f"| {figure.rjust(figure_width)}")]
        yield from _wrapped(_figures(record), width)
        if record.error_type is not None:
            yield [Part(f"{INDENT}{record.error_type}"[:width])]
    legend = [Part(f"{letter} {phase}", phase) for phase, (letter, _) in LOOKS.items()]
    yield from _wrapped([*legend, Part("(ms)")], width, indent="")


def bar_of(record: "TimingRecord", start_s: float, whole_s: float, width: int) -> list[Part]:
    """The bar of a record that began at `start_s`, where `whole_s` is the whole width."""
    spans = []
    begin_s = start_s
    for phase, seconds in record.course.spans():
        spans.append((phase, begin_s, begin_s + seconds))
        begin_s += seconds
    parts: list[Part] = []
    for column in range(width):
        middle_s = (column + 0.5) * whole_s / width
        here = next((each for each in spans if each[1] <= middle_s < each[2]), None)
        part = Part(" ") if here is None else Part(LOOKS[here[0]][0], here[0])
        if parts and parts[-1].phase == part.phase:
            part = Part(parts.pop().text + part.text, part.phase)
        parts.append(part)
    return parts


def _label(record: "TimingRecord") -> str:
    outcome = str(record.status) if record.status is not None else "---"
    return show.printable(f"{outcome} {record.method} {record.url}")


def _shortened(label: str, width: int) -> str:
    """Both ends tell more than the middle."""
    if len(label) <= width:
        return label
    kept = width - 3
    return f"{label[: kept - kept // 2]}...{label[len(label) - kept // 2 :]}"


def _figures(record: "TimingRecord") -> list[Part]:
    return [Part(f"{phase} {_ms(seconds)}", phase) for phase, seconds in record.phases.items()]


def _wrapped(parts: list[Part], width: int, indent: str = INDENT) -> Iterator[list[Part]]:
    """Lines of parts, with blanks between them, as many as fit."""
    line: list[Part] = []
    used = 0
    for part in parts:
        if line and used + 2 + len(part.text) > width:
            yield line
            line = []
        if line:
            line.append(Part("  "))
            used += 2
        else:
            line.append(Part(indent))
            used = len(indent)
        line.append(part)
        used += len(part.text)
    if line:
        yield line


def _coloured(line: list[Part]) -> "Text":
    from rich.text import Text  # late, as all of rich

    text = Text()
    for part in line:
        text.append(part.text, "dim" if part.phase is None else LOOKS[part.phase][1])
    return text


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"

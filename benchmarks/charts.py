"""The charts of docs/benchmarks.md, as SVG files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: In this order, and always in the same colours.
_COLOURS: dict[str, str] = {
    "aioclient": "#1f6feb",
    "floor": "#b0b7bf",
    "aiohttp": "#d29922",
    "httpx": "#8957e5",
    "niquests": "#bf3989",
    "pyreqwest": "#cf222e",
    "curl_cffi": "#57606a",
    "picows": "#1a7f37",
    "websockets": "#4ac26b",
}
_LABELS: dict[str, str] = {
    "concurrency": "requests at a time",
    "hosts": "hosts asked in turn",
    "cookies": "cookies in the jar",
    "body": "bytes of body",
}
_MOST_RATIO = 4.0  # longer bars are cut, and their figure says how long they are


def draw(parts: Mapping[str, Any], folder: Path) -> None:
    """Write all charts whose figures are there."""
    try:
        import matplotlib as mpl
    except ImportError as exc:
        sys.exit(f"charts need matplotlib, see requirements.txt ({exc})")
    mpl.use("svg")
    # The same figures make the same files: no dates, no random names; text stays text.
    mpl.rcParams.update({"svg.hashsalt": "aioclient", "svg.fonttype": "none", "font.size": 9})
    if "compare" in parts:
        _ratios(parts["compare"]["results"], folder / "compare.svg")
    if "scale" in parts:
        for axis, points in parts["scale"]["results"].items():
            _growth(axis, points, folder / f"scale_{axis}.svg")


def _ratios(results: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """A group of bars for each workload."""
    from matplotlib import pyplot as plt

    names = [name for name in _COLOURS if any(name in rows for rows in results.values())]
    count = sum(len(set(rows) & set(names)) + 1 for rows in results.values())
    figure, axes = plt.subplots(figsize=(8, 0.2 * count))
    place = 0.0
    ticks = []
    for workload, rows in results.items():
        shown = [name for name in names if name in rows]
        ticks.append((place + (len(shown) - 1) / 2, workload))
        for name in shown:
            ratio = rows[name]["ratio"]
            axes.barh(place, min(ratio, _MOST_RATIO), height=0.9, color=_COLOURS[name])
            axes.text(min(ratio, _MOST_RATIO) + 0.03, place, f"{ratio:.2f}", va="center", size=7)
            place += 1
        place += 1
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    axes.axvline(1, color="#57606a", linewidth=0.8)
    axes.set_xlabel("CPU time of the client, relative to aiohttp (less is better)")
    axes.set_ylim(place + 5, -1.5)  # from above, and with a place for the legend
    axes.set_xlim(0, _MOST_RATIO + 0.3)
    handles = [plt.Rectangle((0, 0), 1, 1, color=_COLOURS[name]) for name in names]
    axes.legend(handles, names, loc="lower right", ncols=2)
    _save(figure, path)


def _growth(axis: str, points: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """A line for each client."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3))
    values = [int(value) for value in points]
    for name in next(iter(points.values())):
        figures = [row[name] for row in points.values()]
        axes.plot(values, figures, marker="o", label=name, color=_COLOURS[name])
    axes.set_xscale("symlog" if 0 in values else "log")
    if axis == "body":
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(_LABELS[axis])
    axes.set_ylabel("CPU us for each request")
    axes.legend()
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot as plt

    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)

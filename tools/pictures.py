#!/usr/bin/env python3
"""Draws the pictures of docs/explanation/.

    python3 tools/pictures.py           draw them
    python3 tools/pictures.py --check   only say whether they are up to date

The rooms are those of pyproject.toml, where the contract is by which imports are checked. Pictures
are narrow and their letters large, so that they can be read on a telephone. They have a ground of
their own, light or dark as the reader's system is.

Exit status: 0 if they are up to date or were drawn; 1 if --check found that one is not.
"""

import argparse
import sys
import tomllib
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "explanation"
WIDTH: Final = 520
_STYLE: Final = """
text { font: 15px system-ui, sans-serif; fill: #1f2328; }
.small { font-size: 13px; fill: #57606a; }
.name { font: bold 14px ui-monospace, monospace; }
.ground { fill: #ffffff; stroke: #d0d7de; }
.box { fill: #eef1ff; stroke: #4051b5; }
.other { fill: #e6f4ea; stroke: #2e7d4f; }
.bar { fill: #4051b5; }
.second { fill: #2e7d4f; }
.line { stroke: #57606a; fill: none; stroke-width: 1.5; }
.faint { stroke: #d0d7de; fill: none; stroke-dasharray: 3 4; }
.head { fill: #57606a; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #a9b4c0; }
  .ground { fill: #1b1f27; stroke: #3d444d; }
  .box { fill: #262c4a; stroke: #8c9eff; }
  .other { fill: #1d3527; stroke: #6fcf97; }
  .bar { fill: #8c9eff; }
  .second { fill: #6fcf97; }
  .line { stroke: #a9b4c0; }
  .faint { stroke: #3d444d; }
  .head { fill: #a9b4c0; }
}
"""

#: What is in a room, in a few words.
WORDS: Final = {
    "__main__": "python -m aioclient",
    "_cli": "the command line",
    "testing": "servers for tests",
    "compat": "modules with the names of aiohttp's",
    "timing": "where the time goes",
    "_session": "what a program asks",
    "_middlewares": "around each sending",
    "_tracing": "who is told of it",
    "_message": "options to requests, answers to responses",
    "_pool": "lends connections, keeps them, closes them",
    "_connection": "one exchange after another on a link",
    "_net": "names, sockets, proxies, TLS",
    "_body": "payloads",
    "_cookies": "jars",
    "_auth": "logins",
    "_http1": "bytes to events",
    "_websocket": "frames to messages",
    "_http": "fields, values, events",
    "errors": "every exception, as one tree",
}


class Picture:
    """Shapes, which are put into one SVG."""

    def __init__(self, title: str, height: float) -> None:
        self._title = title
        self._height = height
        self._parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a box with round corners."""
        size = f'width="{width:g}" height="{height:g}"'
        self._parts.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" {size} rx="6"/>')

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> None:
        """Write a line; `y` is its base."""
        style = f' class="{kind}"' if kind else ""
        self._parts.append(
            f'<text{style} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def line(self, path: str, kind: str = "line", *, has_head: bool = False) -> None:
        """Draw along a path of SVG, with the head of an arrow at its end or without."""
        head = ' marker-end="url(#head)"' if has_head else ""
        self._parts.append(f'<path class="{kind}" d="{path}"{head}/>')

    def svg(self) -> str:
        """All of it."""
        width, height = WIDTH - 1, self._height - 1
        size = f'viewBox="0 0 {WIDTH} {height + 1:g}" width="{WIDTH}" height="{height + 1:g}"'
        box = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
        head = (
            f'<marker id="head" {box} orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker>'
        )
        ground = f'x="0.5" y="0.5" width="{width}" height="{height:g}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(self._title)}</title>",
            f"<style>{_STYLE}</style>",
            f"<defs>{head}</defs>",
            f'<rect class="ground" {ground} rx="8"/>',
            *self._parts,
            "</svg>\n",
        ]
        return "\n".join(parts)


def rooms() -> Picture:
    """The floors, and the rooms on each; those that know neither loop nor socket in green."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    floors, pure = project["tool"]["importlinter"]["contracts"][:2]
    quiet = {name.removeprefix("aioclient.") for name in pure["source_modules"]}
    heights = [78 if layer.count("|") > 2 else 50 for layer in floors["layers"]]
    picture = Picture("Rooms and floors", sum(heights) + 8 * len(heights) + 66)
    left, top, right = 44.0, 16.0, WIDTH - 16.0
    for layer, height in zip(floors["layers"], heights, strict=True):
        names = [name.strip().removeprefix("aioclient.") for name in layer.split("|")]
        if len(names) > 3:
            picture.box(left, top, right - left, height)
            half = len(names) // 2
            for number, part in enumerate((names[:half], names[half:])):
                picture.text((left + right) / 2, top + 22 + 20 * number, "  ".join(part), "name")
            picture.text((left + right) / 2, top + 64, "small things for every floor", "small")
        else:
            width = (right - left - 8 * (len(names) - 1)) / len(names)
            for number, name in enumerate(names):
                x = left + number * (width + 8)
                picture.box(x, top, width, height, "other" if name in quiet else "box")
                picture.text(x + width / 2, top + 21, name, "name")
                picture.text(x + width / 2, top + 40, WORDS[name], "small")
        top += height + 8
    picture.line(f"M24 20V{top - 12:g}", has_head=True)
    picture.box(left, top + 8, 14, 14, "box")
    picture.text(left + 22, top + 20, "a room", "small", "start")
    picture.box(left + 100, top + 8, 14, 14, "other")
    picture.text(left + 122, top + 20, "one without event loop and sockets", "small", "start")
    picture.text(
        left, top + 42, "Imports go down, along the arrow, and never up.", "small", "start"
    )
    return picture


LANES: Final = ("program", "session", "pool", "connection", "server")
#: From lane to lane, and what goes; a note where both are the same.
STEPS: Final = (
    (0, 1, "get(url)"),
    (1, 1, "options become a Request"),
    (1, 2, "a connection?"),
    (2, 2, "a kept one; or a new one; or wait"),
    (2, 1, "lease"),
    (1, 3, "head and body"),
    (3, 4, "bytes, in one send"),
    (4, 3, "head"),
    (3, 1, "the task wakes up"),
    (1, 1, "redirect? once more; else:"),
    (1, 0, "response"),
    (0, 3, "await read()"),
    (4, 3, "body"),
    (3, 0, "bytes, text or JSON"),
    (3, 2, "given back"),
    (2, 2, "who waits longest has it"),
)


def request() -> Picture:
    """Who says what to whom, in the life of one request."""
    step = 42
    picture = Picture("The life of a request", 64 + step * len(STEPS) + 24)
    places = [52 + number * (WIDTH - 104) / (len(LANES) - 1) for number in range(len(LANES))]
    for x, name in zip(places, LANES, strict=True):
        picture.box(x - 46, 14, 92, 30, "other" if name == "server" else "box")
        picture.text(x, 34, name)
        picture.line(f"M{x:g} 44V{64 + step * len(STEPS):g}", "faint")
    for number, (start, end, words) in enumerate(STEPS):
        y = 84 + step * number
        if start == end:
            width = len(words) * 7.2 + 20
            x = min(max(places[start], width / 2 + 8), WIDTH - width / 2 - 8)
            picture.box(x - width / 2, y - 18, width, 26)
            picture.text(x, y, words, "small")
        else:
            middle = (places[start] + places[end]) / 2
            half = len(words) * 3.6
            middle = min(max(middle, half + 8), WIDTH - half - 8)
            picture.text(middle, y - 8, words, "small")
            picture.line(f"M{places[start]:g} {y}H{places[end]:g}", has_head=True)
    return picture


PHASES: Final = ("queue", "name", "TCP", "TLS", "send", "wait", "body")
#: Limit, first and last phase that it covers, and what it says besides.
LIMITS: Final = (
    ("total", 0, 6, "all of it, redirects and repetitions too"),
    ("connect", 0, 3, "until there is a connection"),
    ("pool", 0, 0, "for a free one"),
    ("sock_connect", 1, 3, "making a new one"),
    ("tls", 3, 3, "the handshake"),
    ("write", 4, 4, "body taken by the server; anew each time"),
    ("sock_read", 5, 6, "between two arrivals; anew each time"),
)


def time_limits() -> Picture:
    """The phases of a request from left to right, and below each limit's bar."""
    left, right, step = 20.0, WIDTH - 20.0, 54
    width = (right - left) / len(PHASES)
    bottom = 66 + step * len(LIMITS)
    picture = Picture("Which time limit covers what", bottom + 16)
    for number, name in enumerate(PHASES):
        x = left + number * width
        picture.box(x + 2, 16, width - 4, 32)
        picture.text(x + width / 2, 37, name)
        picture.line(f"M{x:g} 52V{bottom:g}", "faint")
    picture.line(f"M{right:g} 52V{bottom:g}", "faint")
    for number, (name, first, last, words) in enumerate(LIMITS):
        y = 74 + step * number
        start, end = left + first * width, left + (last + 1) * width
        line = f"{name}: {words}"
        half = len(line) * 3.95
        middle = min(max((start + end) / 2, left + half), right - half)
        picture.text(middle, y + 10, line)
        kind = "second" if words.endswith("each time") else "bar"
        picture.box(start + 3, y + 18, end - start - 6, 10, kind)
    return picture


def pool() -> Picture:
    """What a connection is, from its making to its end, and what makes it the next thing."""
    picture = Picture("The states of a connection", 470)
    boxes = (
        ("a request wants one", "waiting, if there is no room", 20, 20, "other"),
        ("being made", "connecting", 20, 170, "box"),
        ("in use", "active", 310, 170, "box"),
        ("kept", "idle", 310, 20, "box"),
        ("not made", "failed", 20, 340, "other"),
    )
    for name, counter, x, y, kind in boxes:
        picture.box(x, y, 190 if x > 20 else 200, 56, kind)
        picture.text(x + 97, y + 24, name)
        picture.text(x + 97, y + 44, counter, "small")
    picture.box(236, 340, 264, 82, "other")
    picture.text(368, 364, "closed")
    picture.text(368, 386, "used: last, or broken off", "small")
    picture.text(368, 406, "kept: too long, too old, by server", "small")
    picture.line("M115 76V168", has_head=True)
    picture.text(122, 116, "none is kept,", "small", "start")
    picture.text(122, 134, "and there is room", "small", "start")
    picture.line("M220 198H308", has_head=True)
    picture.text(264, 190, "can be used", "small")
    picture.line("M115 226V338", has_head=True)
    picture.text(122, 276, "error, limit,", "small", "start")
    picture.text(122, 294, "given up", "small", "start")
    picture.line("M380 168V78", has_head=True)
    picture.text(374, 116, "answer", "small", "end")
    picture.text(374, 134, "is whole", "small", "end")
    picture.line("M430 76V168", has_head=True)
    picture.text(437, 116, "next", "small", "start")
    picture.text(437, 134, "request", "small", "start")
    picture.line("M380 226V338", has_head=True)
    picture.line("M500 48H510V381H502", has_head=True)
    picture.text(20, 452, "Small: the counters of connector.stats().", "small", "start")
    return picture


PICTURES: Final = {
    "rooms.svg": rooms,
    "request.svg": request,
    "time_limits.svg": time_limits,
    "pool.svg": pool,
}


def main(arguments: list[str]) -> int:
    """Draw, or compare; give the exit status."""
    parser = argparse.ArgumentParser(description="Draws the pictures of docs/explanation/.")
    parser.add_argument("--check", action="store_true", help="only compare")
    only_check = parser.parse_args(arguments).check
    old = []
    for name, draw in PICTURES.items():
        path = FOLDER / name
        drawn = draw().svg()
        if not path.exists() or path.read_text("utf-8") != drawn:
            old.append(name)
            if not only_check:
                path.write_text(drawn, "utf-8")
    for name in old:
        print(f"{name} is not up to date: run tools/pictures.py" if only_check else f"drew {name}")
    return 1 if old and only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

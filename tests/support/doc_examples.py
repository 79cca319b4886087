"""The examples in the documentation, and how they are run."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
#: Stands above a block that is not run, with the reason.
_MARK = re.compile(r"<!-- not run: (.+?) -->\s*\Z", re.DOTALL)
#: Stands anywhere on a page of which no block is run.
_MARK_OF_PAGE = re.compile(r"<!-- no block of this page is run: (.+?) -->", re.DOTALL)


class Block(NamedTuple):
    """A block of code on a page."""

    language: str
    text: str
    #: Why it is not run; empty if it is.
    reason: str


def blocks(name: str) -> Iterator[Block]:
    """All blocks of a page."""
    page = (DOCS / name).read_text("utf-8")
    mark_of_page = _MARK_OF_PAGE.search(page)
    end = 0
    for match in _FENCE.finditer(page):
        mark = mark_of_page or _MARK.search(page[end : match.start()])
        end = match.end()
        yield Block(match[2], match[3], mark[1] if mark else "")


def examples(name: str) -> list[str]:
    """The examples in Python of a page that are run."""
    return [each.text for each in blocks(name) if each.language == "python" and not each.reason]


def first_line(example: str) -> str:
    return example.split("\n")[0]


async def run(example: str, names: dict[str, object]) -> None:
    """Run an example, in which `await` may stand alone."""
    code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = eval(code, names)
    if inspect.iscoroutine(outcome):
        await outcome


def said(example: str) -> list[str]:
    """What an example says is printed, in comments behind `print(...)` or `pass`."""
    return re.findall(r"(?:[^:]\)|pass)  # (.*)", example)

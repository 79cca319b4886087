"""What the source never has: what broke clients before, and is seen without running it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import aioclient

PACKAGE: Final = Path(aioclient.__file__).parent
FILES: Final = sorted(PACKAGE.rglob("*.py"))

#: Run what they read, or write where an archive says.
DANGEROUS: Final = {
    *("pickle", "marshal", "shelve", "dill", "zipfile", "tarfile", "xmlrpc", "runpy", "code"),
}
#: A cache without a limit is for what no peer can choose.
WITHOUT_A_LIMIT: Final = {
    "_body/codec_modules.py is_installed": "names of five packages",
    "_auth/digest.py _is_available": "names of the hashes that are implemented",
    "_cookies/public_suffix.py _list": "has no arguments",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def found(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    for path in FILES:
        place = path.relative_to(PACKAGE).as_posix()
        yield from ((place, node) for node in ast.walk(tree(path)) if isinstance(node, kind))


def lines(nodes: Iterator[tuple[str, ast.AST]]) -> list[str]:
    return [f"{place}:{getattr(node, 'lineno', 0)}" for place, node in nodes]


def test_no_assert_decides_about_anything() -> None:
    # Under -O they are gone. The fixtures for pytest are about tests.
    asserts = [each for each in found(ast.Assert) if each[0] != "testing/pytest_plugin.py"]
    assert lines(iter(asserts)) == []
    compiled = [p for p in PACKAGE.rglob("*.pyx") if re.search(r"(?m)^\s*assert ", p.read_text())]
    assert compiled == []


def test_nothing_is_loaded_that_runs_what_it_reads() -> None:
    imports = []
    for place, node in found((ast.Import, ast.ImportFrom)):
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module]
        level = node.level if isinstance(node, ast.ImportFrom) else 0
        imports += [f"{place} {n}" for n in names if not level and n.split(".")[0] in DANGEROUS]
    assert imports == []
    calls = [
        each
        for each in found(ast.Call)
        if isinstance(each[1], ast.Call)
        and isinstance(each[1].func, ast.Name)
        and each[1].func.id in ("eval", "exec", "compile", "__import__")
    ]
    assert lines(iter(calls)) == []


def test_classes_of_characters_in_patterns_are_of_ascii() -> None:
    # \d and \w of a pattern for text match digits and letters of all scripts.
    places = []
    for path in FILES:
        text = path.read_text("utf-8")
        for node in ast.walk(tree(path)):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and re.search(r"\\[dwDW]", node.value) and "re.ASCII" not in text:
                places.append(f"{path.name}:{node.lineno}")
    assert places == []


@pytest.mark.parametrize("name", ["isdigit", "isdecimal", "isnumeric"])
def test_text_is_ascii_before_its_digits_are_a_number(name: str) -> None:
    # int() takes digits of all scripts. What has no isascii beside it is bytes, or shown only.
    known = {
        *("_http1/framing.py", "_http1/keep_alive.py", "_message/response.py"),  # bytes
        *("errors/_root.py", "_net/proxy_environment.py"),  # no number is made of it
    }
    for path in FILES:
        place = path.relative_to(PACKAGE).as_posix()
        for line in path.read_text("utf-8").splitlines():
            if f".{name}()" in line and place not in known:
                assert "isascii()" in line, f"{place}: {line.strip()}"


def test_every_cache_has_a_limit_or_a_reason() -> None:
    unlimited = set()
    for place, node in found((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list:
            if ast.unparse(decorator) in ("cache", "functools.cache", "lru_cache(None)"):
                unlimited.add(f"{place} {node.name}")
    assert unlimited == set(WITHOUT_A_LIMIT)
    for place, node in found(ast.Call):
        assert isinstance(node, ast.Call)
        if ast.unparse(node.func) in ("lru_cache", "functools.lru_cache"):
            sizes = [word.value for word in node.keywords if word.arg == "maxsize"]
            assert len(sizes) == 1, place
            assert isinstance(sizes[0], ast.Constant), place
            assert isinstance(sizes[0].value, int), place

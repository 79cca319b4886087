"""Rows of the reference API, and what each of them asks of aioclient.

A module of `tests/api` transcribes one section of the reference into rows, and tests what they say;
`tests/api/test_reference.py` walks the rows of all of them.
"""

import ast
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from yarl import URL

import aioclient
from aioclient._body.payloads import Order
from aioclient._message.options import RequestOptions
from aioclient._session.ws_connect import WSConnectOptions

ROOT = Path(__file__).parents[2]

#: Modules of the reference whose names are not all at its top, and where aioclient has them.
_MODULES = {
    "payload": "aioclient._body.payloads",
    "multipart": "aioclient._body.multipart_reader",
    "client_exceptions": "aioclient.errors",
    "client_reqrep": "aioclient",
}


class Sentinel:
    """The default of the reference that means "not given"."""

    def __repr__(self) -> str:
        return "SENT"


SENT = Sentinel()
#: What defaults of the reference are written with.
_NAMESPACE = {
    **{name: getattr(aioclient, name) for name in aioclient.__all__},
    "Order": Order,
    "SimpleNamespace": SimpleNamespace,
    "SENT": SENT,
    "URL": URL,
    "json": json,
    "sys": sys,
}


class Difference(NamedTuple):
    """What aioclient has instead, and words about it in docs/differences.md."""

    ours: object
    words: str


class Call(NamedTuple):
    """A class, function or method of the reference, with its parameters as in a `def`.

    `differs` has those whose default, or whose way to be given, is another here on purpose.
    """

    name: str
    parameters: str = ""
    differs: Mapping[str, Difference] = {}
    is_async: bool = False


class Names(NamedTuple):
    """Attributes, properties and methods that `owner` has; those in `settable` can be set."""

    owner: str
    names: str
    settable: str = ""


class Line(NamedTuple):
    """A behaviour of the reference; `tests` are in the same module, or node ids of others.

    `differs` are words of docs/differences.md, if aioclient behaves otherwise on purpose.
    """

    says: str
    tests: str
    differs: str = ""


class Missing(NamedTuple):
    """Names of the reference that aioclient will not have, and words of docs/differences.md."""

    owner: str
    names: str
    words: str


Row = Call | Names | Line | Missing


def label(row: Row) -> str:
    """A short name for a row."""
    words = row[:1] if isinstance(row, Line | Call) else row[:2]
    return " ".join((type(row).__name__, *words))[:80]


@cache
def section(path: Path) -> ModuleType:
    """A module of `tests/api`, imported apart from what pytest makes of it."""
    spec = importlib.util.spec_from_file_location(f"rows_of_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in tree.body if isinstance(node, functions)]
    assert len(names) == len(set(names)), f"a function of {path} hides another"
    return frozenset(name for name in names if name.startswith("test_"))


@cache
def differences() -> str:
    """docs/differences.md, with single blanks between its words."""
    return " ".join((ROOT / "docs" / "differences.md").read_text().split())


def resolved(name: str) -> Any:
    """What a dotted name of the reference is in aioclient."""
    first, *rest = name.split(".")
    found = aioclient
    if first in _MODULES and rest:
        found = importlib.import_module(_MODULES[first])
    elif first != "aioclient":
        rest = [first, *rest]
    for part in rest:
        found = getattr(found, part)
    return found


def attributes_of(owner: Any) -> set[str]:
    """The names of attributes that an object, or any instance of a class, has."""
    names = {*dir(owner), *getattr(owner, "__annotations__", ())}
    for kind in getattr(owner, "__mro__", ()):
        if not kind.__module__.startswith("aioclient"):
            continue
        for function in filter(inspect.isfunction, vars(kind).values()):
            if function.__code__.co_filename.startswith("<"):
                continue  # written by a decorator, as of dataclasses, of what has annotations
            for node in ast.walk(ast.parse(dedent(inspect.getsource(function)))):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
    return names


# --- parameters ----------------------------------------------------------------------------------


def reference_parameters(row: Call) -> list[inspect.Parameter]:
    """The parameters of the reference."""
    namespace: dict[str, Any] = dict(_NAMESPACE)
    exec(f"def call({row.parameters}): pass", namespace)
    return list(inspect.signature(namespace["call"]).parameters.values())


def our_parameters(name: str) -> dict[str, inspect.Parameter]:
    """Our parameters, with the options of requests where a function takes those."""
    function = resolved(name)
    given = list(inspect.signature(function).parameters.values())
    if given and given[0].name == "self":
        del given[0]
    ours = {parameter.name: parameter for parameter in given}
    if "options" in ours and ours["options"].kind is inspect.Parameter.VAR_KEYWORD:
        del ours["options"]
        kind = WSConnectOptions if name.endswith("ws_connect") else RequestOptions
        for option in kind.__annotations__:
            ours[option] = inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=SENT)
    return ours


def faults_of(row: Call) -> list[str]:
    """What our parameters lack of those of the reference."""
    faults = []
    ours = our_parameters(row.name)
    names = list(ours)
    for index, theirs in enumerate(reference_parameters(row)):
        name = theirs.name
        difference = row.differs.get(name)
        own = ours.get(name)
        if own is None:
            faults.append(f"{name} is missing")
            continue
        if theirs.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and (
            own.kind is not theirs.kind or names[index] != name
        ):
            faults.append(f"{name} is not argument {index}")
        if difference is not None:
            if own.default != difference.ours:
                faults.append(f"{name} is {own.default!r}, not {difference.ours!r} as documented")
            if own.default == theirs.default:
                faults.append(f"{name} is not different")
        elif not _is_same_default(own, theirs):
            faults.append(f"{name} is {own.default!r}, not {theirs.default!r}")
    unknown = row.differs.keys() - {theirs.name for theirs in reference_parameters(row)}
    faults += [f"{name} is none of the reference" for name in sorted(unknown)]
    return faults


def _is_same_default(ours: inspect.Parameter, theirs: inspect.Parameter) -> bool:
    empty = inspect.Parameter.empty
    if theirs.default is empty:
        return ours.default is empty
    # What "not given" means is a line of its own, and so are the defaults of options.
    if theirs.default is SENT or ours.default is SENT:
        return ours.default is not empty
    return bool(ours.default == theirs.default)

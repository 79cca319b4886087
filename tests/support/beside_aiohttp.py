"""What differs in names and parameters between aioclient and an aiohttp that is installed."""

import inspect
from collections.abc import Iterator
from typing import Any, Final

import aiohttp
from reference import attributes_of

import aioclient
from aioclient._message.options import RequestOptions
from aioclient._session.ws_connect import WSConnectOptions
from aioclient._timeout import UNSET

#: Of its server.
NOT_OF_THE_CLIENT: Final = frozenset({"GunicornUVLoopWebWorker", "GunicornWebWorker"})
_EMPTY: Final = inspect.Parameter.empty
_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def differences() -> Iterator[tuple[str, str]]:
    """Each difference: the dotted name that it is about, and what it is."""
    for name in sorted(set(aiohttp.__all__) - NOT_OF_THE_CLIENT):
        theirs, ours = getattr(aiohttp, name), getattr(aioclient, name, None)
        if ours is None:
            yield name, "missing"
        elif inspect.isclass(theirs):
            yield from _of_class(name, theirs, ours)
        elif inspect.isfunction(theirs):
            yield from _of_parameters(name, theirs, ours)


def _of_class(name: str, theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    if not inspect.isclass(ours):
        yield name, "is no class"
        return
    yield from _of_parameters(name, theirs, ours)
    known = attributes_of(ours)
    for member in sorted(_public_members(theirs)):
        path = f"{name}.{member}"
        if member not in known and not hasattr(ours, member):
            yield path, "missing"
            continue
        found = inspect.getattr_static(theirs, member)
        if isinstance(found, classmethod | staticmethod):
            found = found.__func__
        own = getattr(ours, member, None)
        if inspect.isfunction(found):
            if not callable(own):
                yield path, "cannot be called"
                continue
            yield from _of_parameters(path, getattr(theirs, member), own)
            if inspect.iscoroutinefunction(found) != inspect.iscoroutinefunction(own):
                is_async = inspect.iscoroutinefunction(own)
                yield path, "is a coroutine function" if is_async else "is no coroutine function"


def _public_members(kind: Any) -> set[str]:
    """What it and its bases have that aiohttp wrote."""
    names: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.startswith("aiohttp"):
            names |= {name for name in vars(base) if not name.startswith("_")}
            names |= {name for name in vars(base) if name in ("__aenter__", "__aiter__", "__len__")}
    return names


def _parameters(function: Any) -> list[inspect.Parameter] | None:
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    return found[1:] if found and found[0].name == "self" else found


def _of_parameters(path: str, theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    given, own = _parameters(theirs), _parameters(ours)
    if given is None or own is None:
        return
    names = [parameter.name for parameter in own]
    by_name = {parameter.name: parameter for parameter in own}
    if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD and own[-1].name == "options":
        is_socket = path.endswith("ws_connect")
        for option in (WSConnectOptions if is_socket else RequestOptions).__annotations__:
            parameter = inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=...)
            by_name.setdefault(option, parameter)
    for index, parameter in enumerate(given):
        if parameter.kind in _VARIADIC:
            continue
        found = by_name.get(parameter.name)
        if found is None:
            yield f"{path}({parameter.name})", "missing"
            continue
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            place = _place(found, names, index)
            if place:
                yield f"{path}({parameter.name})", place
        if not _is_same_default(parameter.default, found.default):
            yield f"{path}({parameter.name})", _default(found.default)
    for parameter in own:
        is_needed = parameter.default is _EMPTY and parameter.kind not in _VARIADIC
        if is_needed and parameter.name not in {each.name for each in given}:
            yield f"{path}({parameter.name})", "needed"


def _place(found: inspect.Parameter, names: list[str], index: int) -> str:
    """Where a parameter is that should be at an index; empty if it is there."""
    if found.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
        return "by keyword only"
    return "" if names[index] == found.name else f"argument {names.index(found.name)}"


def _is_same_default(theirs: Any, ours: Any) -> bool:
    if ours is ...:  # an option that need not be given
        return theirs is not _EMPTY
    if theirs is _EMPTY or ours is _EMPTY:
        return theirs is ours
    if theirs is aiohttp.helpers.sentinel:
        return ours is UNSET
    if inspect.isclass(theirs) and inspect.isclass(ours):
        return theirs.__name__ == ours.__name__
    return bool(repr(theirs) == repr(ours) or theirs == ours)


def _default(value: Any) -> str:
    if value is _EMPTY:
        return "needed"
    return f"default {value.__name__ if inspect.isclass(value) else value!r}"

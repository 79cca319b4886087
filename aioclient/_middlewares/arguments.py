"""Arguments of middlewares, checked: TypeError for a wrong type, ValueError for what cannot be.

The words name the argument.
"""

from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])


def checked_number(name: str, value: float, above: float | None = None) -> float:
    """A number that is not negative, or, with `above`, more than that; it may be infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if above is not None and not value > above:  # NaN too
        raise ValueError(f"{name} must be more than {above:g}, got {value!r}")
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, got {value!r}")
    return value


def checked_count(name: str, value: int, least: int) -> int:
    """A whole number that is at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return value


def checked_callable(name: str, function: _F) -> _F:
    """What is to be called."""
    if not callable(function):
        raise TypeError(f"{name} must be a function, not {type(function).__name__}")
    return function


def checked_function(name: str, function: _F) -> _F:
    """What is to be called, and gives its result at once."""
    if iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__):
        raise TypeError(f"{name} must be a plain function, not a coroutine function")
    return checked_callable(name, function)


def checked_methods(methods: Iterable[str]) -> frozenset[str]:
    """Names of methods; as a session sends them, in upper case."""
    return frozenset(name.upper() for name in checked_names("methods", methods))


def checked_names(name: str, names: Iterable[str]) -> frozenset[str]:
    """Names of something."""
    if isinstance(names, str):
        raise TypeError(f"{name} must be a collection of names, not one string")
    try:
        found = frozenset(names)
    except TypeError:
        raise TypeError(f"{name} must be names, not {names!r}") from None
    for each in found:
        if not isinstance(each, str):
            raise TypeError(f"a name of {name} must be str, not {each!r}")
    return found


def checked_statuses(statuses: Iterable[int]) -> frozenset[int]:
    """Status codes."""
    try:
        codes = frozenset(statuses)
    except TypeError:
        raise TypeError(f"statuses must be status codes, not {statuses!r}") from None
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, int):
            raise TypeError(f"a code of statuses must be a whole number, not {code!r}")
        if not 100 <= code <= 999:
            raise ValueError(f"a code of statuses must have three digits, got {code}")
    return codes


def checked_exceptions(kinds: Iterable[type[Exception]]) -> frozenset[type[Exception]]:
    """Classes of exceptions."""
    if isinstance(kinds, type):
        raise TypeError("exceptions must be a collection of classes, not one class")
    try:
        classes = frozenset(kinds)
    except TypeError:
        raise TypeError(f"exceptions must be classes, not {kinds!r}") from None
    for kind in classes:
        if not _is_exception_class(kind):
            raise TypeError(f"a class of exceptions must be one of Exception, not {kind!r}")
    return classes


def _is_exception_class(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Exception)

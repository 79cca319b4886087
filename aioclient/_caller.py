"""Who called: the first place outside of this package."""

import sys
import warnings

_PACKAGE = __name__.partition(".")[0]


def caller() -> str:
    """File and line of the first caller outside this package."""
    frame = sys._getframe(_level())  # noqa: SLF001 - documented, and the only cheap way to the caller
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def warn_deprecated(words: str) -> None:
    """Warn the first caller outside this package that it uses what is deprecated."""
    warnings.warn(words, DeprecationWarning, stacklevel=_level() + 1)


def _level() -> int:
    """How far up that is from the function that asks."""
    level = 1
    frame = sys._getframe(level)  # noqa: SLF001 - see above
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    return level - 1


def _is_ours(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")

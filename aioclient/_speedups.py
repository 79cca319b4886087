"""May compiled twins be used? Asked once, at import.

A twin is a module that exists twice: written in Python (the reference) and compiled. A door (for
example ``_http1/parser.py``) picks one of the two when it is first imported.
"""

import importlib
import os

#: False if the environment variable AIOCLIENT_NO_EXTENSIONS is set to anything but nothing.
COMPILED_ALLOWED = not os.environ.get("AIOCLIENT_NO_EXTENSIONS")

_COMPILED_TWINS = (
    "aioclient._cookies.quote_c",
    "aioclient._http.fields_c",
    "aioclient._http1.head_writer_c",
    "aioclient._http1.parser_c",
    "aioclient._websocket.reader_c",
    "aioclient._websocket.writer_c",
)


def extensions_active() -> bool:
    """Tell whether the compiled twins run; if not, their Python twins do the same, slower.

    They do not run where the package was installed without a compiler, or where the environment
    variable ``AIOCLIENT_NO_EXTENSIONS`` was set to a non-empty value at import.
    """
    return COMPILED_ALLOWED and all(_loads(name) for name in _COMPILED_TWINS)


def _loads(name: str) -> bool:
    # Not all doors are opened when the package is imported: those of cookies are not.
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True

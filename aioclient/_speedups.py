"""May compiled twins be used? Asked once, at import.

A twin is a module that exists twice: written in Python (the reference) and compiled. A door (for
example ``_http1/parser.py``) picks one of the two when it is first imported.
"""

import os
import sys
from importlib import import_module

#: False if the environment variable AIOCLIENT_NO_EXTENSIONS is set to anything but nothing.
COMPILED_ALLOWED = not os.environ.get("AIOCLIENT_NO_EXTENSIONS")

_DOORS = (
    "aioclient._http.fields",
    "aioclient._http1.head_writer",
    "aioclient._http1.parser",
)


def extensions_active() -> bool:
    """Tell whether the compiled twins run; if not, their Python twins do the same, slower.

    They do not run where the package was installed without a compiler, or where the environment
    variable ``AIOCLIENT_NO_EXTENSIONS`` was set to a non-empty value at import.
    """
    for door in _DOORS:
        import_module(door)  # some are loaded by the first session
    return COMPILED_ALLOWED and all(f"{door}_c" in sys.modules for door in _DOORS)

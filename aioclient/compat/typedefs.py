"""Types of what a session takes."""

import json
import os
from typing import Final, TypeAlias

from aioclient._aliases import (
    JSONBytesEncoder,
    JSONDecoder,
    JSONEncoder,
    LooseCookies,
    LooseHeaders,
    Query,
    QueryVariable,
    RawHeaders,
    StrOrURL,
)

PathLike: TypeAlias = str | os.PathLike[str]
DEFAULT_JSON_ENCODER: Final = json.dumps
DEFAULT_JSON_DECODER: Final = json.loads

__all__ = (
    "DEFAULT_JSON_DECODER",
    "DEFAULT_JSON_ENCODER",
    "JSONBytesEncoder",
    "JSONDecoder",
    "JSONEncoder",
    "LooseCookies",
    "LooseHeaders",
    "PathLike",
    "Query",
    "QueryVariable",
    "RawHeaders",
    "StrOrURL",
)

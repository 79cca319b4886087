"""How requests introduce themselves (RFC 9110 section 10.1.5)."""

import sys
from typing import Final

from aioclient._version import __version__

USER_AGENT_VALUE: Final = (
    f"Python/{sys.version_info[0]}.{sys.version_info[1]} aioclient/{__version__}"
)

"""What only the proxies of the tests know: names, and a login.

squid reads the file of hosts by itself. To all others nss_wrapper, a library that is loaded before
that of the system, says what the names mean.
"""

import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Names that stand for 127.0.0.1 and ::1, for nobody but the proxies.
FOUR: Final = "four.only-at-proxy.test"
SIX: Final = "six.only-at-proxy.test"
#: A name that not even the proxies know.
NOWHERE: Final = "nowhere.only-at-proxy.test"

_HOSTS: Final = f"127.0.0.1 {FOUR}\n::1 {SIX}\n"
_NAME: Final = "libnss_wrapper.so"
_WRAPPERS: Final = [
    path
    for folder in (Path("/usr/lib"), Path("/usr/lib64"))
    for pattern in (_NAME, f"*/{_NAME}")
    for path in folder.glob(pattern)
]
#: Can others than squid know the names here?
HAS_WRAPPER: Final = bool(_WRAPPERS)


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password."""

    user: str
    password: str

    def in_url(self) -> str:
        """As a URL has it."""
        return f"{urllib.parse.quote(self.user, '')}:{urllib.parse.quote(self.password, '')}"


#: The one that all proxies accept that want any; what it is made of must be escaped in a URL.
LOGIN: Final = Login("ann", "of:Green/Gables @100%")


def write_hosts(folder: Path) -> Path:
    """Write what the names mean into a file of this folder."""
    path = folder / "hosts"
    path.write_text(_HOSTS)
    return path


def knowing_names(folder: Path) -> list[str]:
    """What to put before a command, so that the program knows the names if that is possible."""
    if not HAS_WRAPPER:
        return []
    return ["env", f"LD_PRELOAD={_WRAPPERS[0]}", f"NSS_WRAPPER_HOSTS={write_hosts(folder)}"]

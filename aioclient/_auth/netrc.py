"""Credentials from a netrc file.

Which file, and which entries of it count, is decided here; its syntax is that of the standard
library's parser, and so is the rule about permissions: ``~/.netrc`` must, on POSIX, belong to the
user and give nobody else any right, unless "anonymous" is all that it logs in as. A file that
``$NETRC`` names is taken as it is.
"""

import logging
import os
from pathlib import Path
from typing import NamedTuple, Self

from aioclient._auth.basic import BasicAuth

_logger = logging.getLogger("aioclient.client")


class _Entry(NamedTuple):
    login: str
    password: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class NetrcFile:
    """Logins and passwords by host, as they were in a netrc file when that was loaded.

    Hosts are compared as they are written, in any case of letters: an international name as
    ``xn--...``, an IPv6 address without brackets and with the zeros left out.
    """

    __slots__ = ("_default", "_entries", "_refused")

    def __init__(self, entries: dict[str, _Entry], default: _Entry | None) -> None:
        self._entries = entries
        self._default = default
        # Names of entries that cannot be used, and that was said.
        self._refused: set[str] = set()

    @classmethod
    def load(cls, *, use_default: bool = False) -> Self | None:
        """Read the file that ``$NETRC`` names, else the one of the user; None if there is none.

        That is ``~/.netrc``, and on Windows ``~/_netrc`` before it. Its ``default`` entry, for all
        hosts that have none, counts only with `use_default`. An empty ``$NETRC`` names no file.

        A file that cannot be read or understood is None, too, and one warning in the log, which
        says nothing of what is in it. Reading blocks, for as long as the file system takes.
        """
        named = os.environ.get("NETRC")
        for path in [Path(named)] if named else default_paths(os.name == "nt"):
            try:
                hosts = _read(path, is_named=bool(named))
            except OSError as error:
                is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
                if is_missing and not named:
                    continue
                _warn(path, error.strerror or type(error).__name__)
                return None
            except ValueError as error:
                _warn(path, str(error))
                return None
            else:
                # A host that is called so cannot be told from the keyword: it is none.
                default = hosts.pop("default", None)
                entries = {name.lower(): entry for name, entry in hosts.items()}
                return cls(entries, default if use_default else None)
        return None

    def credentials(self, host: str) -> BasicAuth | None:
        """Login and password for the host of a URL, as `yarl.URL.raw_host` has it; None for none.

        An entry without a login has its account for that; one without a password, too, is for
        nobody. A login that has a colon cannot be used (RFC 7617 section 2): then there are no
        credentials, which the log says once.
        """
        name = host.lower()
        entry = self._entries.get(name)
        if entry is None:
            name, entry = "default", self._default
        if entry is None or not (entry.login or entry.password):
            return None
        if ":" in entry.login:
            if name not in self._refused:
                self._refused.add(name)
                _logger.warning("netrc entry %r is not used: its login has a colon", name)
            return None
        return BasicAuth(entry.login, entry.password, "utf-8")


def default_paths(is_windows: bool) -> list[Path]:
    """Where the user's own file may be; nowhere if the user has no home."""
    try:
        home = Path.home()
    except RuntimeError:
        return []
    return [home / name for name in (("_netrc", ".netrc") if is_windows else (".netrc",))]


def _read(path: Path, is_named: bool) -> dict[str, _Entry]:
    """The entries of a file by the names of their hosts.

    Raises OSError, and ValueError if the file is malformed or not the user's alone.
    """
    from netrc import NetrcParseError, netrc  # late: rarely needed

    try:
        # The rule about permissions holds if the parser itself looks for the file.
        is_own = not is_named and path.name == ".netrc"
        hosts = (netrc() if is_own else netrc(path)).hosts
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    except NetrcParseError as error:  # without its words: they quote the file
        if error.lineno is None:
            raise ValueError("other users own it or have rights to it") from None
        raise ValueError(f"line {error.lineno} is malformed") from None
    return {
        name: _Entry(login or account or "", password or "")
        for name, (login, account, password) in hosts.items()
    }


def _warn(path: Path, reason: str) -> None:
    _logger.warning("netrc file %r is not used: %s", str(path), reason)

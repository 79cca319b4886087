"""Files that are for their owner alone: written as a whole or not at all, and read with care.

What is written goes to a new file beside the old one, which takes its place when all of it is on
the disk. So a reader never sees half a file, an error or a crash leaves the old one, and nobody can
have prepared the file that is written to: a symbolic link at the path is replaced, not followed.
Nor is one followed that is read, and what is no regular file is left alone.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

# Windows has none of these; it needs the last, so that nothing is taken for the end of a line.
_READ_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def write_private_file(file_path: str | os.PathLike[str], data: bytes) -> None:
    """Put a file with this content, mode 0600, in the place of what is at the path.

    Raises OSError, and then what was there is still there. A link at the path is replaced by the
    file; what is neither that nor a regular file, or a link to such, is an error: nobody wants a
    file in the place of ``/dev/null``.
    """
    path = Path(file_path)
    _check_replaceable(path)
    # It makes a file of that mode that was not there, and follows no link to it.
    descriptor, name = tempfile.mkstemp(prefix=".cookies-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_private_file(file_path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """The content of a file.

    Raises OSError if it cannot be read, is a symbolic link or no regular file, and ValueError if
    there are more than `max_bytes` in it.
    """
    path = Path(file_path)
    # Asked first for the words, and for Windows; the flags are for what changes in between. Without
    # O_NONBLOCK a pipe would be waited for.
    _check_regular(path.lstat(), path)
    with os.fdopen(os.open(path, _READ_FLAGS), "rb") as file:
        _check_regular(os.fstat(file.fileno()), path)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"more than {max_bytes} bytes")
    return data


def _check_replaceable(path: Path) -> None:
    try:
        found = path.stat()
    except OSError:  # nothing is there, or a link to nothing
        return
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(found, path)


def _check_regular(found: os.stat_result, path: Path) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, "a symbolic link, which is not followed", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(found, path)


def _not_regular(found: os.stat_result, path: Path) -> OSError:
    code = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
    return OSError(code, "not a regular file", str(path))

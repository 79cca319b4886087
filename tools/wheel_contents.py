"""What is wrong with a wheel or an sdist, by a look into the file: nothing is installed.

Each function gives a list of complaints, which is empty if all is well.
"""

import re
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path, PurePosixPath
from typing import Final

BINARIES: Final = frozenset({".so", ".pyd"})
#: What a wheel may have in its package.
PACKAGED: Final = frozenset({".py", ".pyi", ".typed"}) | BINARIES
#: Of a system that something was built on: none of these means anything on another.
ABSOLUTE_PATH: Final = re.compile(
    rb"(?:[A-Za-z]:\\|/(?:Users|build|builds|home|host|io|mnt|opt|private|project|root|tmp|var|work)/)"
    rb"[\w.+\\/-]{3,}"
)
#: Names of sections that stripping removes.
DEBUG_SECTIONS: Final = (b"\0.symtab\0", b"\0.debug_info\0", b"\0.debug_line\0")
#: All twins together; with what only debuggers read they are five times as large.
LARGEST_WHEEL_BYTES: Final = 1_500_000
NEEDED_IN_SDIST: Final = (
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "aioclient/_http1/parser_c.pyx",
    "aioclient/_http/h1scan.pxd",
    "aioclient/py.typed",
    "docs/architecture.md",
    "examples/README.md",
    "pyproject.toml",
    "setup.py",
    "tests/conftest.py",
    "tests/vectors/README.md",
    "tools/origin.py",
    "vendor/h1scan/h1scan.c",
    "vendor/h1scan/h1scan.h",
)


def wrong_with_wheel(path: Path, source: Path, tag: str, suffix: str | None) -> list[str]:
    """Look into a wheel that was built from `source`.

    `tag` is a pattern for all its tags; `suffix` what follows the name of a compiled twin's module,
    None for the pure wheel.
    """
    with zipfile.ZipFile(path) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
    package = {name: data for name, data in contents.items() if name.startswith("aioclient/")}
    return [
        *_wrong_names(contents, package, source, suffix),
        *_wrong_tags(contents, tag, is_pure=suffix is None),
        *(wrong for name, data in package.items() for wrong in _wrong_binary(name, data)),
        *_wrong_size(path),
    ]


def _wrong_names(
    contents: dict[str, bytes], package: dict[str, bytes], source: Path, suffix: str | None
) -> list[str]:
    wrong = [
        f"{name} is in it"
        for name in contents
        if (name in package and PurePosixPath(name).suffix not in PACKAGED)
        or (name not in package and ".dist-info" not in name.partition("/")[0])
    ]
    wanted = {
        file.relative_to(source).as_posix()
        for pattern in ("*.py", "*.pyi", "py.typed")
        for file in source.glob(f"aioclient/**/{pattern}")
    }
    if suffix is not None:
        twins = [file.relative_to(source) for file in source.glob("aioclient/**/*_c.pyx")]
        wanted |= {twin.with_suffix(suffix).as_posix() for twin in twins}
    wrong += [f"{name} is missing" for name in sorted(wanted - package.keys())]
    return wrong + [f"{name} is not of the source" for name in sorted(package.keys() - wanted)]


def _wrong_tags(contents: dict[str, bytes], tag: str, *, is_pure: bool) -> list[str]:
    (name,) = (name for name in contents if name.endswith(".dist-info/WHEEL"))
    facts = message_from_bytes(contents[name])
    wrong = [
        f"its tag is {found}, not {tag}"
        for found in facts.get_all("Tag", ["none"])
        if not re.fullmatch(tag, found)
    ]
    if facts["Root-Is-Purelib"] != str(is_pure).lower():
        wrong.append(f"Root-Is-Purelib is {facts['Root-Is-Purelib']}")
    return wrong


def _wrong_binary(name: str, data: bytes) -> list[str]:
    if PurePosixPath(name).suffix not in BINARIES:
        return []
    wrong = [f"{name} has {section!r}" for section in DEBUG_SECTIONS if section in data]
    paths = sorted(set(ABSOLUTE_PATH.findall(data)))
    return wrong + [f"{name} speaks of {path!r}" for path in paths]


def _wrong_size(path: Path) -> list[str]:
    size = path.stat().st_size
    return [f"it has {size} bytes"] if size > LARGEST_WHEEL_BYTES else []


def wrong_with_sdist(path: Path) -> list[str]:
    """Look into an sdist."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wrong = [f"{name} is missing" for name in NEEDED_IN_SDIST if name not in names]
    return wrong + [
        f"{name} is in it"
        for name in sorted(names)
        if name.endswith(("_c.c", ".pyc", ".so", ".pyd")) or "/." in f"/{name}"
    ]

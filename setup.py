"""Finds and builds the compiled twins; everything else is in pyproject.toml.

``AIOCLIENT_BUILD_EXTENSIONS=yes`` must build them, ``no`` builds none, and unset builds what the
machine can: without Cython or a compiler the package works with its Python twins, and says so.
"""

import gzip
import os
import sys
import sysconfig
import tarfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
# Each interpreter of a process has what a twin keeps for itself, its types too.
OWN_STATE = [("CYTHON_USE_MODULE_STATE", "1"), ("CYTHON_USE_TYPE_SPECS", "1")]
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")
WISH = os.environ.get("AIOCLIENT_BUILD_EXTENSIONS", "").lower()
# Which vendored C sources a twin needs, by the name of its module.
VENDORED = {
    "aioclient._http.fields_c": ["vendor/h1scan/h1scan.c"],
    "aioclient._http1.parser_c": ["vendor/h1scan/h1scan.c"],
    "aioclient._http1.head_writer_c": ["vendor/h1scan/h1scan.c"],
    "aioclient._websocket.reader_c": ["vendor/h1scan/wsbytes.c"],
    "aioclient._websocket.writer_c": ["vendor/h1scan/wsbytes.c"],
}


def say(text: str) -> None:
    print(f"aioclient: {text}", file=sys.stderr)


def twins() -> list[Extension]:
    """Every ``x_c.pyx`` of the package as an extension module."""
    if WISH == "no":
        say("AIOCLIENT_BUILD_EXTENSIONS=no: only the Python twins are installed")
        return []
    try:
        from Cython.Build import cythonize  # a build dependency, absent in some builds
    except ImportError:
        if WISH == "yes":
            raise
        say("Cython is not installed: only the Python twins are installed")
        return []
    extensions = []
    for source in sorted(ROOT.glob("aioclient/**/*_c.pyx")):
        path = source.relative_to(ROOT)
        module = ".".join(path.with_suffix("").parts)
        extensions.append(
            Extension(
                module,
                [str(path), *VENDORED.get(module, [])],
                include_dirs=["vendor/h1scan"],
                depends=["vendor/h1scan/h1scan.h", "vendor/h1scan/wsbytes.h"],
                define_macros=OWN_STATE if HAS_GIL else [],
                extra_compile_args=[] if sys.platform == "win32" else ["-O3"],
            )
        )
    directives = {
        "language_level": 3,
        # That they need no GIL is said where it is tested: Python 3.13 was only trying it out.
        "freethreading_compatible": sys.version_info >= (3, 14),
        # Interpreters with a GIL of their own. Without any GIL all threads would count up and down
        # who looks at what belongs to which interpreter, and wait for one another.
        "subinterpreters_compatible": "own_gil" if HAS_GIL else "no",
    }
    built: list[Extension] = cythonize(extensions, compiler_directives=directives)
    for extension in built:
        extension.optional = WISH != "yes"  # cythonize() drops what the Extension said
    return built


class BuildTwins(build_ext):
    """``build_ext`` that says plainly when a twin could not be built."""

    def run(self) -> None:
        super().run()
        missing = [
            e.name for e in self.extensions if not Path(self.get_ext_fullpath(e.name)).exists()
        ]
        if missing:
            say(f"no compiled twin for {', '.join(missing)}: the Python twins are used instead")


class ReproducibleSdist(sdist):
    """``sdist`` that makes the same bytes of the same files, if SOURCE_DATE_EPOCH is set."""

    def make_archive(
        self,
        base_name: str,
        format: str,  # noqa: A002 - the name that setuptools gives it
        root_dir: str | None = None,
        base_dir: str | None = None,
        owner: str | None = None,
        group: str | None = None,
    ) -> str:
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if epoch is None or format != "gztar" or base_dir is None:
            made: str = super().make_archive(base_name, format, root_dir, base_dir, owner, group)
            return made

        def without_traces(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = int(epoch)
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        archive = Path(f"{base_name}.tar.gz")
        with (
            archive.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=int(epoch)) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.add(base_dir, filter=without_traces)  # which sorts what is in folders
        return str(archive)


setup(ext_modules=twins(), cmdclass={"build_ext": BuildTwins, "sdist": ReproducibleSdist})

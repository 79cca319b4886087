"""Cross-builds the wheel for Linux on aarch64, and uses it under qemu.

The compiler is zig's, which comes with pip. Python's headers are those of the Python that the
wheel is for: Debian's, whose packages for arm64 are unpacked into a folder of what is kept, and
which qemu runs there. Nothing is installed into this system but qemu-user-static, and of its
package lists only a copy gets another machine's.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from installing import CannotRun, say
from wheel_contents import wrong_with_wheel
from wheel_workshop import Workshop

#: Which Python Debian has, and its packages; apt-get finds what they need.
PYTHON: Final = "3.11"
PACKAGES: Final = ("python3.11", "libpython3.11-dev", "ca-certificates")
TRIPLET: Final = "aarch64-linux-gnu"
#: The oldest C library that the wheel is for.
GLIBC: Final = "2.17"
SUFFIX: Final = f".cpython-311-{TRIPLET}.so"


def check_aarch64(work: Workshop, source: Path) -> list[str]:
    """Build from an unpacked sdist, look at it, and use it; give what is wrong."""
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        raise CannotRun("the wheel for aarch64 is made on Debian")
    if work.facts()["version"] != PYTHON.replace(".", ""):
        raise CannotRun(f"the wheel for aarch64 is made by Python {PYTHON}, as Debian's is")
    qemu = _qemu(work)
    system = work.installed("aarch64", lambda folder, whole: _unpack_python(work, folder, whole))
    wheel = work.repair(_build(work, source, system), "repaired-for-aarch64")
    say(f"--- aarch64: {wheel.name}, {wheel.stat().st_size} bytes")
    tag = r"cp311-cp311-manylinux(_2_17|2014)_aarch64"
    wrong = wrong_with_wheel(wheel, source, tag, SUFFIX)
    libraries = work.folder / "for-aarch64"
    _install(work, libraries, wheel)
    python = [qemu, "-L", str(system), str(system / "usr" / "bin" / f"python{PYTHON}")]
    script = (
        "import platform, sys, aioclient; "
        "print(platform.machine(), aioclient.extensions_active(), aioclient.__file__)"
    )
    environment = {"PYTHONPATH": str(libraries)}
    output = work.run([*python, "-P", "-c", script], source / "tests", environment)
    say(output)
    if not output.startswith("aarch64 True"):
        wrong.append(f"under qemu it says {output!r}")
    tests = source.parent / "tests-for-aarch64"
    for name in ("tests", "tools", "vendor"):
        shutil.copytree(source / name, tests / name)
    shutil.copy(source / "pyproject.toml", tests)
    part = ["tests/twins", "--ignore=tests/twins/test_shape.py"]
    command = [*python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *part]
    environment["AIOCLIENT_TEST_TWINS"] = "compiled"
    say(work.run(command, tests, environment).splitlines()[-1])
    return wrong


def _qemu(work: Workshop) -> str:
    name = "qemu-aarch64-static"
    if shutil.which(name) is None:
        if os.geteuid() != 0:
            raise CannotRun(f"there is no {name}, and only root can install it")
        say("Installing qemu-user-static ...")
        work.install(["apt-get", "update", "-qq"])
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        work.install([*command, "qemu-user-static"])
    return shutil.which(name) or name


def _unpack_python(work: Workshop, folder: Path, whole: Path) -> None:
    """Unpack Debian's packages for arm64; none of their programs runs for that."""
    say(f"Unpacking Python {PYTHON} for aarch64 ...")
    state, cache = folder / "state", folder / "cache"
    for path in (state / "lists" / "partial", cache / "archives" / "partial", whole):
        path.mkdir(parents=True)
    (state / "status").touch()  # nothing is installed there, so that apt-get gets all of it
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Dir::State": str(state),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(cache),
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    work.install([*apt, "update"])
    install = [*apt, "install", "-y", "--no-install-recommends", "--download-only"]
    work.install([*install, *PACKAGES])
    for package in sorted((cache / "archives").glob("*.deb")):
        work.install(["dpkg-deb", "-x", str(package), str(whole)])


def _build(work: Workshop, source: Path, system: Path) -> Path:
    compiler = f"{work.tool_python()} -m ziglang cc -target {TRIPLET}.{GLIBC}"
    # Python's headers, but not the C library's beside them, of which zig has its own.
    headers = system / "usr" / "include"
    found = work.folder / "headers-for-aarch64"
    (found / TRIPLET).mkdir(parents=True)
    (found / TRIPLET / f"python{PYTHON}").symlink_to(headers / TRIPLET / f"python{PYTHON}")
    flags = f"-g0 -DNDEBUG -I{headers / f'python{PYTHON}'} -I{found}"
    return work.build_wheel(
        source,
        "wheel-for-aarch64",
        _PYTHON_HOST_PLATFORM="linux-aarch64",
        SETUPTOOLS_EXT_SUFFIX=SUFFIX,
        CC=compiler,
        LDSHARED=f"{compiler} -shared",
        CFLAGS=flags,
    )


def _install(work: Workshop, libraries: Path, wheel: Path) -> None:
    """Install the wheel, and what it and the tests need, for another machine than this."""
    platforms = ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "manylinux_2_28_aarch64")
    work.install(
        [
            *(str(work.tool_python()), "-m", "pip", "install", "-q", "--target", str(libraries)),
            *("--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"),
            *(word for platform in platforms for word in ("--platform", platform)),
            *(str(wheel), *work.wheel_tests()),
        ]
    )

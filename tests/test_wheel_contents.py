"""The look into wheels sees what must not be in them, and what is missing."""

import io
import tarfile
import zipfile

import pytest
from wheel_contents import NEEDED_IN_SDIST, wrong_with_sdist, wrong_with_wheel

SUFFIX = ".cpython-313-x86_64-linux-gnu.so"
TAG = r"cp313-cp313-manylinux_2_\d+_x86_64"
BINARY = f"aioclient/parser_c{SUFFIX}"
WHEEL = "aioclient_http-1.dist-info/WHEEL"
GOOD = {
    "aioclient/__init__.py": b"",
    "aioclient/py.typed": b"",
    "aioclient/parser_c.pyi": b"",
    BINARY: b"\x7fELF aioclient/parser_c.pyx",
    WHEEL: b"Root-Is-Purelib: false\nTag: cp313-cp313-manylinux_2_17_x86_64\n",
}


@pytest.fixture
def source(tmp_path):
    """A source tree with one twin."""
    package = tmp_path / "source" / "aioclient"
    package.mkdir(parents=True)
    for name in ("__init__.py", "py.typed", "parser_c.pyi", "parser_c.pyx"):
        (package / name).touch()
    return package.parent


@pytest.fixture
def look(tmp_path, source):
    """What is wrong with a wheel of these files."""

    def look(files, tag=TAG, suffix=SUFFIX):
        path = tmp_path / "one.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for name, data in files.items():
                wheel.writestr(name, data)
        return wrong_with_wheel(path, source, tag, suffix)

    return look


def test_good_wheel_is_good(look):
    assert look(GOOD) == []


def test_pure_wheel_is_good_without_binaries(look):
    pure = {name: data for name, data in GOOD.items() if name != BINARY}
    pure[WHEEL] = b"Root-Is-Purelib: true\nTag: py3-none-any\n"
    assert look(pure, "py3-none-any", None) == []


@pytest.mark.parametrize("name", ["aioclient/parser_c.pyx", "aioclient/parser_c.c", "tests/a.py"])
def test_what_no_program_needs_is_not_in_it(look, name):
    assert f"{name} is in it" in look({**GOOD, name: b""})


@pytest.mark.parametrize("name", ["aioclient/py.typed", "aioclient/parser_c.pyi", BINARY])
def test_what_is_missing_is_seen(look, name):
    files = {**GOOD}
    del files[name]
    assert look(files) == [f"{name} is missing"]


def test_twin_of_another_python_is_seen(look):
    other = "aioclient/parser_c.cpython-312-x86_64-linux-gnu.so"
    assert f"{other} is not of the source" in look({**GOOD, other: b""})


def test_wheel_of_one_linux_only_is_seen(look):
    local = b"Root-Is-Purelib: false\nTag: cp313-cp313-linux_x86_64\n"
    assert look({**GOOD, WHEEL: local}) == [f"its tag is cp313-cp313-linux_x86_64, not {TAG}"]


@pytest.mark.parametrize(
    "path",
    [b"/home/me/aioclient/x.c", b"/tmp/build-1/x.c", b"/Users/me/x.c", b"C:\\work\\x.c"],
)
def test_path_of_where_it_was_built_is_seen(look, path):
    (wrong,) = look({**GOOD, BINARY: b"\x7fELF\0" + path + b"\0"})
    assert "speaks of" in wrong


def test_binary_that_is_not_stripped_is_seen(look):
    (wrong,) = look({**GOOD, BINARY: b"\x7fELF\0.text\0.symtab\0"})
    assert ".symtab" in wrong


def test_sdist_has_what_tests_and_builds_need_and_nothing_that_was_built(tmp_path):
    path = tmp_path / "one.tar.gz"
    built = "aioclient/_http1/parser_c.c"
    with tarfile.open(path, "w:gz") as archive:
        for name in (*NEEDED_IN_SDIST[1:], built):
            archive.addfile(tarfile.TarInfo(f"one-1/{name}"), io.BytesIO())
    assert wrong_with_sdist(path) == ["LICENSE is missing", f"{built} is in it"]

"""The package as a whole: its names, its version, and which twins its doors choose."""

import importlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
import tomllib
from pathlib import Path

import pytest

import aioclient
from aioclient._pages import PAGES

ROOT = Path(__file__).resolve().parent.parent
DOORS = {
    "aioclient._cookies.quote": ["is_quoted", "quote_value", "unquote_value"],
    "aioclient._http.fields": ["raw_pairs", "to_multidict"],
    "aioclient._http1.head_writer": ["write_field_lines", "write_request_head"],
    "aioclient._http1.parser": ["ResponseParser"],
}


def run_python(script, *options, extensions=True):
    """What a script prints in a process of its own, with the package that is tested here."""
    environment = {name: v for name, v in os.environ.items() if name != "AIOCLIENT_NO_EXTENSIONS"}
    environment["PYTHONPATH"] = str(Path(aioclient.__file__).parent.parent)
    if not extensions:
        environment["AIOCLIENT_NO_EXTENSIONS"] = "1"
    command = [sys.executable, "-W", "error", *options, "-c", textwrap.dedent(script)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", aioclient.__all__)
def test_public_name_is_there(name):
    assert getattr(aioclient, name) is not None


def test_public_names_are_listed_once():
    assert len(set(aioclient.__all__)) == len(aioclient.__all__)


def test_public_names_are_all_there_are():
    public = {name for name in dir(aioclient) if not name.startswith("_")}
    modules = {name for name in public if f"aioclient.{name}" in sys.modules} | PAGES
    assert public - modules == set(aioclient.__all__) - modules - {"__version__"}


def test_timing_is_loaded_by_nobody_else():
    run_python("""
        import sys, aioclient
        assert aioclient.TraceConfig
        assert "aioclient.timing" not in sys.modules
        import aioclient.timing
        for name in aioclient.timing.__all__:
            assert getattr(aioclient.timing, name)
    """)


def test_names_that_are_rarely_needed_are_loaded_late():
    script = """
        import sys, aioclient
        assert "aioclient._message.stream_reader" not in sys.modules
        assert aioclient.StreamReader is aioclient.StreamReader
        assert "StreamReader" in dir(aioclient)
        print(aioclient.StreamReader.__module__)
    """
    assert run_python(script) == "aioclient._message.stream_reader\n"


def test_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'aioclient' has no attribute 'Nothing'"):
        _ = aioclient.Nothing


def test_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    module, _, name = project["tool"]["setuptools"]["dynamic"]["version"]["attr"].rpartition(".")
    assert getattr(importlib.import_module(module), name) == aioclient.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?(a|b|rc|dev|post)\d+)*", aioclient.__version__)


def test_version_is_that_of_the_installation():
    try:
        installed = importlib.metadata.version("aioclient-http")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed here, only found")
    assert installed == aioclient.__version__


def test_types_are_published():
    assert (Path(aioclient.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("door", DOORS)
def test_door_chooses_the_twins_that_are_active(door):
    module = importlib.import_module(door)
    assert sorted(module.__all__) == sorted(DOORS[door])
    ending = "_c" if aioclient.extensions_active() else "_py"
    for name in DOORS[door]:
        assert getattr(module, name).__module__ == door + ending


WHICH_TWINS = f"""
    import importlib, sys
    import aioclient
    print(aioclient.extensions_active(), aioclient._speedups.COMPILED_ALLOWED)
    for door, names in {DOORS!r}.items():
        for name in names:
            print(getattr(importlib.import_module(door), name).__module__.rpartition("_")[2])
    print([name for name in sys.modules if name.startswith("aioclient.") and name.endswith("_c")])
"""


def test_doors_choose_the_python_twins_where_extensions_are_not_wanted():
    lines = run_python(WHICH_TWINS, extensions=False).splitlines()
    assert lines == ["False False", *["py"] * sum(map(len, DOORS.values())), "[]"]


def test_doors_choose_one_kind_of_twin_otherwise():
    first, *twins, _ = run_python(WHICH_TWINS).splitlines()
    assert first in ("True True", "False True")
    assert twins == ["c" if first == "True True" else "py"] * sum(map(len, DOORS.values()))


def test_empty_wish_for_no_extensions_is_none(monkeypatch):
    monkeypatch.setenv("AIOCLIENT_NO_EXTENSIONS", "")
    script = """
        import os
        os.environ["AIOCLIENT_NO_EXTENSIONS"] = ""
        import aioclient
        print(aioclient._speedups.COMPILED_ALLOWED)
    """
    assert run_python(script) == "True\n"


@pytest.mark.parametrize("extensions", [True, False])
def test_parser_does_not_depend_on_asserts(extensions):
    script = """
        from aioclient._http1.parser import ResponseParser
        from aioclient._http1.head_writer import write_field_lines

        def events(data):
            parser = ResponseParser()
            parser.start("GET")
            return parser.feed(data) + parser.feed_eof()

        start = b"HTTP/1.1 200 OK\\r\\n"
        for data in (
            start + b"Content-Length: 2\\r\\n\\r\\nok",
            start + b"Transfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok\\r\\n0\\r\\n\\r\\n",
            start + b"Content-Length: 2\\r\\nContent-Length: 3\\r\\n\\r\\nok",
            start + b"X : y\\r\\n\\r\\n",
            start + b"Transfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok!!",
            start + b"Content-Length: 3\\r\\n\\r\\nok",
            b"HTTP/2.0 200 OK\\r\\n\\r\\n",
        ):
            print(*(type(event).__name__ for event in events(data)))
        try:
            write_field_lines([("A", "b\\r\\nC: d")])
        except ValueError:
            print("refused")
    """
    assert run_python(script, "-O", extensions=extensions).splitlines() == [
        "ResponseHead bytes EndOfMessage",
        "ResponseHead bytes ChunkEnds EndOfMessage",
        "ServerProtocolError",
        "ServerProtocolError",
        "ResponseHead bytes ChunkEnds ClientPayloadError",
        "ResponseHead bytes ClientPayloadError",
        "ServerProtocolError",
        "refused",
    ]


def kinds_in_interpreters(*, extensions=True):
    """Were the twins compiled in the main interpreter, and in others that ran beside it?"""
    support = str(Path(__file__).parent / "support")
    script = f"import sys; sys.path.insert(0, {support!r}); import twins_in_interpreters as twins"
    lines = run_python(f"{script}; twins.main()", extensions=extensions).splitlines()
    return sorted(lines)


def test_subinterpreters_have_twins_of_their_own():
    is_compiled = importlib.util.find_spec("aioclient._http1.parser_c") is not None
    has_gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
    main, others = [str(is_compiled)] * 2, [str(is_compiled and has_gil)] * 6
    assert kinds_in_interpreters() == sorted(main + others)


def test_subinterpreters_have_python_twins_if_asked():
    assert kinds_in_interpreters(extensions=False) == ["False"] * 8

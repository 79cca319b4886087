"""Looks at the aioclient that is installed: `python -P tools/installed.py {compiled|python}`.

Says what it found, and gives exit status 1 if something is not as it should be:

- All twins are compiled, or none is, as the argument says, and AIOCLIENT_NO_EXTENSIONS is not what
  decided that.
- On a Python that can do without its GIL, it is off, and all twins leave it off.
- The package works in a sub-interpreter, which since Python 3.12 has a GIL of its own: with the
  same kind of twins, or with those of Python where there is no GIL.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
import threading
from pathlib import Path

import aioclient

TWINS = (
    "aioclient._cookies.quote_c",
    "aioclient._http.fields_c",
    "aioclient._http1.head_writer_c",
    "aioclient._http1.parser_c",
    "aioclient._websocket.reader_c",
    "aioclient._websocket.writer_c",
)
IN_SUBINTERPRETER = """
import sys
sys.path[:] = {path!r}
import aioclient
from aioclient._http1.parser import ResponseParser
parser = ResponseParser()
parser.start("GET")
events = parser.feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
assert [type(event).__name__ for event in events] == ["ResponseHead", "bytes", "EndOfMessage"]
kind = "compiled" if ResponseParser.__module__.endswith("_c") else "python"
assert kind == {wanted!r}, f"the twins are: {{kind}}"
"""


def main(wanted: str) -> int:
    """Look at everything; say what is wrong."""
    folder = Path(aioclient.__file__).parent
    print(f"aioclient {aioclient.__version__} in {folder}, Python {sys.version}", flush=True)
    wrong = [*check_place(folder), *check_twins(folder, wanted), *check_gil()]
    wrong += check_isolated(wanted)
    for line in wrong:
        print(f"WRONG: {line}", flush=True)
    return 1 if wrong else 0


def check_place(folder: Path) -> list[str]:
    """Is this what was installed, and not a folder where somebody stands?"""
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    if folder.parent.resolve() in installed:
        return []
    return [f"{folder} is not where packages are installed"]


def check_twins(folder: Path, wanted: str) -> list[str]:
    """Are all twins compiled, or none?"""
    if os.environ.get("AIOCLIENT_NO_EXTENSIONS"):
        return ["AIOCLIENT_NO_EXTENSIONS is set, which hides what there is"]
    binaries = sorted(path.name for path in folder.rglob("*") if path.suffix in (".so", ".pyd"))
    print(f"Twins: {', '.join(binaries) or 'of Python only'}", flush=True)
    if wanted == "python":
        found = [name for name in TWINS if importlib.util.find_spec(name) is not None]
        active = aioclient.extensions_active()
        return [f"there are compiled twins: {found or active}"] if found or active else []
    wrong = []
    for name in TWINS:
        module = importlib.import_module(name)
        if not isinstance(module.__loader__, importlib.machinery.ExtensionFileLoader):
            wrong.append(f"{name} is not compiled but {module.__file__}")
    if not aioclient.extensions_active():
        wrong.append("extensions_active() says no")
    return wrong


def check_gil() -> list[str]:
    """Is the GIL off, if it can be, now that all twins are loaded?"""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return []
    is_enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"Free-threaded; the GIL is {'on' if is_enabled else 'off'}", flush=True)
    if is_enabled and "PYTHON_GIL" not in os.environ:
        return ["a module switched the GIL on"]
    return []


def check_isolated(wanted: str) -> list[str]:
    """Does the package work in a sub-interpreter, which since Python 3.12 has its own GIL?"""
    names = ("_interpreters", "_xxsubinterpreters")  # the second until 3.12
    name = next(name for name in names if importlib.util.find_spec(name) is not None)
    interpreters = importlib.import_module(name)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        wanted = "python"
    script = IN_SUBINTERPRETER.format(path=sys.path, wanted=wanted)
    failures: list[str] = []

    def run() -> None:
        own = interpreters.create()
        try:
            failure = interpreters.run_string(own, script)
        except Exception as error:  # 3.12 raises what 3.13 gives
            failure = error
        interpreters.destroy(own)
        if failure is None:
            print(f"In a sub-interpreter: {wanted} twins", flush=True)
        else:
            failures.append(f"sub-interpreter: {getattr(failure, 'formatted', failure)}")

    for _ in range(2):  # the second finds what the first left behind
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""Checks the types that programs see, in an aioclient that was installed from a wheel.

    python3 tools/check_types.py

The wheel is built, with the compiled twins, from a copy of the checkout, and installed with the
checkers and with what the examples import into `.venv-types`, which is kept for the next run.
There, and on copies of what is checked, so that nothing of the checkout is imported:

- pyright's `--verifytypes`: every name of the public interface has a type that is written down, and
  a docstring. Types of yarl and multidict are left out: those are theirs.
- stubtest: the stubs of the compiled twins are what the compiled modules are. It has nothing to say
  of the rest, where types are in the Python code itself.
- mypy and pyright, both strict, on tests/typing, where both have to need each `type: ignore`.
- mypy, strict, and pyright on the examples.
- completion: an editor offers the options of `ClientSession.get` and `ws_connect`.

pyright runs on node, which its package brings when it is started first. Exit status: 0 if all is
well, 1 if something is not, or cannot be checked.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import dev

ROOT: Final = dev.ROOT
#: Of the extra `dev`: the checkers, and what examples import.
PACKAGES: Final = ("distributed", "mypy", "opentelemetry-sdk", "pyright", "pytest", "trustme")
EXTRAS: Final = ("cli", "dns", "otel", "socks", "testing")
#: What Cython adds to modules and classes, what they import, and a class for the parser's own use.
NOT_IN_STUBS: Final = r"""
.*\.__(test|reduce_cython|setstate_cython)__
aioclient\..*_c\.[A-Z_]+
aioclient\._http1\.parser_c\.SingledOut
"""
PYRIGHT: Final = {
    "include": ["suite", "examples"],
    "strict": ["suite"],  # in the examples are packages that are not fully typed
    "reportUnnecessaryTypeIgnoreComment": "error",
}
#: How long the language server may take to end.
END_S: Final = 10
#: Where an editor completes, and some of what it has to offer.
COMPLETED: Final = (
    ("session.get('https://a/', ", {"params", "headers", "json", "timeout", "max_body_size"}),
    ("session.ws_connect('wss://a/', ", {"protocols", "heartbeat", "max_msg_size", "proxy"}),
)


def main() -> int:
    """Install, check, and tell."""
    venv = dev.Venv("types", EXTRAS, packages())
    compiled = venv.prepare(sources(), editable=False)
    with tempfile.TemporaryDirectory(prefix="aioclient-types-") as name:
        room = Room(venv, Path(name).resolve())
        if room.run(venv.script("pyright", "--version"))[0] != 0:  # it may fetch node meanwhile
            raise dev.SetupFailed("pyright does not run here")
        checks: list[tuple[str, Callable[[Room], bool]]] = [
            ("pyright --verifytypes", verify_types),
            ("mypy on tests/typing", lambda room: mypy(room, "suite")),
            ("mypy on examples", lambda room: mypy(room, "examples")),
            ("pyright on both", pyright),
            ("completion", complete),
        ]
        if compiled:
            checks.append(("stubtest", stubtest))
        failed = [title for title, check in checks if not announced(title, check, room)]
    if not compiled:
        dev.say("stubtest NOT RUN: the compiled twins were not built")
    if failed:
        dev.say(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def packages() -> list[str]:
    """What is installed beside aioclient, as the extra `dev` has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted: list[str] = project["optional-dependencies"]["dev"]
    found = [each for each in wanted if each.partition(">")[0] in PACKAGES]
    if len(found) != len(PACKAGES):
        raise dev.SetupFailed(f"of {', '.join(PACKAGES)}, only {found} are in the extra dev")
    return found


def sources() -> list[Path]:
    """What the installation is made of."""
    package = sorted(path for end in ("py", "pyi") for path in ROOT.glob(f"aioclient/**/*.{end}"))
    return [*dev.build_sources(), *package]


class Room:
    """A folder with copies of what is checked, and the environment to check it in."""

    def __init__(self, venv: dev.Venv, folder: Path) -> None:
        self.venv = venv
        self.folder = folder
        # A folder named `typing` would hide the module.
        shutil.copytree(ROOT / "tests" / "typing", folder / "suite")
        shutil.copytree(ROOT / "examples", folder / "examples")
        if sys.version_info >= (3, 15):
            dev.say("crawl_with_dask.py is NOT CHECKED: there is no dask for this Python")
            (folder / "examples" / "crawl_with_dask.py").unlink()
        (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT))
        # Its Python is found as that of an environment that was activated.
        bin_folder = str(Path(venv.python()[0]).parent)
        path = os.pathsep.join((bin_folder, os.environ.get("PATH", os.defpath)))
        self.environment = {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
        for name in ("AIOCLIENT_NO_EXTENSIONS", "PYTHONPATH", "MYPYPATH"):
            self.environment.pop(name, None)

    def files(self, folder: str) -> list[str]:
        """The Python files of one of its folders."""
        return sorted(
            str(path.relative_to(self.folder)) for path in self.folder.glob(f"{folder}/*.py")
        )

    def run(self, command: list[str], *, quiet: bool = False) -> tuple[int, str]:
        """Run a command there; its exit status, and what it wrote, if that is not to be shown."""
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            encoding="utf-8",
        )
        return done.returncode, done.stdout or ""


def announced(title: str, check: Callable[[Room], bool], room: Room) -> bool:
    """Run one check under its name."""
    dev.say(f"--- {title}")
    return check(room)


def verify_types(room: Room) -> bool:
    """Is every public name typed and documented?"""
    command = room.venv.script("pyright", "--verifytypes", "aioclient", "--ignoreexternal")
    _, output = room.run([*command, "--outputjson"], quiet=True)
    try:
        report = json.loads(output)["typeCompleteness"]
    except (ValueError, KeyError):
        dev.say(output.strip() or "pyright said nothing")
        return False
    complaints = []
    for symbol in report["symbols"]:
        complaints += [
            f"{symbol['name']}: {each['message']}"
            for each in symbol["diagnostics"]
            if not is_foreign(each)
        ]
    for each in complaints:
        dev.say(each)
    counts = report["exportedSymbolCounts"]
    dev.say(f"{report['completenessScore']:.1%} of {sum(counts.values())} public names have types")
    return not complaints and report["completenessScore"] == 1


def is_foreign(complaint: dict[str, Any]) -> bool:
    """Is it that something of another package, which is shown here, has no docstring?"""
    if "docstring" not in complaint["message"]:
        return False
    return "aioclient" not in Path(complaint.get("file", "")).parts


def mypy(room: Room, folder: str) -> bool:
    """Does mypy find nothing?"""
    options = ("--strict", "--config-file", str(ROOT / "pyproject.toml"))
    return room.run(room.venv.python("-m", "mypy", *options, *room.files(folder)))[0] == 0


def pyright(room: Room) -> bool:
    """Does pyright find nothing?"""
    return room.run(room.venv.script("pyright"))[0] == 0


def stubtest(room: Room) -> bool:
    """Are the compiled twins what their stubs say?"""
    stubs = sorted(ROOT.glob("aioclient/**/*_c.pyi"))
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in stubs]
    allowed = room.folder / "allowed.txt"
    allowed.write_text(NOT_IN_STUBS)
    # Which classes can be bases of one is said in stubs only since mypy 1.18.
    options = ("--allowlist", str(allowed), "--ignore-unused-allowlist", "--ignore-disjoint-bases")
    return room.run(room.venv.python("-m", "mypy.stubtest", *options, *modules))[0] == 0


# --- as an editor asks ----------------------------------------------------------------------------


def complete(room: Room) -> bool:
    """Are the options offered where a call is being written?"""
    good = True
    with language_server(room) as server:
        for written, wanted in COMPLETED:
            offered = server.complete(written)
            missing = wanted - offered
            if missing:
                dev.say(f"after {written!r} nothing is offered by {', '.join(sorted(missing))}")
                good = False
    return good


class LanguageServer:
    """pyright as editors talk to it (the Language Server Protocol, over pipes)."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._process = process
        self._uri = folder.as_uri()
        self._sent = 0

    def start(self) -> None:
        """Open the folder."""
        self._ask(
            "initialize",
            processId=None,
            rootUri=self._uri,
            capabilities={},
            workspaceFolders=[{"uri": self._uri, "name": "checked"}],
        )
        self._send({"method": "initialized", "params": {}})

    def stop(self) -> None:
        """Let it end: itself, or not at all politely."""
        with contextlib.suppress(OSError, dev.SetupFailed):
            self._ask("shutdown")
            self._send({"method": "exit"})
        try:
            self._process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def complete(self, written: str) -> set[str]:
        """Which names of arguments are offered at the end of a line of a program."""
        lines = ["import aioclient", "", "", "async def f(session: aioclient.ClientSession):"]
        line = f"    await {written}"
        uri = f"{self._uri}/completed_{self._sent}.py"
        text = "\n".join([*lines, line])
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        found = self._ask(
            "textDocument/completion",
            textDocument={"uri": uri},
            position={"line": len(lines), "character": len(line)},
        )
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"].removesuffix("=") for item in items if item["label"].endswith("=")}

    def _ask(self, method: str, **params: object) -> Any:
        """Send a request and give what is answered to it; what the server asks, gets nothing."""
        self._sent += 1
        self._send({"id": self._sent, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._sent and "method" not in message:
                return message.get("result")
            if "method" in message and "id" in message:
                is_of_settings = message["method"] == "workspace/configuration"
                nothing: object = [{}] if is_of_settings else None
                self._send({"id": message["id"], "result": nothing})

    def _send(self, message: dict[str, object]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not line:
            raise dev.SetupFailed("pyright-langserver has ended")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


@contextlib.contextmanager
def language_server(room: Room) -> Iterator[LanguageServer]:
    """One that is ready, and ends with the block."""
    with subprocess.Popen(
        room.venv.script("pyright-langserver", "--stdio"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it writes down what it does
        cwd=room.folder,
        env=room.environment,
    ) as process:
        server = LanguageServer(process, room.folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except dev.SetupFailed as failure:
        sys.exit(f"check_types.py: {failure}")

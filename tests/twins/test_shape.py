"""The twins of a pair look the same from outside: names, signatures, annotations."""

import ast
import importlib
import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import aioclient

PACKAGE = Path(aioclient.__file__).parent
SOURCES = sorted(PACKAGE.glob("**/*_c.pyx"))
PAIRS = [".".join(path.relative_to(PACKAGE).with_suffix("").parts)[:-2] for path in SOURCES]


def file_of(pair, ending):
    return PACKAGE / f"{pair.replace('.', '/')}{ending}"


def public_names(pair):
    return importlib.import_module(f"aioclient.{pair}").__all__


def declared(path):
    """Name -> parameters and result of what a source defines, defaults as `...`."""
    found = {}

    def visit(node, prefix):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and (
                not item.name.startswith("_") or item.name == "__init__"
            ):
                arguments = item.args
                arguments.defaults = [ast.Constant(...) for _ in arguments.defaults]
                arguments.kw_defaults = [d and ast.Constant(...) for d in arguments.kw_defaults]
                found[prefix + item.name] = (
                    [ast.unparse(decorator) for decorator in item.decorator_list],
                    ast.unparse(arguments),
                    ast.unparse(item.returns) if item.returns else None,
                )
            elif isinstance(item, ast.ClassDef):
                visit(item, f"{prefix}{item.name}.")

    visit(ast.parse(path.read_text("utf-8")), "")
    return found


def test_pairs_are_those_that_the_package_counts():
    assert PAIRS
    for pair in PAIRS:
        assert f"aioclient.{pair}_c" in (PACKAGE / "_speedups.py").read_text("utf-8")


@pytest.mark.parametrize("pair", PAIRS)
def test_pair_has_all_its_files(pair):
    for ending in (".py", "_py.py", "_c.pyx", "_c.pyi"):
        assert file_of(pair, ending).exists()


@pytest.mark.parametrize("pair", PAIRS)
def test_each_twin_has_the_names_of_the_door(pair, kind, twin):
    module = twin(pair, kind)
    for name in public_names(pair):
        assert getattr(module, name).__module__ == module.__name__


@pytest.mark.parametrize("pair", PAIRS)
def test_stub_of_the_compiled_twin_says_what_the_python_twin_does(pair):
    stub = declared(file_of(pair, "_c.pyi"))
    source = declared(file_of(pair, "_py.py"))
    assert {name.partition(".")[0] for name in stub} == set(public_names(pair))
    assert stub == {
        name: shape for name, shape in source.items() if name.split(".")[0] in public_names(pair)
    }


@pytest.mark.parametrize("pair", PAIRS)
def test_compiled_twin_takes_the_same_arguments(pair, twin):
    compiled, python = twin(pair, "compiled"), twin(pair, "python")
    for name in public_names(pair):
        ours, theirs = getattr(compiled, name), getattr(python, name)
        assert inspect.isclass(ours) is inspect.isclass(theirs)
        for method in methods(theirs) if inspect.isclass(theirs) else [None]:
            shapes = [
                [(p.name, p.kind, p.default is p.empty) for p in parameters(thing, method)]
                for thing in (ours, theirs)
            ]
            assert shapes[0] == shapes[1], (name, method)


def methods(owner):
    return [n for n, v in vars(owner).items() if not n.startswith("_") and inspect.isfunction(v)]


def parameters(thing, method):
    return inspect.signature(getattr(thing, method) if method else thing).parameters.values()


@pytest.mark.parametrize("pair", PAIRS)
def test_classes_of_both_twins_have_the_same_public_attributes(pair, twin):
    compiled, python = twin(pair, "compiled"), twin(pair, "python")
    for name in filter(lambda name: inspect.isclass(getattr(python, name)), public_names(pair)):
        shapes = [
            {attribute for attribute in dir(getattr(module, name)) if attribute[0] != "_"}
            for module in (compiled, python)
        ]
        assert shapes[0] == shapes[1]


@pytest.mark.skipif(
    os.environ.get("AIOCLIENT_TEST_TWINS") == "python", reason="done with the compiled twins"
)
def test_stubs_agree_with_what_was_compiled(twin, tmp_path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    modules = [twin(pair, "compiled").__name__ for pair in PAIRS]
    # That a compiled class cannot be mixed with another is nothing that a stub needs to say.
    allowed = tmp_path / "allowed"
    allowed.write_text(
        "aioclient._http1.parser_c.ResponseParser\n"
        "aioclient._websocket.reader_c.FrameReader\n"
        "aioclient._websocket.writer_c.FrameWriter\n"
    )
    options = ["--ignore-missing-stub", "--ignore-unused-allowlist", "--allowlist", str(allowed)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", *options, *modules],
        check=False,
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr

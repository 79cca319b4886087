"""What is built and shipped agrees with what the project says of itself."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
#: The first Python that is shipped without its GIL, too.
FREE_THREADED_SINCE = 14


def supported():
    """The minor versions of Python 3 that the classifiers name."""
    found = re.findall(
        r"^Programming Language :: Python :: 3\.(\d+)$",
        "\n".join(PROJECT["project"]["classifiers"]),
        re.MULTILINE,
    )
    return sorted(map(int, found))


def builds():
    """For each supported Python what cibuildwheel calls it."""
    plain = [f"cp3{minor}" for minor in supported()]
    return sorted(plain + [f"cp3{minor}t" for minor in supported() if minor >= FREE_THREADED_SINCE])


def matrix(workflow, key):
    """The values of the first matrix in a workflow that has the key."""
    text = (ROOT / ".github" / "workflows" / workflow).read_text("utf-8")
    (values,) = re.findall(rf"^ +{key}: \[(.*)\]$", text, re.MULTILINE)[:1]
    return [value.strip(' "') for value in values.split(",")]


def test_wheels_are_built_for_every_python_that_is_supported():
    assert sorted(PROJECT["tool"]["cibuildwheel"]["build"]) == [f"{name}-*" for name in builds()]
    assert sorted(matrix("wheels.yml", "python")) == builds()


def test_supported_pythons_have_no_gap_and_begin_where_installation_is_allowed():
    minors = supported()
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert PROJECT["project"]["requires-python"] == f">=3.{minors[0]}"


def test_tests_run_with_every_python_that_is_supported():
    assert matrix("checks.yml", "python") == [f"3.{minor}" for minor in supported()]


def test_wheels_are_never_built_or_tested_without_the_compiled_twins():
    settings = PROJECT["tool"]["cibuildwheel"]
    environments = [settings["environment"], settings["test-environment"]]
    environments += [settings[name]["environment"] for name in ("linux", "macos", "windows")]
    assert [one["AIOCLIENT_BUILD_EXTENSIONS"] for one in environments] == ["yes"] * 5
    assert "--twins compiled" in settings["test-command"]


def test_every_package_of_the_source_is_installed():
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in ROOT.glob("aioclient/**/__init__.py")
    }
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(packages)
    folders = {path.parent for path in ROOT.glob("aioclient/**/*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_every_compiled_twin_is_looked_for():
    spec = importlib.util.spec_from_file_location("installed", ROOT / "tools" / "installed.py")
    installed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(installed)
    twins = sorted(ROOT.glob("aioclient/**/*_c.pyx"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in twins]
    assert sorted(installed.TWINS) == names
    asked_for = (ROOT / "aioclient" / "_speedups.py").read_text("utf-8")
    assert re.findall(r'^    "(aioclient\..*_c)",$', asked_for, re.MULTILINE) == names
    assert all(twin.with_suffix(".pyi").exists() for twin in twins)


def test_groups_name_no_package_that_the_project_does_not():
    """So that a lower bound is not raised in one place only."""
    project = PROJECT["project"]
    known = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    assert set(PROJECT["dependency-groups"]["wheel-tests"]) <= known


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_nothing_but_what_a_job_asks_for(path):
    assert re.search(r"^permissions: \{\}$", path.read_text("utf-8"), re.MULTILINE)


def test_actions_are_pinned_by_hash_and_each_by_one():
    pins = {}
    for path in WORKFLOWS:
        for action in re.findall(r"^ *(?:- )?uses: (.*)$", path.read_text("utf-8"), re.MULTILINE):
            pinned = re.fullmatch(r"([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", action)
            assert pinned, f"{path.name}: {action}"
            name = "/".join(pinned[1].split("/")[:2])
            pins.setdefault(name, set()).add(pinned[2])
    assert {name: len(hashes) for name, hashes in pins.items() if len(hashes) > 1} == {}
    assert "actions/checkout" in pins


def test_requirements_of_workflows_have_hashes():
    for path in ROOT.glob(".github/requirements/*.txt"):
        text = path.read_text("utf-8").replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines
        assert all("--hash=sha256:" in line for line in lines)

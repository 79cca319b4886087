"""Every row of the reference API: names, parameters and their defaults, behaviour, differences."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from reference import (
    ROOT,
    Call,
    Difference,
    Line,
    Missing,
    Names,
    Row,
    attributes_of,
    differences,
    faults_of,
    label,
    names_of_tests,
    resolved,
    section,
)

import aioclient

SECTIONS = sorted(Path(__file__).parent.glob("test_[0-9][0-9]_*.py"))


def rows(*kinds: type[Row]) -> list[Any]:
    """The rows of these kinds, each with its section."""
    return [
        pytest.param(path, row, id=f"{path.stem[5:7]}-{label(row)}")
        for path in SECTIONS
        for row in section(path).ROWS
        if isinstance(row, kinds)
    ]


def names_of(row: Names | Missing) -> list[str]:
    return row.names.split()


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "row"), rows(Call))
def test_call_takes_the_parameters_of_the_reference(path: Path, row: Call) -> None:
    assert faults_of(row) == []
    assert inspect.iscoroutinefunction(resolved(row.name)) is row.is_async


@pytest.mark.parametrize(("path", "row"), rows(Names))
def test_name_is_there(path: Path, row: Names) -> None:
    owner = resolved(row.owner)
    known = attributes_of(owner)
    assert [name for name in names_of(row) if name not in known] == []
    for name in row.settable.split():
        found = inspect.getattr_static(owner, name)
        assert not isinstance(found, property) or found.fset is not None


def test_every_name_at_the_top_can_be_had() -> None:
    assert [name for name in aioclient.__all__ if not hasattr(aioclient, name)] == []


# --- behaviour -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "row"), rows(Line))
def test_line_is_tested(path: Path, row: Line) -> None:
    assert row.tests.split()
    for test in row.tests.split():
        file, colons, name = test.rpartition("::")
        assert name in names_of_tests(ROOT / file if colons else path), f"no test {test}"


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_every_test_of_a_section_is_about_a_row(path: Path) -> None:
    lines = [row for row in section(path).ROWS if isinstance(row, Line)]
    named = {test for row in lines for test in row.tests.split()}
    assert names_of_tests(path) - named == set()


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_no_row_is_there_twice(path: Path) -> None:
    found = [repr(row) for row in section(path).ROWS]
    assert len(found) == len(set(found))


# --- differences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "row"), rows(Call, Line, Missing))
def test_difference_is_documented(path: Path, row: Call | Line | Missing) -> None:
    if isinstance(row, Call):
        words = [difference.words for difference in row.differs.values()]
    else:
        words = [row.differs if isinstance(row, Line) else row.words]
    known = differences()
    assert [some for some in words if " ".join(some.split()) not in known] == []


@pytest.mark.parametrize(("path", "row"), rows(Missing))
def test_name_that_will_not_come_is_missing(path: Path, row: Missing) -> None:
    owner = resolved(row.owner)
    assert [name for name in names_of(row) if hasattr(owner, name)] == []


def test_row_that_is_wrong_is_found() -> None:
    right = Call("ClientTimeout", "total=None, connect=None")
    assert faults_of(right) == []
    documented = Difference(None, "")
    for parameters, differs, fault in [
        ("connect=None", {}, "connect is not argument 0"),
        ("total=5", {}, "total is None, not 5"),
        ("total", {}, "total is None, not <class"),
        ("total=None, nonsense=None", {}, "nonsense is missing"),
        ("total=5", {"total": Difference(6, "")}, "total is None, not 6 as documented"),
        ("total=None", {"total": documented}, "total is not different"),
        ("total=None", {"connect": documented}, "connect is none of the reference"),
    ]:
        assert fault in faults_of(Call("ClientTimeout", parameters, differs))[0]

"""Names and parameters of the client, beside those of an aiohttp that is installed."""

import re
from collections.abc import Iterator

import aiohttp
import pytest
from beside_aiohttp import differences
from multidict import istr
from reference import ROOT

import aioclient

HEADING = "## Names and parameters\n"
#: What the table is about; of another version of aiohttp it need not be true.
VERSION = "3.14.5"

pytestmark = pytest.mark.skipif(
    aiohttp.__version__ != VERSION, reason=f"this is about aiohttp {VERSION}"
)


def documented() -> Iterator[tuple[str, str]]:
    """What docs/differences.md has in its table, as `differences` gives it."""
    text = (ROOT / "docs" / "differences.md").read_text()
    rows = text.partition(HEADING)[2].partition("\n## ")[0].splitlines()
    for row in rows:
        if not row.startswith("| `"):
            continue
        owners, names, here, why = (cell.strip() for cell in row.strip("|").split("|"))
        assert why
        for owner in re.findall("`([^`]+)`", owners):
            if not names:
                yield owner, here
            for name in re.findall("`([^`]+)`", names):
                is_call = owner.endswith("()")
                path = f"{owner.removesuffix('()')}({name})" if is_call else f"{owner}.{name}"
                yield path, here


def test_the_differences_are_those_that_are_documented() -> None:
    found, written = set(differences()), list(documented())
    assert len(written) == len(set(written))
    assert sorted(found - set(written)) == [], "not in docs/differences.md"
    assert sorted(set(written) - found) == [], "in docs/differences.md, but not so"


@pytest.mark.parametrize("name", sorted(set(aiohttp.hdrs.__dict__)))
def test_names_of_headers_are_the_same(name: str) -> None:
    if name.isupper():
        assert getattr(aioclient.hdrs, name) == getattr(aiohttp.hdrs, name)
        is_istr = isinstance(getattr(aiohttp.hdrs, name), istr)
        assert isinstance(getattr(aioclient.hdrs, name), istr) is is_istr

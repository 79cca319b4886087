"""Link header fields (RFC 8288)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from aioclient._message.links import parse_links

BASE = URL("http://example.com/a/b?c")


def links(value: str) -> list[tuple[str, dict[str, str]]]:
    """The links, their parameters as text."""
    found = parse_links(value, BASE)
    return [(rel, {name: str(v) for name, v in link.items()}) for rel, link in found.items()]


def there(path: str) -> str:
    return f"http://example.com{path}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("<d>", [("d", {"url": there("/a/d")})]),
        ("<>", [("", {"url": str(BASE)})]),
        ("< /d >;rel=next", [("next", {"rel": "next", "url": there("/d")})]),
        (
            '</2>; rel="next", </9>; rel="last"',
            [
                ("next", {"rel": "next", "url": there("/2")}),
                ("last", {"rel": "last", "url": there("/9")}),
            ],
        ),
        (
            "<https://other.example/x,y;z>; rel=next",
            [("next", {"rel": "next", "url": "https://other.example/x,y;z"})],
        ),
        (
            '<d> ; REL = "next" ; Title="a, <b>; \\"c\\"" ; foo',
            [
                (
                    "next",
                    {"rel": "next", "title": 'a, <b>; "c"', "foo": "", "url": there("/a/d")},
                )
            ],
        ),
        # Section 3.3: the first relation counts.
        ("<d>;rel=one;rel=two", [("one", {"rel": "one", "url": there("/a/d")})]),
        # What is malformed is passed over, and what follows is not.
        ("<d", []),
        ("d>, <e>", [("e", {"url": there("/a/e")})]),
        ("<http://[::1/>;rel=a, <e>;rel=b", [("b", {"rel": "b", "url": there("/a/e")})]),
        # yarl raises an IndexError for this one.
        ("<http://[a]@>;rel=a, <e>;rel=b", [("b", {"rel": "b", "url": there("/a/e")})]),
        ('<d>;rel="next, <e>', [("next, <e>", {"rel": "next, <e>", "url": there("/a/d")})]),
        ("<d> nonsense; rel=next", [("next", {"rel": "next", "url": there("/a/d")})]),
        ("<d>;;;=x;rel=next,,", [("next", {"rel": "next", "url": there("/a/d")})]),
    ],
)
def test_links_are_found(value: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert links(value) == expected


def test_links_of_one_relation_are_all_kept() -> None:
    found = parse_links("<1>;rel=next, <2>;rel=next", BASE)
    assert [str(link["url"]) for link in found.getall("next")] == [there("/a/1"), there("/a/2")]
    assert isinstance(found["next"]["url"], URL)


@given(st.text(alphabet='<>;,="\\ \ta:/', max_size=60))
def test_nothing_is_raised(value: str) -> None:
    parse_links(value, BASE)


@pytest.mark.parametrize("unit", ["<", "<>", "<a>;", '<a>;b="', ";", ",", "<a> x", '"', "<a>;b="])
def test_time_is_linear(unit: str) -> None:
    begin = time.process_time()
    parse_links(unit * (200_000 // len(unit)), BASE)
    assert time.process_time() - begin < 20  # quadratic time would take minutes

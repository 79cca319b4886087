"""Field sections as raw pairs and as multidicts (RFC 9112 section 5)."""

import pytest
from multidict import CIMultiDict, istr

from aioclient._http.header_names import SHARED_NAMES

# Name: section, pairs.
SECTIONS = {
    "nothing": (b"\r\n", ()),
    "nothing, lone LF": (b"\n", ()),
    "one": (b"A: b\r\n\r\n", ((b"A", b"b"),)),
    "order and spelling": (
        b"b: 1\r\nA: 2\r\nB: 3\r\n\r\n",
        ((b"b", b"1"), (b"A", b"2"), (b"B", b"3")),
    ),
    "lone LF": (b"A: b\nC: d\n\n", ((b"A", b"b"), (b"C", b"d"))),
    "line ends of both kinds": (b"A: b\nC: d\r\n\n", ((b"A", b"b"), (b"C", b"d"))),
    "no white space": (b"A:b\r\n\r\n", ((b"A", b"b"),)),
    "white space around a value": (b"A: \t b c\t \r\n\r\n", ((b"A", b"b c"),)),
    "empty values": (b"A:\r\nB: \t\r\n\r\n", ((b"A", b""), (b"B", b""))),
    "colons in a value": (b"A: b: c:\r\n\r\n", ((b"A", b"b: c:"),)),
    "only colons": (b"A:::\r\n\r\n", ((b"A", b"::"),)),
    "obs-text": (b"A: \x80\xff\r\n\r\n", ((b"A", b"\x80\xff"),)),
    "a fold": (b"A: b\r\n c\r\n\r\n", ((b"A", b"b c"),)),
    "a fold with LF and HTAB": (b"A: b\n\tc\n\n", ((b"A", b"b c"),)),
    "a fold with white space around": (b"A: b \t\r\n \t c\r\n\r\n", ((b"A", b"b c"),)),
    "several folds": (b"A: b\r\n c\r\n d\r\nE: f\r\n\r\n", ((b"A", b"b c d"), (b"E", b"f"))),
    "a fold before the value": (b"A:\r\n b\r\n\r\n", ((b"A", b"b"),)),
    "a fold after the value": (b"A: b\r\n \r\n\r\n", ((b"A", b"b"),)),
    "folds without a value": (b"A:\r\n \r\n\t\r\n\r\n", ((b"A", b""),)),
    "a fold that looks like a field": (b"A: b\r\n C: d\r\n\r\n", ((b"A", b"b C: d"),)),
    "a name of every kind of character": (
        b"!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n",
        ((b"!#$%&'*+-.^_`|~09azAZ", b"b"),),
    ),
}


@pytest.fixture(scope="session")
def fields(twin, kind):
    return twin("_http.fields", kind)


@pytest.mark.parametrize("case", SECTIONS)
def test_section_is_cut_into_pairs(case, fields):
    section, pairs = SECTIONS[case]
    assert fields.raw_pairs(section) == pairs


@pytest.mark.parametrize("case", SECTIONS)
def test_multidict_has_the_same_pairs_as_text(case, fields):
    section, pairs = SECTIONS[case]
    assert list(fields.to_multidict(section).items()) == [
        (name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in pairs
    ]


def test_multidict_finds_names_in_any_case(fields):
    headers = fields.to_multidict(b"X-a: 1\r\nx-A: 2\r\n\r\n")
    assert type(headers) is CIMultiDict
    assert headers.getall("X-A") == ["1", "2"]
    assert [name for name, _ in headers.items()] == ["X-a", "x-A"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        ("Grüße".encode(), "Grüße"),
        (b"Gr\xfc\xdfe", "Gr\udcfc\udcdfe"),
        (b"\xed\xa0\x80", "\udced\udca0\udc80"),  # a surrogate is no UTF-8
        (b"\xc0\x80", "\udcc0\udc80"),  # neither is an overlong NUL
        (b"\xe2\x82", "\udce2\udc82"),  # nor a character that the line end cuts off
        (b"\xf0", "\udcf0"),
        # White space and line ends of Unicode, but not of HTTP.
        *(
            (f"{char}a{char}b{char}".encode(), f"{char}a{char}b{char}")
            for char in "\x85\xa0\u1680\u2028\u2029\u3000"
        ),
    ],
)
def test_value_is_decoded_so_that_its_bytes_can_be_had_again(value, text, fields):
    for section in (b"X: " + value + b"\r\n\r\n", b"X:\r\n " + value + b"\r\n\r\n"):
        assert fields.to_multidict(section)["X"] == text
        assert text.encode("utf-8", "surrogateescape") == value


@pytest.mark.parametrize("spell", [bytes, bytes.lower, bytes.upper, bytes.swapcase])
def test_well_known_names_are_shared(spell, fields):
    section = b"".join(spell(name) + b": x\r\n" for name in SHARED_NAMES) + b"\r\n"
    names = [name for name, _ in fields.to_multidict(section).items()]
    assert len(names) == len(SHARED_NAMES)
    for name, shared in zip(names, SHARED_NAMES.values(), strict=True):
        assert name is shared


TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("known", dict.fromkeys(SHARED_NAMES.values()))
def test_name_that_is_almost_a_well_known_one_is_another(known, fields):
    known_bytes = known.encode("ascii")
    spellings = [known_bytes[:-1], known_bytes + b"-", b"x" + known_bytes]
    for at in {0, len(known_bytes) // 2, len(known_bytes) - 1, 7, 8} & {*range(len(known_bytes))}:
        spellings += [known_bytes[:at] + bytes([c]) + known_bytes[at + 1 :] for c in TOKEN]
    section = b"".join(spelling + b": x\r\n" for spelling in spellings) + b"\r\n"
    names = [name for name, _ in fields.to_multidict(section).items()]
    assert len(names) == len(spellings)
    for name, spelling in zip(names, spellings, strict=True):
        is_known = spelling.lower() in SHARED_NAMES
        assert (
            name is SHARED_NAMES[spelling.lower()] if is_known else str(name) == spelling.decode()
        )


def test_other_names_keep_their_spelling_and_are_istr_too(fields):
    (name,) = fields.to_multidict(b"x-Other: y\r\n\r\n").keys()
    assert type(name) is istr
    assert str(name) == "x-Other"


@pytest.mark.parametrize("length", range(1, 80))
def test_names_and_values_of_any_length(length, fields):
    name, value = "x" * length, "v" * length
    section = f"{name}: {value}\r\n\r\n".encode()
    assert dict(fields.to_multidict(section)) == {name: value}
    # One byte that is no ASCII, wherever it is: in this value or another.
    for at in (0, length // 2, length - 1):
        other = value[:at] + "\udcff" + value[at + 1 :]
        section = f"{name}: {other}\r\nY: y\r\n\r\n".encode("utf-8", "surrogateescape")
        assert dict(fields.to_multidict(section)) == {name: other, "Y": "y"}


def test_multidict_belongs_to_its_caller(fields):
    section = b"A: b\r\n\r\n"
    fields.to_multidict(section).clear()
    assert fields.to_multidict(section)["A"] == "b"


@pytest.mark.parametrize("name", ["raw_pairs", "to_multidict"])
@pytest.mark.parametrize("section", [None, "A: b\r\n\r\n", 5])
def test_section_is_bytes(name, section, fields):
    with pytest.raises((TypeError, AttributeError)):
        getattr(fields, name)(section)

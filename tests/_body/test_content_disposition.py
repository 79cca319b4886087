"""Content-Disposition values: what is read from them, and what is written."""

import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._body.content_disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    content_disposition_header,
    parse_content_disposition,
)

# --- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "disposition", "parameters"),
    [
        (None, None, {}),
        ("", None, {}),
        ("inline", "inline", {}),
        ("ATTACHMENT", "attachment", {}),
        (" attachment ", "attachment", {}),
        ("attachment;", "attachment", {}),
        ("attachment; ; filename=a;", "attachment", {"filename": "a"}),
        ("attachment; filename=foo.html", "attachment", {"filename": "foo.html"}),
        ("attachment;filename=foo.html ;a=b", "attachment", {"filename": "foo.html", "a": "b"}),
        ("attachment; FileName = foo.html", "attachment", {"filename": "foo.html"}),
        ("attachment; filename='foo.html'", "attachment", {"filename": "'foo.html'"}),
        ('attachment; filename=""', "attachment", {"filename": ""}),
        ('form-data; name="a b"; filename="c;d"', "form-data", {"name": "a b", "filename": "c;d"}),
        (r'attachment; filename="f\oo\\.html"', "attachment", {"filename": "foo\\.html"}),
        (r'attachment; filename="\"a\" b"', "attachment", {"filename": '"a" b'}),
        (r'attachment; filename="a\";b=c"', "attachment", {"filename": 'a";b=c'}),
        ('attachment; filename="a=b"', "attachment", {"filename": "a=b"}),
        ('attachment; filename="grün.html"', "attachment", {"filename": "grün.html"}),
        ('attachment; filename="gr\udcfcn"', "attachment", {"filename": "gr\udcfcn"}),
        ('attachment; filename="a%41.html"', "attachment", {"filename": "a%41.html"}),
        ('attachment; filename="/etc/passwd"', "attachment", {"filename": "/etc/passwd"}),
        ("attachment; filename*=UTF-8''a%20%e2%82%ac", "attachment", {"filename*": "a €"}),
        ("attachment; filename*= utf-8'en'a%2541", "attachment", {"filename*": "a%41"}),
        ("attachment; filename* =iso-8859-1''%e4", "attachment", {"filename*": "ä"}),
        ("attachment; filename*=''%c3%a4", "attachment", {"filename*": "ä"}),
        ("attachment; filename*=UTF-8''a%", "attachment", {"filename*": "a%"}),
        ("attachment; filename*=UTF-8''%", "attachment", {"filename*": "%"}),
        ("attachment; filename*=UTF-8''f%oo", "attachment", {"filename*": "f%oo"}),
        ("attachment; filename*=UTF-8''", "attachment", {"filename*": ""}),
        ("a; b*0=c; b*1*=d%41", "a", {"b*0": "c", "b*1*": "d%41"}),
        (r'a; b*0="c;d"; b*1="\e"', "a", {"b*0": "c;d", "b*1": "e"}),
    ],
)
def test_value_is_taken_apart(header, disposition, parameters):
    assert parse_content_disposition(header) == (disposition, parameters)


@pytest.mark.parametrize(
    "header",
    [
        '"inline"',
        '"attachment"',
        ";",
        "; filename=a",
        "filename=a",
        "x=y; filename=a",
        ": inline; attachment; filename=a",
        "in line",
        "inline; attachment; filename=a",
        "filename=a; attachment",
        "attachment; filename",
        "attachment; filename=",
        "attachment; filename=a b",
        "attachment; filename=a,b",
        "attachment; filename=a[1](2).html",
        "attachment; filename=grün",
        "attachment; filename==?ISO-8859-1?Q?a?=",
        'attachment; filename="a".txt',
        'attachment; filename="a',
        'attachment; filename="a\\"',
        'attachment; filename=a"b;c"d',
        'attachment; file"name=a',
        'attachment; "filename"=a',
        "attachment; filename=a; filename=b",
        "attachment; filename=a; FILENAME=b",
        "attachment; foo=foo filename=bar",
        "attachment; filename=a.html, attachment; filename=b.html",
    ],
)
def test_malformed_value_gives_nothing_and_a_warning(header):
    with pytest.warns(BadContentDispositionHeader) as caught:
        assert parse_content_disposition(header) == (None, {})
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "parameter",
    [
        "b c=d",
        "b(=d",
        "=d",
        "gr\u00fcn=d",
        "b *=UTF-8''d",
        "b*=d",
        "b*=UTF-8'd",
        "b*=UTF-8''d'e",
        "b*=\"UTF-8''d\"",
        "b*=UTF-8''d e",
        "b*=UTF-8''grün",
        "b*=UTF-8''%e4",
        "b*=no-such-charset''d",
        "b*=rot13''d",
        "b*=idna''d",
        "b*=unicode_escape''d",
        f"b*={'x' * 64}''d",
        "b*0=d e",
        "b*0*=grün",
        'b*0="d',
    ],
)
def test_malformed_parameter_is_left_out_with_a_warning(parameter):
    with pytest.warns(BadContentDispositionParam):
        assert parse_content_disposition(f"a; x=y; {parameter}") == ("a", {"x": "y"})


def test_many_malformed_parameters_are_one_warning():
    with pytest.warns(BadContentDispositionParam) as caught:
        parse_content_disposition("a" + "; (=b" * 100)
    assert len(caught) == 1


def test_warnings_are_the_same_whatever_the_peer_sent():
    # Python remembers the texts of warnings; a peer must not decide how many there are.
    texts = set()
    for header in ("a b", "c d"):
        with pytest.warns(BadContentDispositionHeader) as caught:
            parse_content_disposition(header)
        texts.add(str(caught[0].message))
    assert len(texts) == 1


def test_warnings_are_runtime_warnings():
    assert issubclass(BadContentDispositionHeader, RuntimeWarning)
    assert issubclass(BadContentDispositionParam, RuntimeWarning)


@given(st.text(alphabet="ab*0=;\"\\' \t%,\x00ä\udc80"))
def test_no_value_raises(header):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        disposition, parameters = parse_content_disposition(header)
    assert disposition is not None or parameters == {}


@pytest.mark.parametrize(
    "pattern", ['; a="', '; a*0="', '="', "\\", '"', ";", " ", "\t;", "a", "=", ";=", '; a*="\\";']
)
def test_long_value_takes_linear_time(pattern):
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in ("a", 'a; b="', "a; b*="):
            parse_content_disposition(start + pattern * 100_000)
    assert time.process_time() - begin < 3


# --- the file name -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, None),
        ({"name": "a"}, None),
        ({"filename": "a"}, "a"),
        ({"filename": ""}, ""),
        ({"filename": "a", "filename*": "b"}, "b"),
        ({"filename*0": "a", "filename": "b"}, "b"),
        ({"filename*0": "a.", "filename*1": "html"}, "a.html"),
        ({"filename*1": "html", "filename*0": "a."}, "a.html"),
        ({"filename*0": "a", "filename*2": "b"}, "a"),
        ({"filename*0": "a", "filename*01": "b"}, "a"),
        ({"filename*1": "a", "filename*2": "b"}, None),
        ({f"filename*{n}": str(n % 10) for n in range(12)}, "012345678901"),
        ({"filename*0": "it's '%41'"}, "it's '%41'"),
        ({"filename*0*": "UTF-8''a-%c3%a4", "filename*1": "%41.html"}, "a-ä%41.html"),
        ({"filename*0*": "UTF-8'en'%c3", "filename*1*": "%a4"}, "ä"),
        ({"filename*0*": "iso-8859-1''%e4"}, "ä"),
        ({"filename*0*": "''%c3%a4"}, "ä"),
        ({"filename*0*": "%c3%a4"}, "ä"),
        ({"filename*0": "100%", "filename*1*": "%41"}, "100%A"),
        ({"filename*0*": "UTF-8''%e4"}, None),
        ({"filename*0*": "no-such''a"}, None),
        ({"filename*0*": "UTF-8''a", "filename*1": "\udc80"}, None),
    ],
)
def test_file_name_is_found(params, name):
    assert content_disposition_filename(params) == name


def test_other_parameters_are_found_the_same_way():
    assert content_disposition_filename({"name*0": "a", "name*1": "b"}, "name") == "ab"


# --- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disptype", "params", "quoted", "plain"),
    [
        ("inline", {}, "inline", "inline"),
        ("form-data", {"name": "a b"}, 'form-data; name="a b"', 'form-data; name="a b"'),
        ("form-data", {"name": 'a"\\'}, r'form-data; name="a\"\\"', r'form-data; name="a\"\\"'),
        (
            "form-data",
            {"name": "ä"},
            "form-data; name=\"ä\"; name*=utf-8''%C3%A4",
            'form-data; name="ä"',
        ),
        (
            "form-data",
            {"name": "f", "filename": 'ä "\\%.txt'},
            'form-data; name="f"; filename="%C3%A4%20%22%5C%25.txt"',
            'form-data; name="f"; filename="ä \\"\\\\%.txt"',
        ),
        (
            "attachment",
            {"filename": "ä.txt"},
            "attachment; filename=\"%C3%A4.txt\"; filename*=utf-8''%C3%A4.txt",
            'attachment; filename="ä.txt"',
        ),
        ("a", {"filename": "b.txt"}, 'a; filename="b.txt"', 'a; filename="b.txt"'),
    ],
)
def test_value_is_written(disptype, params, quoted, plain):
    assert content_disposition_header(disptype, params=params) == quoted
    assert content_disposition_header(disptype, quote_fields=False, params=params) == plain


def test_other_charset_is_named():
    written = content_disposition_header("a", charset="iso-8859-1", params={"b": "ä"})
    assert written == "a; b*=iso-8859-1''%E4"


@pytest.mark.parametrize("control", [*map(chr, range(32)), "\x7f"])
@pytest.mark.parametrize("quote_fields", [True, False])
@pytest.mark.parametrize("name", ["name", "filename", "other"])
def test_control_characters_are_refused(control, quote_fields, name):
    params = {name: f"a{control}b"}
    with pytest.raises(ValueError, match="control character"):
        content_disposition_header("form-data", quote_fields=quote_fields, params=params)


@pytest.mark.parametrize(
    ("disptype", "charset", "params"),
    [
        ("", "utf-8", {}),
        ("a b", "utf-8", {}),
        ("a\r\nb", "utf-8", {}),
        ("ä", "utf-8", {}),
        ("a", "", {}),
        ("a", "utf-8\r\n", {"b": "c"}),
        ("a", "utf-8", {"": "c"}),
        ("a", "utf-8", {"b\r\nX": "c"}),
        ("a", "utf-8", {"b=": "c"}),
        ("a", "utf-8", {"bä": "c"}),
        ("a", "ascii", {"b": "ä"}),
        ("a", "utf-8", {"filename": "\udc80"}),
    ],
)
def test_what_cannot_be_written_is_refused(disptype, charset, params):
    with pytest.raises(ValueError, match=r"token|encode"):
        content_disposition_header(disptype, charset=charset, params=params)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    st.booleans(),
)
def test_what_was_written_is_read_again(name, filename, quote_fields):
    written = content_disposition_header(
        "attachment", quote_fields=quote_fields, params={"name": name, "filename": filename}
    )
    if quote_fields:
        assert written.isascii()
    disposition, params = parse_content_disposition(written)
    assert disposition == "attachment"
    assert content_disposition_filename(params, "name") == name
    if not (quote_fields and filename.isascii()):  # then it stays percent-encoded
        assert content_disposition_filename(params) == filename

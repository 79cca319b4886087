"""The corpus under tests/vectors: every case with both twins, cut in every way.

Its runs under ``python -O``, and its connections' fate, are tested here, too.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import vectors

from aioclient._http.events import END_OF_MESSAGE, NO_BODY, RequestHead, ResponseHead
from aioclient._http1.limits import Limits
from aioclient._http1.machine import Http1Machine

CASES = vectors.load_responses()


def named(cases):
    return [pytest.param(case, id=case.name.encode("unicode_escape").decode()) for case in cases]


@pytest.mark.parametrize("case", named(CASES))
def test_response_is_read_as_expected_however_it_is_cut(case, kind, twin):
    found = vectors.complaints(case, twin("_http1.parser", kind).ResponseParser)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("case", named(case for case in CASES if case.is_kept is not None))
def test_connection_is_kept_or_closed_as_expected(case):
    machine = Http1Machine(Limits(**case.limits))
    head = RequestHead(case.method, "/", "host", b"", NO_BODY)
    machine.request(head, read_until_eof=case.read_until_eof)
    events = machine.receive(case.data)
    assert END_OF_MESSAGE in events
    head = [event for event in events if isinstance(event, ResponseHead)][-1]
    assert machine.may_persist(head) is case.is_kept


def test_corpus_passes_without_asserts():
    # Pitfalls 9: what -O takes out of the code must not have been needed.
    done = subprocess.run(
        [sys.executable, "-O", vectors.__file__], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert "optimized: True" in done.stdout


def test_corpus_is_large_and_varied():
    assert len(CASES) >= 1000
    endings = [case.expected.ending for case in CASES]
    for ending in (vectors.END, vectors.AT_CLOSE, vectors.CUT_OFF, vectors.ERROR):
        assert endings.count(ending) >= 20, ending
    assert {case.method for case in CASES} >= {"GET", "HEAD", "CONNECT"}
    assert {name for case in CASES for name in case.limits} == set(Limits._fields)


# --- the reader of the files ------------------------------------------------------------------


def read(tmp_path: Path, text: str):
    path = tmp_path / "topic.txt"
    path.write_text(text, "utf-8")
    return vectors.read_file(path)


def test_case_is_read(tmp_path):
    (case,) = read(
        tmp_path,
        "let END = \\r\\n\ncase a\nmethod HEAD\nlimits max_headers=3\n"
        "> HTTP/1.1 200 {2 * O{2 * k}}{END}\n> \\x00ü{END}\n"
        "= HTTP/1.0 200 O K\n= A: b: c\n= body x\\r\n= end\n= surplus 3\n= closed\n",
    )
    assert (case.name, case.method, case.limits) == ("topic: a", "HEAD", {"max_headers": 3})
    assert case.data == b"HTTP/1.1 200 OkkOkk\r\n\0\xc3\xbc\r\n"
    assert case.expected == vectors.Outcome(
        heads=[vectors.Head(0, 200, b"O K", [(b"A", b"b: c")])],
        body=b"x\r",
        ending="end",
        surplus=3,
    )
    assert case.is_kept is False


def test_each_makes_several_cases(tmp_path):
    cases = read(tmp_path, "case a\neach x | \\x20\n> {each}\n= end\n= surplus {each size}\n")
    assert [(case.name, case.data) for case in cases] == [
        ("topic: a [x]", b"x"),
        ("topic: a [\\x20]", b" "),
    ]
    assert cases[1].expected.surplus == 1


@pytest.mark.parametrize(
    "text",
    [
        "> x\n",
        "case a\n> x\n",
        "case a\n> x \n= end\n",
        "case a\n> {NONE}\n= end\n",
        "case a\n> \\q\n= end\n",
        "case a\n> x\\\n= end\n",
        "case a\n> x\n= what\n= end\n",
        "case a\n> x\n= end\n= body y\n",
        "case a\nnonsense\n= end\n",
        "let A\n",
    ],
)
def test_mistake_in_a_file_is_an_error_that_says_where(text, tmp_path):
    with pytest.raises(vectors.BadVector, match=r"^topic\.txt:\d+: "):
        read(tmp_path, text)


def test_outcome_that_is_not_as_expected_is_noticed(twin):
    parser_type = twin("_http1.parser", "python").ResponseParser
    for case in CASES[::50]:
        good = vectors.outcome_of(vectors.new_parser(case, parser_type), [case.data])
        for change in (
            {"ending": "else"},
            {"error_class": "else"},
            {"surplus": 999},
            {"body": b"else"},
            {"heads": [vectors.Head(1, 999, b"else")]},
            {"trailers": [(b"else", b"")]},
        ):
            bad = vectors.Outcome(**{**vars(good), **change})
            assert vectors.differences(case, bad), change

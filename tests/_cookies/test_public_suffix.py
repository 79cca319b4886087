"""Domains that no cookie may be for (RFC 6265bis section 5.7 step 9, publicsuffix.org)."""

import os
import subprocess
import sys
import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._cookies.matching import MAX_NAME_CHARACTERS
from aioclient._cookies.public_suffix import is_public_suffix


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        pytest.param(domain, expected, id=f"{rule}: {domain}"[:60])
        for rule, domain, expected in [
            ("com", "com", True),
            ("com", "example.com", False),
            ("com", "www.example.com", False),
            ("co.uk", "uk", True),
            ("co.uk", "co.uk", True),
            ("co.uk", "example.co.uk", False),
            ("private section", "github.io", True),
            ("private section", "example.github.io", False),
            ("private section", "s3.amazonaws.com", True),
            ("wildcard", "ck", True),
            ("wildcard", "example.ck", True),
            ("wildcard", "www.example.ck", False),
            ("exception", "www.ck", False),
            ("exception", "a.www.ck", False),
            ("wildcard's own name", "kobe.jp", True),
            ("wildcard of two labels", "example.kobe.jp", True),
            ("exception of two labels", "city.kobe.jp", False),
            ("IDN", "xn--p1ai", True),
            ("IDN", "example.xn--p1ai", False),
            ("IDN", "xn--e1afmkfd.xn--p1ai", False),
            ("IDN below ASCII", "xn--55qx5d.cn", True),
            ("IDN below ASCII", "example.xn--55qx5d.cn", False),
            ("IDN below IDN", "xn--12c1fe0br.xn--o3cw4h", True),
            ("IDN below IDN", "example.xn--12c1fe0br.xn--o3cw4h", False),
            ("A-label of nothing, below a rule", "xn--99999999.com", False),
            ("A-label of nothing, above a name", "example.xn--99999999", False),
            ("dot at the end", "com.", True),
            ("dot at the end", "co.uk.", True),
            ("dot at the end", "example.com.", False),
            ("not listed", "local", True),
            ("not listed", "localhost", True),
            ("not listed", "xn--bcher-kva", True),
            ("not listed", "printer.local", False),
            ("no domain", "", True),
            ("no domain", ".", True),
            ("no domain", "..", True),
            ("no domain", ".com", True),
            ("no domain", ".example.com", True),
            ("no domain", "example..com", True),
            ("no domain", "example.com..", True),
        ]
    ],
)
def test_nobody_owns_a_public_suffix_and_somebody_what_is_below_it(domain, expected):
    assert is_public_suffix(domain) is expected


def rules():
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    words = (line.split() for line in text.splitlines())
    return [found[0] for found in words if found and not found[0].startswith("//")]


def test_each_rule_of_the_list_holds_in_ascii():
    found = rules()
    assert len(found) > 9000
    assert not all(map(str.isascii, found))
    for rule in found:
        name = rule.removeprefix("!").replace("*", "any").encode("idna").decode()
        assert is_public_suffix(name) is not rule.startswith("!"), rule
        assert not is_public_suffix(f"any.any.any.{name}"), rule


def test_a_name_of_the_greatest_length_is_looked_up_and_a_longer_one_is_refused():
    longest = "a." * 124 + "a.com"
    assert len(longest) == MAX_NAME_CHARACTERS
    assert is_public_suffix(longest) is is_public_suffix(longest + ".") is False
    assert is_public_suffix("a" + longest) is True


@given(st.text() | st.text(alphabet="abn-.xck1", max_size=20) | st.text().map("xn--".__add__))
def test_any_text_has_an_answer(text):
    assert is_public_suffix(text) in (True, False)


def test_a_megabyte_is_refused_without_a_look():
    started = time.process_time()
    for text in ("a" * (1 << 20), "a." * (1 << 19), "xn--" * (1 << 18), "." * (1 << 20)):
        assert is_public_suffix(text)
    assert time.process_time() - started < 1


ASK = """
import logging, sys
logging.basicConfig(format="%(name)s %(levelname)s %(message)s", stream=sys.stdout)
from aioclient._cookies.public_suffix import is_public_suffix
print("publicsuffixlist" in sys.modules)
print([is_public_suffix(name) for name in ("com", "github.io", "example.com", "a.example.com")])
"""


def asked(directory):
    """What a new process answers whose modules come from `directory` first."""
    path = os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.splitlines()


def test_the_list_is_not_loaded_before_the_first_question(tmp_path):
    assert asked(tmp_path) == ["False", "[True, True, False, False]"]


OTHER_LIST = """
class PublicSuffixList:
    def __init__(self, accept_encoded_idn):
        pass
    def is_public(self, domain):
        return {}
"""


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        ("raise ModuleNotFoundError('gone')", "ModuleNotFoundError: gone"),
        ("", "ImportError: cannot import name 'PublicSuffixList'"),
        ("def PublicSuffixList(**options): open('/nowhere/list')", "FileNotFoundError"),
        ("def PublicSuffixList(**options): b'\\xff'.decode()", "UnicodeDecodeError"),
        (OTHER_LIST.format("False"), r"ValueError: '\u516c\u53f8.cn' is not in it"),
        (OTHER_LIST.format("not domain.isascii()"), "ValueError: 'co.uk' is not in it"),
        (OTHER_LIST.format("domain != 'github.io'"), "ValueError: 'github.io' is not in it"),
    ],
)
def test_without_the_list_every_domain_is_refused_with_one_warning(tmp_path, library, reason):
    (tmp_path / "publicsuffixlist.py").write_text(library)
    _, warning, answers = asked(tmp_path)
    assert answers == "[True, True, True, True]"
    assert warning.startswith(
        "aioclient.cookies WARNING The list of public suffixes cannot be read"
    )
    assert reason in warning


THREADS = """
import sys, threading
from aioclient._cookies.public_suffix import is_public_suffix
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
answers = []
def ask():
    together.wait()
    answers.append((is_public_suffix("github.io"), is_public_suffix("example.com")))
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(set(answers), len(answers))
"""


def test_threads_may_ask_the_first_question_at_once():
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{(True, False)} 8"

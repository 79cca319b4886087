"""Which netrc file is read, and who gets the credentials in it."""

import logging
import os
from pathlib import Path

import pytest
from yarl import URL

from aioclient import BasicAuth
from aioclient._auth.netrc import NetrcFile, default_paths

SECRET = "a-secret"
ENTRY = f"machine a.example login me password {SECRET}\n"
ME = BasicAuth("me", SECRET, "utf-8")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="about rights of POSIX")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A home without a file, and no `$NETRC`."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.delenv("NETRC", raising=False)
    return folder


@pytest.fixture
def name_file(monkeypatch, tmp_path):
    """Write a file somewhere and let `$NETRC` name it."""

    def write(content):
        path = tmp_path / "somewhere"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setenv("NETRC", str(path))
        return path

    return write


@pytest.fixture
def load(name_file):
    """A file with this content, loaded."""

    def load_file(content, **options):
        name_file(content)
        loaded = NetrcFile.load(**options)
        assert loaded is not None
        return loaded

    return load_file


def write_own(home, content=ENTRY, name=".netrc", mode=0o600):
    path = home / name
    path.write_text(content)
    path.chmod(mode)
    return path


def warnings_of(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if (record.name, record.levelno) == ("aioclient.client", logging.WARNING)
    ]


# --- which file ----------------------------------------------------------------------------------


def test_file_that_the_environment_names_is_read(name_file):
    name_file(ENTRY)
    assert NetrcFile.load().credentials("a.example") == ME


def test_file_of_the_user_is_read_without_one(home):
    write_own(home)
    assert NetrcFile.load().credentials("a.example") == ME


def test_file_that_the_environment_names_comes_before_the_own(home, name_file):
    write_own(home, "machine a.example login other password x\n")
    name_file(ENTRY)
    assert NetrcFile.load().credentials("a.example") == ME


def test_empty_name_in_the_environment_is_none(home, monkeypatch):
    write_own(home)
    monkeypatch.setenv("NETRC", "")
    assert NetrcFile.load().credentials("a.example") == ME


def test_no_file_is_none_and_no_warning(caplog):
    assert NetrcFile.load() is None
    assert not caplog.records


def test_home_that_is_no_folder_is_none_and_no_warning(monkeypatch, tmp_path, caplog):
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("USERPROFILE", str(path))
    assert NetrcFile.load() is None
    assert not caplog.records


def test_places_for_the_own_file(home):
    assert default_paths(is_windows=False) == [home / ".netrc"]
    assert default_paths(is_windows=True) == [home / "_netrc", home / ".netrc"]


def test_user_without_a_home_has_no_file(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert default_paths(is_windows=False) == []
    assert NetrcFile.load() is None


def test_file_is_read_once(name_file):
    path = name_file(ENTRY)
    loaded = NetrcFile.load()
    path.unlink()
    assert loaded.credentials("a.example") == ME


# --- files that cannot be used -------------------------------------------------------------------


def test_named_file_that_is_missing_is_a_warning(monkeypatch, tmp_path, caplog, home):
    write_own(home)
    path = tmp_path / "nowhere"
    monkeypatch.setenv("NETRC", str(path))
    assert NetrcFile.load() is None
    assert warnings_of(caplog) == [
        f"netrc file {str(path)!r} is not used: No such file or directory"
    ]


def test_named_folder_is_a_warning(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("NETRC", str(tmp_path))
    assert NetrcFile.load() is None
    (words,) = warnings_of(caplog)
    assert words.startswith(f"netrc file {str(tmp_path)!r} is not used: ")


@needs_posix
@pytest.mark.parametrize("is_named", [True, False])
def test_file_that_may_not_be_read_is_a_warning(monkeypatch, caplog, home, is_named):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = write_own(home, mode=0)
    if is_named:
        monkeypatch.setenv("NETRC", str(path))
    assert NetrcFile.load() is None
    assert warnings_of(caplog) == [f"netrc file {str(path)!r} is not used: Permission denied"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SECRET, "line 1 is malformed"),
        (f"machine a.example login me password pass {SECRET}", "line 1 is malformed"),
        (f"machine a.example\nlogin me\npasword {SECRET} ", "line 3 is malformed"),
        (f"{ENTRY}machine", "line 2 is malformed"),
        (f"{ENTRY}macdef init\n{SECRET}", "line 3 is malformed"),
    ],
)
def test_malformed_file_is_a_warning_that_shows_nothing_of_it(content, reason, name_file, caplog):
    path = name_file(content)
    assert NetrcFile.load() is None
    (words,) = warnings_of(caplog)
    assert words.startswith(f"netrc file {str(path)!r} is not used: ")
    assert words.endswith(reason)
    assert SECRET not in caplog.text


@needs_posix  # elsewhere any byte may be text in the encoding of the locale
def test_file_that_is_no_text_is_a_warning(name_file, caplog):
    path = name_file(ENTRY.encode() + b"\xff")
    assert NetrcFile.load() is None
    assert warnings_of(caplog) == [f"netrc file {str(path)!r} is not used: it is not text in UTF-8"]


def test_malformed_own_file_is_a_warning(home, caplog):
    path = write_own(home, SECRET)
    assert NetrcFile.load() is None
    assert warnings_of(caplog) == [f"netrc file {str(path)!r} is not used: line 1 is malformed"]


@needs_posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_own_file_to_which_others_have_rights_is_a_warning(mode, home, caplog):
    path = write_own(home, mode=mode)
    assert NetrcFile.load() is None
    assert warnings_of(caplog) == [
        f"netrc file {str(path)!r} is not used: other users own it or have rights to it"
    ]


@needs_posix
def test_own_file_without_secrets_may_be_read_by_others(home):
    write_own(home, "machine a.example login anonymous password me@b.example\n", mode=0o644)
    expected = BasicAuth("anonymous", "me@b.example", "utf-8")
    assert NetrcFile.load().credentials("a.example") == expected


@needs_posix
def test_named_file_may_be_read_by_others(name_file):
    name_file(ENTRY).chmod(0o644)
    assert NetrcFile.load().credentials("a.example") == ME


def test_empty_file_has_no_credentials(load, caplog):
    assert load("").credentials("a.example") is None
    assert load("# nothing\n\n", use_default=True).credentials("a.example") is None
    assert not caplog.records


# --- who gets what -------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["a.example", "A.Example", URL("http://A.EXAMPLE:81/b").raw_host])
@pytest.mark.parametrize("written", ["a.example", "A.eXample"])
def test_host_is_found_in_any_case_of_letters(host, written, load):
    assert load(ENTRY.replace("a.example", written)).credentials(host) == ME


@pytest.mark.parametrize(
    "host",
    [
        "example",
        "b.a.example",
        "a.example.",
        "a.exampl",
        "aaexample",
        "a.example:81",
        "me@a.example",
        "",
        # The host of this URL is not the one that the eye finds first.
        URL("http://a.example:81@b.example/").raw_host,
        URL("http://b.example/@a.example").raw_host,
    ],
)
def test_other_host_gets_nothing(host, load):
    assert load(ENTRY).credentials(host) is None


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("::1", "http://[::1]:81/"),
        ("2001:db8::1", "http://[2001:DB8::1]/"),
        ("127.0.0.1", "http://127.0.0.1/"),
        ("xn--bcher-kva.example", "http://b\u00fccher.example/"),
    ],
)
def test_host_is_written_as_urls_have_it(written, url, load):
    loaded = load(ENTRY.replace("a.example", written))
    assert loaded.credentials(URL(url).raw_host) == ME


def test_default_entry_is_for_nobody(load):
    loaded = load(f"{ENTRY}default login other password x\n")
    assert loaded.credentials("b.example") is None
    assert loaded.credentials("a.example") == ME


def test_default_entry_is_for_all_others_if_that_is_wished(load):
    loaded = load(f"{ENTRY}default login other password x\n", use_default=True)
    assert loaded.credentials("b.example") == BasicAuth("other", "x", "utf-8")
    assert loaded.credentials("a.example") == ME


@pytest.mark.parametrize("line", ["default login me", "machine default login me"])
def test_host_called_default_does_not_get_the_default_entry(line, load):
    assert load(f"{line} password {SECRET}\n").credentials("default") is None


def test_entry_of_a_host_called_default_in_other_letters_is_not_for_others(load):
    loaded = load(f"machine DEFAULT login me password {SECRET}\n", use_default=True)
    assert loaded.credentials("b.example") is None
    assert loaded.credentials("default") == ME


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"user me password {SECRET}", ME),
        ("login me", BasicAuth("me", "", "utf-8")),
        (f"password {SECRET}", BasicAuth("", SECRET, "utf-8")),
        (f"account me password {SECRET}", ME),
        (f"login me account x password {SECRET}", ME),
        (f"\n  login me\n\n\tpassword {SECRET}\n", ME),
        ('login "m e" password "a\\"b"', BasicAuth("m e", 'a"b', "utf-8")),
        ("login me password a:b:", BasicAuth("me", "a:b:", "utf-8")),
        ("login m\u00e9 password \u20ac", BasicAuth("m\u00e9", "\u20ac", "utf-8")),
        ("", None),
        ('account "" login ""', None),
    ],
)
def test_entry_is_a_login_and_a_password(words, expected, load):
    assert load(f"machine a.example {words}\n").credentials("a.example") == expected


def test_entry_that_says_nothing_is_not_the_default(load):
    loaded = load(f"machine a.example\ndefault login me password {SECRET}\n", use_default=True)
    assert loaded.credentials("a.example") is None


def test_credentials_that_are_not_latin_1_are_sent_in_utf_8(load):
    auth = load("machine a.example login m\u00e9 password \u20ac\n").credentials("a.example")
    assert auth.encode() == "Basic bcOpOuKCrA=="


def test_login_with_a_colon_is_not_used_and_said_once(load, caplog):
    loaded = load(f"machine a.example login me:{SECRET} password {SECRET}\n")
    assert not caplog.records
    for host in ("a.example", "A.example", "b.example"):
        assert loaded.credentials(host) is None
    assert warnings_of(caplog) == ["netrc entry 'a.example' is not used: its login has a colon"]
    assert SECRET not in caplog.text


def test_login_with_a_colon_does_not_give_way_to_the_default(load):
    loaded = load("machine a.example login a:b\ndefault login me\n", use_default=True)
    assert loaded.credentials("a.example") is None
    assert loaded.credentials("a.example") is None


def test_default_login_with_a_colon_is_said_once(load, caplog):
    loaded = load("default login a:b\n", use_default=True)
    for host in ("a.example", "b.example"):
        assert loaded.credentials(host) is None
    assert warnings_of(caplog) == ["netrc entry 'default' is not used: its login has a colon"]


def test_nothing_is_shown(load):
    assert SECRET not in repr(load(ENTRY))

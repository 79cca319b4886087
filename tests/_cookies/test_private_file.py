"""Files that are for their owner alone."""

import os
import stat
import sys
import threading

import pytest

from aioclient._cookies.private_file import read_private_file, write_private_file

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def link(path, target, **options):
    try:
        path.symlink_to(target, **options)
    except OSError:  # Windows has them for administrators only
        pytest.skip("this user cannot make symbolic links")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("data", [b"", b"a\r\nb\nc\x1ad\0", bytes(range(256)) * 1000])
def test_what_is_written_is_read_again_and_nothing_else_is_left(tmp_path, data):
    for path in (tmp_path / "jar", str(tmp_path / "jar")):
        write_private_file(path, data)
        assert read_private_file(path, 1_000_000) == data
        assert names_in(tmp_path) == ["jar"]


def test_a_path_without_a_folder_is_in_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_private_file("jar", b"a")
    assert names_in(tmp_path) == ["jar"]
    assert read_private_file("jar", 1) == b"a"


@posix_only
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_its_owner_may_read_and_write_it_whatever_the_old_one_allowed(tmp_path, umask):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"")
    old.chmod(0o666)
    before = os.umask(umask)
    try:
        for path in (old, new):
            write_private_file(path, b"a")
            assert mode_of(path) == 0o600
    finally:
        os.umask(before)


def test_a_symbolic_link_is_replaced_and_not_written_through(tmp_path):
    target, path = tmp_path / "target", tmp_path / "jar"
    target.write_bytes(b"of somebody else")
    link(path, target)
    write_private_file(path, b"a")
    assert not path.is_symlink()
    assert path.read_bytes() == b"a"
    assert target.read_bytes() == b"of somebody else"


def test_a_link_to_nothing_makes_nothing_there(tmp_path):
    target, path = tmp_path / "target", tmp_path / "jar"
    link(path, target)
    write_private_file(path, b"a")
    assert not path.is_symlink()
    assert not target.exists()


def test_a_hard_link_keeps_the_old_content(tmp_path):
    other, path = tmp_path / "other", tmp_path / "jar"
    other.write_bytes(b"old")
    os.link(other, path)
    write_private_file(path, b"a")
    assert (path.read_bytes(), other.read_bytes()) == (b"a", b"old")


def test_a_symbolic_link_is_not_read(tmp_path):
    target, path = tmp_path / "target", tmp_path / "jar"
    target.write_bytes(b"a")
    link(path, target)
    with pytest.raises(OSError, match="symbolic link, which is not followed") as caught:
        read_private_file(path, 10)
    assert caught.value.filename == str(path)


def test_a_link_to_a_folder_on_the_way_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link(tmp_path / "linked", tmp_path / "real", target_is_directory=True)
    write_private_file(tmp_path / "linked" / "jar", b"a")
    assert read_private_file(tmp_path / "linked" / "jar", 10) == b"a"
    assert names_in(tmp_path / "real") == ["jar"]


@posix_only
def test_a_pipe_is_neither_waited_for_nor_replaced(tmp_path):
    path = tmp_path / "jar"
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        read_private_file(path, 10)
    with pytest.raises(OSError, match="not a regular file"):
        write_private_file(path, b"a")
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert names_in(tmp_path) == ["jar"]


def test_a_folder_is_neither_read_nor_replaced(tmp_path):
    path = tmp_path / "jar"
    path.mkdir()
    for attempt in (lambda: read_private_file(path, 10), lambda: write_private_file(path, b"a")):
        with pytest.raises(IsADirectoryError):
            attempt()
    assert names_in(tmp_path) == ["jar"]


@posix_only
def test_a_link_to_a_device_is_neither_read_nor_replaced(tmp_path):
    path = tmp_path / "jar"
    path.symlink_to(os.devnull)
    with pytest.raises(OSError, match="not a regular file"):
        write_private_file(path, b"a")
    with pytest.raises(OSError, match="not followed"):
        read_private_file(path, 10)
    assert path.is_symlink()


def test_a_folder_that_is_not_there_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "missing" / "jar"
    for attempt in (lambda: read_private_file(path, 10), lambda: write_private_file(path, b"a")):
        with pytest.raises(FileNotFoundError, match="missing"):
            attempt()
    assert names_in(tmp_path) == []


@posix_only
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    import resource

    path = tmp_path / "jar"
    write_private_file(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_private_file(path, b"new" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["jar"]


def test_a_file_may_have_so_many_bytes_and_no_more(tmp_path):
    path = tmp_path / "jar"
    path.write_bytes(b"abc")
    assert read_private_file(path, 3) == b"abc"
    with pytest.raises(ValueError, match="more than 2 bytes"):
        read_private_file(path, 2)


@posix_only  # Windows lets nobody replace what somebody reads
def test_a_reader_sees_one_whole_file_or_the_other(tmp_path):
    path = tmp_path / "jar"
    contents = [b"a" * 100_000, b"b" * 200_000]
    write_private_file(path, contents[0])
    seen = []
    stopped = threading.Event()

    def read():
        while not stopped.is_set():
            seen.append(read_private_file(path, 1_000_000))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        write_private_file(path, contents[number % 2])
    stopped.set()
    reader.join()
    assert seen
    assert all(content in contents for content in seen)

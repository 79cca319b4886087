"""Installs what a tool needs into a folder of its own, where the next run finds it.

Each installation has a name that says of what it was made. It is made under another name and gets
its own when it is whole, so one that was broken off is not taken for it. The folder may be deleted
at any time.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path


class CannotRun(Exception):
    """Something that is needed cannot be had here; the message says what."""


class TimeIsUp(Exception):
    """The time limit of the run passed."""


def say(text: str) -> None:
    """Print a line now, before whatever a child process prints."""
    print(text, flush=True)


class Clock:
    """How much time is left."""

    def __init__(self, limit_s: float) -> None:
        self._started_at = time.monotonic()
        self._limit_s = limit_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started_at

    @property
    def left_s(self) -> float:
        """Seconds until the end; TimeIsUp if there are none."""
        left_s = self._limit_s - self.elapsed_s
        if left_s <= 0:
            raise TimeIsUp
        return left_s


def call(
    command: list[str],
    clock: Clock,
    environment: dict[str, str] | None = None,
    on_output: Callable[[bytes], object] | None = None,
    folder: Path | None = None,
) -> tuple[int, str]:
    """Run a program; give its exit status and what it printed, unless `on_output` takes that.

    The program gets no input and prints into a pipe: Python for Windows does not start otherwise
    under Wine. When time is up, it is killed with all that it started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )
    output = bytearray()
    take = output.extend if on_output is None else on_output
    assert process.stdout is not None
    pipe = process.stdout.fileno()

    def read() -> None:
        while data := os.read(pipe, 65_536):
            take(data)

    # Not joined for ever: what the program left behind, as Wine's server, may hold the pipe.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        status = process.wait(clock.left_s)
        reader.join(min(5.0, clock.left_s))
    except subprocess.TimeoutExpired as error:
        raise TimeIsUp from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return status, output.decode(errors="replace").strip()


@contextlib.contextmanager
def only_user(cache: Path, clock: Clock) -> Iterator[Path]:
    """The folder of what is kept, to ourselves; waits for other runs to end."""
    import fcntl  # late: Windows itself has it not

    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "lock").open("w")
    except OSError as error:
        raise CannotRun(f"{cache} cannot be used: {error.strerror}") from error
    with lock:
        has_said_so = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not has_said_so:
                    say(f"Another run uses {cache}; waiting for its end ...")
                    has_said_so = True
                time.sleep(min(1.0, clock.left_s))
        for left in cache.glob("unfinished-*"):  # by runs that were killed
            shutil.rmtree(left, ignore_errors=True)
        yield cache


def kept_name(name: str, *parts: str) -> str:
    """What the folder of an installation is called that is made of these parts."""
    return f"{name}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


class Installations:
    """The folder of what is kept, and how it comes there. Use it while this is its `only_user`."""

    def __init__(self, cache: Path, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def install(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        """Run a program of this system that installs or makes something; CannotRun if it fails."""
        status, output = call(command, self._clock, environment)
        if status:
            raise CannotRun(f"`{' '.join(command)}` fails: {output or f'exit status {status}'}")

    def installed(self, name: str, make: Callable[[Path, Path], None], *parts: str) -> Path:
        """The folder of an installation, made if it is not there.

        `make` gets a folder to work in, and the name of another, in that, to make what is kept.
        `parts` are what it is made of.
        """
        kept = self._cache / kept_name(name, *parts)
        if not kept.exists():
            with self.unfinished() as folder:
                make(folder, folder / "whole")
                (folder / "whole").rename(kept)
        return kept

    @contextlib.contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A folder that goes with all that is still in it."""
        folder = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self._cache))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

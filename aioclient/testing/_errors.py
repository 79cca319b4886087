"""What goes wrong with a test's own server, and not with a request."""

import traceback
from pathlib import Path
from typing import Final

from aioclient.errors import ClientConnectionError

_HERE: Final = str(Path(__file__).parent)


class NoAnswerError(ClientConnectionError):
    """A `MockConnector` was asked for something that it has no answer for.

    The message names method and URL of the request, and which answers there are. In `method` and
    `url` is what was asked for, the URL without login and password.
    """

    def __init__(self, message: str, method: str = "", url: str = "") -> None:
        super().__init__(message, method, url)
        self.message = message
        self.method = method
        self.url = url

    def __str__(self) -> str:
        return self.message


def note_origin(error: BaseException, raiser: str) -> None:
    """Note on an error where it was raised: its traceback begins anew for the caller."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_HERE)]
    if own:
        note = f"{raiser} raised it here:\n{''.join(traceback.format_list(own)).rstrip()}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)


# Tracebacks and pickles name the place where it is public.
NoAnswerError.__module__ = "aioclient.testing"

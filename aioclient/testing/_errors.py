"""What goes wrong with a test's own server, and not with a request."""

from aioclient.errors import ClientConnectionError


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


# Tracebacks and pickles name the place where it is public.
NoAnswerError.__module__ = "aioclient.testing"

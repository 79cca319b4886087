"""What was sent or received is broken, or a URL cannot be used."""

from typing import TYPE_CHECKING

from ._root import ClientError, printable, without_credentials, without_user_info

if TYPE_CHECKING:
    from yarl import URL

# --- bytes ------------------------------------------------------------------------------------


class ClientPayloadError(ClientError):
    """A body is broken: cut off, wrongly framed, or the caller's own could not be sent."""


class UploadAbortedError(ClientError):
    """A request body was not sent to its end: the server answered before, or it never began."""


class BodyLimitError(ClientPayloadError):
    """A body, or what frames it, passed a limit; `limit` is its name, `limit_value` its value.

    New here.
    """

    def __init__(self, message: str = "", *, limit: str = "", limit_value: float = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.limit_value = limit_value


class BodyTooLargeError(BodyLimitError):
    """A body that was read whole passed `max_body_size`, or grew too much in decompression."""


class PartTooLargeError(BodyTooLargeError, ValueError):
    """A part of a multipart body that was read whole passed `client_max_size`. New here."""


class MultipartError(ClientPayloadError, ValueError):
    """A multipart body, or one of its parts, is malformed or cut off. New here."""


class UnknownEncodingError(MultipartError, RuntimeError):
    """A part has a Content-Encoding or Content-Transfer-Encoding that is not known. New here."""


class LineTooLong(BodyLimitError):
    """A line of a body is longer than the reader allows."""


class ServerProtocolError(ClientError):
    """The server's bytes are not HTTP/1.1 as RFC 9112 has it, or exceed a limit.

    New here: such bytes never look like a response with status 400.
    """


class HeadLimitError(ServerProtocolError):
    """A response head passed a limit; `limit` is its name, `limit_value` its value. New here."""

    def __init__(self, message: str = "", *, limit: str = "", limit_value: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.limit_value = limit_value


# --- URLs -------------------------------------------------------------------------------------


class InvalidURL(ClientError, ValueError):
    """The URL cannot be used: `url` is what was given, `description` why."""

    def __init__(self, url: "str | URL", description: str | None = None) -> None:
        super().__init__(url, description)
        self.url = url
        self.description = description

    def __str__(self) -> str:
        url = printable(without_user_info(str(self.url)))
        return f"{url}: {self.description}" if self.description else url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class InvalidUrlClientError(InvalidURL):
    """The URL given to a request is not valid."""


class NonHttpUrlClientError(ClientError):
    """The URL's scheme is not one of HTTP."""


class RedirectClientError(ClientError):
    """A server redirected to where no request can go."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """A server redirected to a URL that is not valid; `url` is the part of it that may be shown."""


class NonHttpUrlRedirectClientError(RedirectClientError, NonHttpUrlClientError):
    """A server redirected to a URL whose scheme is not one of HTTP."""


# --- beside the tree --------------------------------------------------------------------------


class WSMessageTypeError(TypeError):
    """A WebSocket message is not of the type that was asked for."""


class WebSocketError(Exception):
    """The peer broke the rules of WebSocket; `code` is to close with (RFC 6455 section 7.4)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return without_credentials(str(self.args[1]))

    def __repr__(self) -> str:
        return without_credentials(super().__repr__())


class EofStream(Exception):
    """There is no more to read from a stream."""

"""Basic authentication (RFC 7617)."""

from base64 import b64decode, b64encode
from contextlib import suppress
from typing import NamedTuple, Self

from yarl import URL


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """The value of an Authorization header for a login and a password.

    Raises ValueError for a colon in the login, which could not be told from the one that ends it
    (RFC 7617 section 2), and for what the encoding lacks.
    """
    if ":" in login:
        raise ValueError('a login for Basic authentication must not contain ":"')
    token = None
    with suppress(UnicodeEncodeError):  # it would quote both
        token = b64encode(f"{login}:{password}".encode(encoding)).decode("ascii")
    if token is None:
        raise ValueError(f"login and password cannot be encoded in {encoding}")
    return f"Basic {token}"


class BasicAuth(NamedTuple):
    """A login and a password, as aiohttp's users give them; see also `encode_basic_auth`."""

    login: str
    password: str = ""
    encoding: str = "latin1"

    def encode(self) -> str:
        """The value of an Authorization header; raises as `encode_basic_auth`."""
        return encode_basic_auth(self.login, self.password, self.encoding)

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> Self:
        """What the value of an Authorization header says; ValueError if that is not Basic."""
        scheme, _, token = auth_header.strip().partition(" ")
        if scheme.lower() != "basic":
            raise ValueError(f"not Basic authentication, but {scheme[:20]!r}")
        text = None
        with suppress(ValueError):  # it would quote the token, which is a secret
            text = b64decode(token.strip(), validate=True).decode(encoding)
        if text is None:
            raise ValueError("credentials of Basic authentication are not valid")
        login, colon, password = text.partition(":")
        if not colon:
            raise ValueError("credentials of Basic authentication have no colon")
        return cls(login, password, encoding)

    @classmethod
    def from_url(cls, url: URL, *, encoding: str = "latin1") -> Self | None:
        """The user-info of a URL; None without any."""
        if not isinstance(url, URL):
            raise TypeError(f"url must be a yarl.URL, not {type(url).__name__}")
        if url.raw_user is None and url.raw_password is None:
            return None
        return cls(url.user or "", url.password or "", encoding)

    def __repr__(self) -> str:
        # A login alone is a token.
        login = repr(self.login) if self.password else "***"
        return f"BasicAuth(login={login}, password=***, encoding={self.encoding!r})"

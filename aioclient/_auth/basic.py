"""Basic authentication (RFC 7617)."""

from base64 import b64encode


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """The value of an Authorization header for a login and a password.

    Raises ValueError for a colon in the login, which could not be told from the one that ends it
    (RFC 7617 section 2).
    """
    if ":" in login:
        raise ValueError('a login for Basic authentication must not contain ":"')
    return "Basic " + b64encode(f"{login}:{password}".encode(encoding)).decode("ascii")

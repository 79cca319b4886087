"""Cookie jars."""

from aioclient._cookies.dummy_jar import DummyCookieJar
from aioclient._cookies.jar import CookieJar

__all__ = (
    "CookieJar",
    "DummyCookieJar",
)

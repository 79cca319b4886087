"""aioclient under the module names of aiohttp's client.

Each module here is a page: it has the names that programs import from the module of the same name
in aiohttp, and answers as a module of `aioclient`, too (``aioclient.client_exceptions``).
`install_as_aiohttp` makes it all answer as ``aiohttp`` itself, for libraries that import that.
"""

from ._install import install_as_aiohttp, uninstall

__all__ = ("install_as_aiohttp", "uninstall")

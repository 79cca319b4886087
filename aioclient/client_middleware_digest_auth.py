"""The page `aioclient.compat.client_middleware_digest_auth`, as a module of the front door."""

from aioclient.compat.client_middleware_digest_auth import *  # noqa: F403 - all of it

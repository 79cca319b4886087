"""Digest authentication."""

from aioclient._middlewares.digest_auth import DigestAuthMiddleware

__all__ = ("DigestAuthMiddleware",)

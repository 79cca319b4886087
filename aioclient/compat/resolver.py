"""Resolvers of host names."""

from aioclient._net.async_resolver import AsyncResolver
from aioclient._net.resolver import DefaultResolver, ThreadedResolver

__all__ = (
    "AsyncResolver",
    "DefaultResolver",
    "ThreadedResolver",
)

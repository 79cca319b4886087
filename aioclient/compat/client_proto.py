"""The protocol of a connection, as hooks of connectors make it."""

from aioclient._pool.connector_hooks import ResponseHandler

__all__ = ("ResponseHandler",)

"""The types of middlewares."""

from aioclient._message.handler import ClientHandlerType, ClientMiddlewareType

from ._missing import refuses

__all__ = (
    "ClientHandlerType",
    "ClientMiddlewareType",
)

__getattr__ = refuses(__name__)

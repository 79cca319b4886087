"""The types of middlewares."""

from typing import TYPE_CHECKING

from aioclient._message.handler import ClientHandlerType, ClientMiddlewareType

from ._missing import refuses

__all__ = (
    "ClientHandlerType",
    "ClientMiddlewareType",
)

if not TYPE_CHECKING:
    __getattr__ = refuses(__name__)

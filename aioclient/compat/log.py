"""The loggers of the client."""

import logging
from typing import Final

client_logger: Final = logging.getLogger("aioclient.client")
internal_logger: Final = logging.getLogger("aioclient.internal")
ws_logger: Final = logging.getLogger("aioclient.websocket")

__all__ = ("client_logger", "internal_logger", "ws_logger")

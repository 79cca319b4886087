"""Pools of connections."""

from ssl import SSLContext

from aioclient._connection.interface import Connection
from aioclient._net.tcp import AddrInfoType, SocketFactoryType
from aioclient._pool.connector import BaseConnector
from aioclient._pool.named_pipe import NamedPipeConnector
from aioclient._pool.tcp import TCPConnector
from aioclient._pool.unix import UnixConnector

__all__ = (
    "AddrInfoType",
    "BaseConnector",
    "Connection",
    "NamedPipeConnector",
    "SSLContext",
    "SocketFactoryType",
    "TCPConnector",
    "UnixConnector",
)

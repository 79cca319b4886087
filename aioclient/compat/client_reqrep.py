"""Requests and responses."""

from types import MappingProxyType

from yarl import URL

from aioclient._body.content_disposition import ContentDisposition
from aioclient._connection.upload_tracker import UploadTracker
from aioclient._http.request_info import RequestInfo
from aioclient._message.client_request import ClientRequest, ConnectionKey
from aioclient._message.response import ClientResponse
from aioclient._net.route import Fingerprint

__all__ = (
    "URL",
    "ClientRequest",
    "ClientResponse",
    "ConnectionKey",
    "ContentDisposition",
    "Fingerprint",
    "MappingProxyType",
    "RequestInfo",
    "UploadTracker",
)

"""What is wrong with what a server sent: the errors of aioclient that say so.

aiohttp has a tree of its own for these, which its users catch by its names. Here several names are
one class, so that whoever catches one of them catches what it was for; see docs/differences.md.
"""

from aioclient.errors import BodyTooLargeError as DecompressSizeError
from aioclient.errors import ClientPayloadError as ContentEncodingError
from aioclient.errors import ClientPayloadError as ContentLengthError
from aioclient.errors import ClientPayloadError as PayloadEncodingError
from aioclient.errors import ClientPayloadError as TransferEncodingError
from aioclient.errors import InvalidURL as InvalidURLError
from aioclient.errors import LineTooLong
from aioclient.errors import ServerProtocolError as BadHttpMessage
from aioclient.errors import ServerProtocolError as BadStatusLine
from aioclient.errors import ServerProtocolError as HttpBadRequest
from aioclient.errors import ServerProtocolError as HttpProcessingError
from aioclient.errors import ServerProtocolError as InvalidHeader

__all__ = (
    "BadHttpMessage",
    "BadStatusLine",
    "ContentEncodingError",
    "ContentLengthError",
    "DecompressSizeError",
    "HttpBadRequest",
    "HttpProcessingError",
    "InvalidHeader",
    "InvalidURLError",
    "LineTooLong",
    "PayloadEncodingError",
    "TransferEncodingError",
)

"""Multipart bodies, sent and received."""

from aioclient._body.content_disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    parse_content_disposition,
)
from aioclient._body.multipart_reader import (
    BodyPartReader,
    MultipartReader,
    MultipartResponseWrapper,
)
from aioclient._body.multipart_writer import MultipartWriter
from aioclient._body.payloads import BodyPartReaderPayload

__all__ = (
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "MultipartReader",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "content_disposition_filename",
    "parse_content_disposition",
)

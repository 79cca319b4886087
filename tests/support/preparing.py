"""Requests prepared as a session would."""

import json
from typing import Any

from multidict import CIMultiDict
from yarl import URL

from aioclient._http.events import FieldSection
from aioclient._http.fields import to_multidict
from aioclient._message.defaults import Defaults
from aioclient._message.prepare import Preparer
from aioclient._message.request import Request, Wishes
from aioclient._timeout import DEFAULT_TIMEOUT, ClientTimeout


def preparer(
    base_url: str | None = None,
    headers: Any = (),
    timeout: ClientTimeout = DEFAULT_TIMEOUT,
    **more: Any,
) -> Preparer:
    """A preparer with these defaults; `more` are other fields of `Defaults` or its `Wishes`."""
    wishes = {name: more.pop(name) for name in Wishes.__slots__ if name in more}
    return Preparer(
        Defaults(
            base_url=None if base_url is None else URL(base_url),
            headers=CIMultiDict(headers),
            json_serialize=json.dumps,
            wishes=Wishes(timeout, **wishes),
            **more,
        )
    )


def prepared(
    url: Any = "http://example.com/",
    method: str = "GET",
    *,
    base_url: str | None = None,
    session_headers: Any = (),
    **options: Any,
) -> Request:
    """A request with these options."""
    return preparer(base_url, session_headers).prepare(method, url, options)  # type: ignore[arg-type]


def fields_of(request: Request) -> CIMultiDict[str]:
    """The header fields of a request, without those of its connection and framing."""
    return to_multidict(FieldSection(request.head.field_lines + b"\r\n"))

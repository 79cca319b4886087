"""Records as a HAR file: HTTP Archive 1.2, which the tools of browsers read.

The format: http://www.softwareishard.com/blog/har-12-spec/. Such files are sent around, so what
must not be seen by others is left out unless somebody wants it.
"""

import base64
import codecs
import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from yarl import URL

from aioclient._cookies.parse import SetCookie, parse_set_cookies
from aioclient._cookies.private_file import write_private_file
from aioclient._http.values import media_type, text_codec
from aioclient._version import __version__
from aioclient.errors import without_credentials

from ._record import Fields, Phases, RecordedBody, TimingRecord

#: A part of the file.
_Object: TypeAlias = dict[str, Any]

HIDDEN: Final = "(hidden)"

_SECRET_FIELDS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_COOKIE_PAIR: Final = re.compile(r'([^=;]*)=("(?:[^"\\]|\\.)*"|[^;]*)')
_SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}


def to_har(records: Iterable[TimingRecord], *, secrets: bool = False) -> _Object:
    """The records as the object that a HAR file holds.

    Arguments: `records`, finished or not; `secrets`, if the values of Authorization,
    Proxy-Authorization and cookies, and logins in URLs, shall be in it. Bodies are in it as far as
    they were recorded, whatever is in them.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "aioclient", "version": __version__},
            "entries": [_entry(record, secrets) for record in records],
        }
    }


def write_har(
    path: str | os.PathLike[str], records: Iterable[TimingRecord], *, secrets: bool = False
) -> None:
    """Write the records to a HAR file, as `to_har` makes it.

    Only its owner may read the file; it is there as a whole or not at all. Blocks while it writes;
    raises OSError if that is not possible, and what was at the path is still there then.
    """
    text = json.dumps(to_har(records, secrets=secrets), ensure_ascii=False, indent=1)
    write_private_file(path, text.encode("utf-8", "replace"))


def _entry(record: TimingRecord, secrets: bool) -> _Object:
    timings = _timings(record.phases)
    parts = ("blocked", "dns", "connect", "send", "wait", "receive")  # ssl is a part of connect
    entry: _Object = {
        "startedDateTime": _iso(record.started_at),
        "time": sum(max(0.0, timings[part]) for part in parts),
        "request": _request(record, secrets),
        "response": _response(record, secrets),
        "cache": {},
        "timings": timings,
    }
    address = record.remote_address
    if isinstance(address, tuple):
        entry["serverIPAddress"] = address[0].partition("%")[0]
    if record.connection_id:
        entry["connection"] = str(record.connection_id)
    if record.error_type is not None:
        entry["comment"] = f"{record.error_type}: {_text(record.error or '')}"
    elif not record.is_finished:
        entry["comment"] = "not finished"
    return entry


def _timings(phases: Phases) -> _Object:
    """In milliseconds; what does not apply is -1 where that is allowed."""
    connecting = [each for each in (phases.connect_s, phases.tls_s) if each is not None]
    return {
        "blocked": _ms(phases.queue_s),
        "dns": _ms(phases.dns_s),
        "connect": _ms(sum(connecting)) if connecting else -1,
        "send": _ms(phases.send_s or 0.0),
        "wait": _ms(phases.wait_s or 0.0),
        "receive": _ms(phases.receive_s or 0.0),
        "ssl": _ms(phases.tls_s),
    }


def _request(record: TimingRecord, secrets: bool) -> _Object:
    fields = record.request_headers
    request: _Object = {
        "method": record.method,
        "url": record.url,
        "httpVersion": f"HTTP/{record.request_version}",
        "cookies": [
            {"name": _text(name.strip()), "value": _text(value) if secrets else HIDDEN}
            for line in _values(fields, "cookie")
            for name, value in _COOKIE_PAIR.findall(line)
        ],
        "headers": _headers(fields, secrets),
        "queryString": [
            {"name": name, "value": value} for name, value in URL(record.url).query.items()
        ],
        "headersSize": -1,
        "bodySize": record.sent_bytes if record.is_finished else -1,
    }
    if record.request_body is not None:
        request["postData"] = _post_data(record.request_body, _content_type(fields))
    return request


def _post_data(body: RecordedBody, content_type: str) -> _Object:
    content = _content(body, content_type)
    comment = content.get("comment", "")
    if "encoding" in content:  # which there is no field for
        comment = ", ".join(filter(None, ("text is base64", comment)))
    data: _Object = {"mimeType": content_type, "text": content["text"]}
    return data | ({"comment": comment} if comment else {})


def _response(record: TimingRecord, secrets: bool) -> _Object:
    fields = record.response_headers
    location = next(iter(_values(fields, "location")), "")
    is_known = record.status is not None
    version = record.response_version
    response: _Object = {
        "status": record.status or 0,
        "statusText": _text(record.reason),
        "httpVersion": f"HTTP/{version}" if version is not None else "",
        "cookies": [
            _cookie(cookie, secrets) for cookie in parse_set_cookies(_values(fields, "set-cookie"))
        ],
        "headers": _headers(fields, secrets),
        "content": _response_content(record),
        "redirectURL": _text(location if secrets else without_credentials(location)),
        "headersSize": -1,
        "bodySize": record.received_bytes if is_known and record.is_finished else -1,
    }
    if record.error_type is not None:
        response["_error"] = record.error_type
    return response


def _response_content(record: TimingRecord) -> _Object:
    body, content_type = record.response_body, _content_type(record.response_headers)
    if body is None:
        return {"size": record.received_bytes, "mimeType": content_type}
    content = _content(body, content_type)
    if not body.is_cut and record.is_finished:
        content["compression"] = content["size"] - record.received_bytes
    return content


def _content(body: RecordedBody, content_type: str) -> _Object:
    data = body.content
    content: _Object = {"size": len(data), "mimeType": content_type}
    codec = text_codec(media_type(content_type.encode()).charset)
    try:
        # What is cut may end within a character.
        content["text"] = codecs.getincrementaldecoder(codec)().decode(data, not body.is_cut)
    except (UnicodeError, LookupError):  # that of UTF-16 without a mark is not of the subclass
        content["text"] = base64.b64encode(data).decode()
        content["encoding"] = "base64"
    if body.is_cut:
        content["comment"] = f"only the first {len(data)} bytes"
    return content


def _cookie(cookie: SetCookie, secrets: bool) -> _Object:
    """As HAR has it; when it expires is in the header."""
    found: _Object = {
        "name": _text(cookie.name),
        "value": _text(cookie.value) if secrets else HIDDEN,
        "httpOnly": False,
        "secure": False,
    }
    for name, value in cookie.attributes:
        match name.lower():
            case "path" | "domain" as key:
                found[key] = _text(value)
            case "httponly":
                found["httpOnly"] = True
            case "secure":
                found["secure"] = True
            case "samesite":
                found["sameSite"] = _SAME_SITE.get(value.lower(), "")
    return found


def _headers(fields: Fields, secrets: bool) -> list[_Object]:
    return [
        {"name": name, "value": _text(value if secrets else _shown(name.lower(), value))}
        for name, value in fields
    ]


def _shown(name: str, value: str) -> str:
    """A value without what is secret in it."""
    if name in _SECRET_FIELDS:
        return HIDDEN
    if name == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        key, equals, _ = pair.partition("=")
        return f"{key if equals else ''}{equals}{HIDDEN}{semicolon}{attributes}"
    return without_credentials(value)


def _values(fields: Fields, wanted: str) -> list[str]:
    return [value for name, value in fields if name.lower() == wanted]


def _content_type(fields: Fields) -> str:
    return _text(next(iter(_values(fields, "content-type")), ""))


def _text(value: str) -> str:
    """Text that any program can read: what came as other bytes than UTF-8 has none."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _ms(seconds: float | None) -> float:
    return -1 if seconds is None else round(seconds * 1000, 3)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")

from collections.abc import Iterable

from aioclient._http.events import FieldLines

def write_field_lines(fields: Iterable[tuple[str, str]]) -> FieldLines: ...
def write_request_head(
    method: str,
    target: str,
    authority: str,
    field_lines: FieldLines,
    framing_lines: bytes,
    minor_version: int = 1,
) -> bytes: ...

"""Forms as request bodies, as a browser sends one without files (URL Standard, section 5.2)."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from aioclient._aliases import FormFields, FormValue
from aioclient._body.payload import BytesPayload, Payload

URLENCODED = "application/x-www-form-urlencoded"


def form_payload(fields: FormFields) -> Payload:
    """The payload for names and values: a mapping, which may be a multidict, or pairs.

    A list or tuple as value is its name several times. Raises TypeError for what is no field.
    """
    items: Iterable[object] = fields.items() if isinstance(fields, Mapping) else fields
    pairs: list[tuple[str, str]] = []
    for item in items:
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise TypeError(f"a field of a form must be a name and a value, not {_kind(item)}")
        name, value = item
        if not isinstance(name, str):
            raise TypeError(f"the name of a field of a form must be str, not {_kind(name)}")
        values: Sequence[FormValue] = value if isinstance(value, list | tuple) else (value,)
        pairs.extend((name, _text(name, one)) for one in values)
    return BytesPayload(urlencode(pairs).encode("ascii"), URLENCODED)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"the value of {name!r} in a form must be str or a number, not {_kind(value)}")


def _kind(value: object) -> str:
    return type(value).__name__  # not the value: it may be a secret

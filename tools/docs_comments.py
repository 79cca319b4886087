"""What griffe has to know of docstrings and comments here, to make the reference of them."""

import re
from typing import Any, Final

import griffe

#: Attributes that a docstring tells of together: griffe takes what is behind a blank for a type.
_TOGETHER: Final = re.compile(r"^( +)(\w+(?:, \w+)+): (.*(?:\n\1 +.*)*)", re.MULTILINE)


class Comments(griffe.Extension):
    """Gives attributes without a docstring the comment above them, if it begins with `#:`."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Look at the lines above an attribute that was found."""
        if attr.docstring is not None or attr.lineno is None:
            return
        lines = attr.lines_collection[attr.filepath]
        first = last = attr.lineno - 1
        while first > 0 and lines[first - 1].strip().startswith("#:"):
            first -= 1
        if first < last:
            text = "\n".join(line.strip().removeprefix("#:").strip() for line in lines[first:last])
            attr.docstring = griffe.Docstring(text, lineno=first + 1, endlineno=last, parent=attr)

    def on_class_instance(self, *, cls: griffe.Class, **_: Any) -> None:
        """Say of each attribute what is said of several."""
        if cls.docstring is not None:
            before, head, attributes = cls.docstring.value.partition("\nAttributes:\n")
            cls.docstring.value = before + head + _TOGETHER.sub(_one_by_one, attributes)


def _one_by_one(match: re.Match[str]) -> str:
    indent, names, text = match.groups()
    return "\n".join(f"{indent}{name}: {text}" for name in names.split(", "))

"""Lets griffe take `#:` comments above attributes for what is said of them."""

from typing import Any

import griffe


class Comments(griffe.Extension):
    """Gives attributes without a docstring the comment above them, if it begins with `#:`."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Look at the lines above an attribute that was found."""
        module = attr.module
        if (
            attr.docstring is not None
            or attr.lineno is None
            or not isinstance(module.filepath, type(attr.filepath))
        ):
            return
        lines = attr.lines_collection[attr.filepath]
        first = last = attr.lineno - 1
        while first > 0 and lines[first - 1].strip().startswith("#:"):
            first -= 1
        if first < last:
            text = "\n".join(line.strip().removeprefix("#:").strip() for line in lines[first:last])
            attr.docstring = griffe.Docstring(text, lineno=first + 1, endlineno=last, parent=attr)

"""Link header fields (RFC 8288): where else to look, and what is there."""

from multidict import MultiDict, MultiDictProxy
from yarl import URL

_BLANKS = " \t"


def parse_links(value: str, base: URL) -> MultiDictProxy[MultiDictProxy[str | URL]]:
    """The links of Link fields (several joined with commas), by their relation.

    A link without a relation has its target, as written, for a key. Its parameters have lower-case
    names; ``url`` is the target resolved against `base`. What is malformed is passed over, as RFC
    8288 appendix B.2 has it; time is linear in the length of `value`.
    """
    links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
    at = 0
    while True:
        start = value.find("<", at)
        end = value.find(">", start + 1)
        if start < 0 or end < 0:
            return MultiDictProxy(links)
        target = value[start + 1 : end].strip(_BLANKS)
        link, at = _parameters(value, end + 1)
        try:
            link["url"] = base.join(URL(target))
        except (ValueError, IndexError):  # the latter is yarl's, for "http://[a]@"
            continue
        links.add(str(link.get("rel", target)), MultiDictProxy(link))


def _parameters(value: str, at: int) -> tuple[MultiDict[str | URL], int]:
    """The parameters of a link from here on, and where they end: at a comma, or all of it."""
    found: MultiDict[str | URL] = MultiDict()
    while True:
        at = _after_blanks(value, at)
        if at >= len(value) or value[at] == ",":
            return found, at + 1
        if value[at] != ";":
            at = _end_of_text(value, at)
            continue
        start = at = _after_blanks(value, at + 1)
        while at < len(value) and value[at] not in "=;, \t":
            at += 1
        name = value[start:at].lower()
        at = _after_blanks(value, at)
        text = ""
        if at < len(value) and value[at] == "=":
            at = _after_blanks(value, at + 1)
            if value.startswith('"', at):
                text, at = _quoted(value, at + 1)
            else:
                start, at = at, _end_of_text(value, at)
                text = value[start:at].rstrip(_BLANKS)
        if name and not (name == "rel" and "rel" in found):  # section 3.3: the first counts
            found.add(name, text)


def _after_blanks(value: str, at: int) -> int:
    while at < len(value) and value[at] in _BLANKS:
        at += 1
    return at


def _end_of_text(value: str, at: int) -> int:
    while at < len(value) and value[at] not in ";,":
        at += 1
    return at


def _quoted(value: str, at: int) -> tuple[str, int]:
    """A quoted string (RFC 9110 section 5.6.4) behind its first quote, and what is behind it."""
    text = []
    while at < len(value) and value[at] != '"':
        if value[at] == "\\" and at + 1 < len(value):
            at += 1
        text.append(value[at])
        at += 1
    return "".join(text), at + 1

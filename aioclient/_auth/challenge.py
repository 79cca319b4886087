"""What a server or a proxy asks for: WWW-Authenticate, Proxy-Authenticate, Authentication-Info.

A field is cut at the commas outside of quoted strings, and each piece is one of two things: the
begin of a challenge, or one more parameter of the last one. Which, its own grammar tells:
``name =`` is a parameter, a word with a blank and something else behind it, or alone, a scheme.

Nothing is guessed. A challenge in which something is malformed, or said twice, is left out as a
whole: without the parameter that was not understood it would ask for something else. The others
stay.

RFC 9110 sections 5.6 and 11.6.1, RFC 7615. Text is what came over the wire, decoded as UTF-8 with
surrogateescape.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

#: Challenges of one response that are looked at, malformed ones counted. Servers send up to four.
MAX_CHALLENGES: Final = 32
#: Parameters of one challenge; one that has more is left out. Digest has nine.
MAX_PARAMETERS: Final = 32
#: Characters of the name of a scheme or a parameter; a challenge with a longer one is left out.
MAX_NAME_CHARACTERS: Final = 64
#: Characters of a value, without its quotes and escapes, or of a token68.
MAX_VALUE_CHARACTERS: Final = 8192

_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
# Section 5.6.4. All that is not ASCII is obs-text, also the surrogates of bytes that are no UTF-8.
_QUOTED: Final = r'"((?:[\t !#-\[\]-~\x80-\U0010ffff]++|\\[\t -~\x80-\U0010ffff])*+)"'
# Up to a comma outside of quotes. What quotes do not close goes to the end of the field. All
# quantifiers of this module are possessive: no input makes a search go back.
_PIECE: Final = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
_PARAMETER: Final = re.compile(rf"({_WORD})[ \t]*+=[ \t]*+(?:({_WORD})|{_QUOTED})")
_PARAMETER_BEGIN: Final = re.compile(rf"{_WORD}[ \t]*+=")
_SCHEME: Final = re.compile(rf"({_WORD})(?:[ \t]++|\Z)")
_TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]++=*+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate that was offered.

    The scheme and the names of parameters are in lower case, values without quotes and escapes.
    There is a `token68` or there are parameters, or neither, never both.
    """

    scheme: str
    # Not shown: with Negotiate it is part of a proof.
    token68: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)


class _Parameter(NamedTuple):
    name: str
    value: str


class _Unshown(dict[str, str]):
    """A mapping whose values are not shown: what proves a password lets one try passwords."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{', '.join(self)}: ***>"


class _Draft:
    """A challenge of which more may come."""

    __slots__ = ("is_refused", "parameters", "scheme", "token68")

    def __init__(self, scheme: str, is_refused: bool = False) -> None:
        self.scheme = scheme.lower()
        self.token68: str | None = None
        self.parameters: dict[str, str] = {}
        self.is_refused = is_refused or len(scheme) > MAX_NAME_CHARACTERS

    def add(self, name: str, value: str) -> None:
        """Take a parameter; the draft is refused if it cannot have it."""
        if (
            self.token68 is not None
            # Section 11.2: once only. Whoever takes the first and whoever takes the last would
            # be asked for different things.
            or name in self.parameters
            or len(self.parameters) == MAX_PARAMETERS
            or len(name) > MAX_NAME_CHARACTERS
            or len(value) > MAX_VALUE_CHARACTERS
        ):
            self.is_refused = True
        else:
            self.parameters[name] = value

    def set_token68(self, value: str) -> None:
        """Take what stands there instead of parameters."""
        self.token68 = value
        if len(value) > MAX_VALUE_CHARACTERS:
            self.is_refused = True

    def challenge(self) -> Challenge:
        """What came of it."""
        return Challenge(self.scheme, self.token68, self.parameters)


def parse_challenges(values: Sequence[str]) -> list[Challenge]:
    """The challenges of all fields of one name, in their order.

    Those that are malformed, ambiguous or past a limit are left out. What follows an unclosed
    quote is part of it, up to the end of that field.
    """
    drafts: list[_Draft] = []
    for value in values:
        is_first = True
        for piece in _pieces(value):
            # A parameter that begins a field belongs to the last challenge of the field before:
            # several fields mean the same as one with commas between (section 5.3).
            parameter = _parameter(piece)
            if parameter is not None and drafts:
                drafts[-1].add(*parameter)
            else:
                if not is_first and drafts and not _begins_challenge(piece):
                    drafts[-1].is_refused = True
                if len(drafts) == MAX_CHALLENGES:
                    return _challenges(drafts)
                drafts.append(_draft(piece))
            is_first = False
    return _challenges(drafts)


def parse_authentication_info(value: str) -> Mapping[str, str]:
    """The parameters of an Authentication-Info or Proxy-Authentication-Info field (RFC 7615).

    Names are in lower case. Nothing if anything in it is malformed, ambiguous or past a limit:
    what it proves would not be known. The values are not shown by ``repr``.
    """
    draft = _Draft("")
    for piece in _pieces(value):
        parameter = _parameter(piece)
        if parameter is None:
            draft.is_refused = True
        else:
            draft.add(*parameter)
        if draft.is_refused:
            return _Unshown()
    return _Unshown(draft.parameters)


def _pieces(value: str) -> Iterator[str]:
    """What is between the commas, without the blanks around; empty ones left out (5.6.1.2)."""
    for found in _PIECE.finditer(value):
        if piece := found[0].strip(" \t"):
            yield piece


def _parameter(piece: str) -> _Parameter | None:
    found = _PARAMETER.fullmatch(piece)
    if found is None:
        return None
    name, token, quoted = found.groups()
    return _Parameter(name.lower(), _ESCAPED.sub(r"\1", quoted) if token is None else token)


def _begins_challenge(piece: str) -> bool:
    """Whether a piece is for certain not a part of the challenge before it.

    A scheme that is well-formed, or has at least the begin of a parameter behind it, is. Two words
    and a bit may be both: a challenge, or a parameter that lacks its "=".
    """
    found = _SCHEME.match(piece)
    if found is None:
        return False
    rest = piece[found.end() :]
    return not rest or bool(_TOKEN68.fullmatch(rest) or _PARAMETER_BEGIN.match(rest))


def _draft(piece: str) -> _Draft:
    """The challenge that a piece begins, refused if it is none."""
    found = _SCHEME.match(piece)
    if found is None or _PARAMETER_BEGIN.match(piece):
        return _Draft("", is_refused=True)
    draft = _Draft(found[1])
    rest = piece[found.end() :]
    parameter = _parameter(rest)
    if parameter is not None:
        draft.add(*parameter)
    elif _TOKEN68.fullmatch(rest):
        draft.set_token68(rest)
    elif rest:
        draft.is_refused = True
    return draft


def _challenges(drafts: Sequence[_Draft]) -> list[Challenge]:
    return [draft.challenge() for draft in drafts if not draft.is_refused]

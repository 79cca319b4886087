"""How long a server says that it keeps an idle connection: the Keep-Alive field.

No current RFC defines it; servers send what RFC 2068 section 19.7.1.1 hinted at:
``Keep-Alive: timeout=5, max=100``, seconds of silence and further requests.
"""

from math import inf
from typing import Final

#: The server's clock began earlier than ours, and the next request takes a while to arrive: a
#: connection is used for this many seconds less than the server says, but at least half its time.
MARGIN_S: Final = 1.0

_MAX_DIGITS: Final = 9


def seconds_to_keep(value: bytes) -> float:
    """For how many seconds of silence a connection may be used again, by this Keep-Alive field.

    0 if the server takes no further request, `inf` if the field says nothing that we understand.
    """
    seconds = inf
    for member in value.lower().split(b","):
        name, _, number = member.strip().partition(b"=")
        number = number.strip(b' \t"')
        if not number.isdigit() or len(number) > _MAX_DIGITS:
            continue
        name = name.rstrip()
        if name == b"timeout":
            said = int(number)
            seconds = min(seconds, said - min(MARGIN_S, said / 2))
        elif name == b"max" and int(number) == 0:
            return 0.0
    return seconds

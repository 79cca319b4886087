"""Domains that many owners share, and that no cookie may be for (publicsuffix.org).

The list is that of the library publicsuffixlist, as new as the library is. It is read when the
first question is asked, and kept: that takes about 25 ms and 1.2 MB, and a question 1 to 6
microseconds, so that answers are not kept.

The list has its names in Unicode, and hosts come as A-labels. It is cheaper to turn the few labels
of a question than the ten thousand names of the list, which would take three times as long to read.
"""

import logging
from collections.abc import Callable
from functools import cache
from typing import Final

from .matching import MAX_NAME_CHARACTERS

_A_LABEL: Final = "xn--"
# A list without them is not whole. They are from both of its sections, and not of one label, as
# those need not be listed.
_SURELY_LISTED: Final = ("公司.cn", "co.uk", "github.io")
_LOG: Final = logging.getLogger("aioclient.cookies")


def is_public_suffix(domain: str) -> bool:
    """Is `domain` one below which anybody can have a name, such as "com", "co.uk" or "github.io"?

    `domain` is in canonical form, in A-labels where it is not ASCII; a dot at its end is ignored.
    The names of registries count as well as those of companies that let others have names.
    A name of one label is always one, listed or not: "localhost" is, and so is a host of the local
    network. Such a host can have cookies, for itself alone (RFC 6265bis section 5.7 step 9).

    What cannot be a domain is one, as no cookie may be for it. So is everything if the list cannot
    be read: cookies are then for the hosts that set them or for nobody, and a warning is logged.
    """
    name = domain.removesuffix(".")
    if len(name) > MAX_NAME_CHARACTERS or "" in (labels := name.split(".")):
        return True
    if _A_LABEL in name:
        name = ".".join(map(_unicode_label, labels))
    return _list()(name)


def _unicode_label(label: str) -> str:
    """A label as the list has it; itself if it stands for nothing."""
    if not label.startswith(_A_LABEL):
        return label
    try:
        return label.removeprefix(_A_LABEL).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


# Threads that ask the first questions at once may read it twice, with the same result.
@cache
def _list() -> Callable[[str], bool]:
    try:
        # Late: many a program never sees a cookie for a domain.
        from publicsuffixlist import PublicSuffixList

        listed = PublicSuffixList(accept_encoded_idn=False)
        for name in _SURELY_LISTED:
            if not listed.is_public(name):
                raise ValueError(f"{name!a} is not in it")
    except Exception as error:  # whatever it is, the answer must be the safe one
        _LOG.warning(
            "The list of public suffixes cannot be read (%s: %s): "
            "cookies for domains above their host are refused",
            type(error).__name__,
            error,
        )
        return _everything
    return listed.is_public


def _everything(_: str) -> bool:
    return True

"""The cookies for a request as a program sees them, made once for several who ask.

They are objects that can be changed: a SimpleCookie even changes the Morsel that it has when a
value is assigned to its name. So these tell when that happens, and whoever made them makes others
for the next who asks. To give each a copy of its own would take five times as long.

This module loads ``http.cookies``, and so ``http``: import it when somebody asks for cookies.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any, Final

from .morsels import has_control, with_value

#: What changes a Morsel.
_CHANGES: Final = (
    "__delitem__",
    "__ior__",
    "__setitem__",
    "__setstate__",
    "clear",
    "pop",
    "popitem",
    "set",
    "setdefault",
    "update",
)


class SentMorsels:
    """The Morsels of what a request is sent, by name: of several with one name the first.

    Those without a name are left out, and what Morsels do not take.
    """

    __slots__ = ("_by_name", "is_changed")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._by_name: dict[str, Morsel[str]] = {}
        #: Did somebody change one of them?
        self.is_changed = False
        for name, coded in pairs:
            if name and name not in self._by_name and not has_control(name + coded):
                morsel = SentMorsel()
                with suppress(CookieError):  # a Python that is stricter than those which we know
                    self._by_name[name] = with_value(morsel, name, coded)
                    morsel.group = self

    def cookies(self) -> SimpleCookie:
        """A collection of them."""
        found = SimpleCookie()
        dict.update(found, self._by_name)  # its own way would look at each of them
        return found


class SentMorsel(Morsel[str]):
    """Tells when it is changed."""

    group: SentMorsels | None = None


def _telling(change: Callable[..., Any]) -> Callable[..., Any]:
    def tell(self: SentMorsel, *args: Any, **named: Any) -> Any:
        if self.group is not None:
            self.group.is_changed = True
        return change(self, *args, **named)

    return tell


for _name in _CHANGES:
    setattr(SentMorsel, _name, _telling(getattr(Morsel, _name)))

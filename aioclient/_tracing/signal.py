"""A list of functions that are told of one kind of event."""

from collections.abc import Awaitable, Callable, Iterable, MutableSequence
from typing import Generic, TypeAlias, TypeVarTuple, cast, overload

_Args = TypeVarTuple("_Args")
_Handler: TypeAlias = Callable[[*_Args], Awaitable[object]]


class Signal(MutableSequence[_Handler[*_Args]], Generic[*_Args]):
    """Coroutine functions to be called with the same arguments: a list, until it is frozen.

    Raises TypeError for what is no function, RuntimeError for a change after `freeze`.
    """

    __slots__ = ("_handlers", "_is_frozen")

    def __init__(self) -> None:
        self._handlers: list[_Handler[*_Args]] = []
        self._is_frozen = False

    @property
    def frozen(self) -> bool:
        """Can it not be changed any more?"""
        return self._is_frozen

    def freeze(self) -> None:
        """Change no more, and be ready to send."""
        self._is_frozen = True

    async def send(self, *args: *_Args) -> None:
        """Call each with these arguments, and await it before the next is called.

        An exception of one goes to the caller, and the next are not called. RuntimeError before
        `freeze`.
        """
        if not self._is_frozen:
            raise RuntimeError("a signal is sent only after it was frozen")
        for handler in self._handlers:
            await handler(*args)

    def __call__(self, handler: _Handler[*_Args]) -> _Handler[*_Args]:
        """As a decorator: the same as `append`."""
        self.append(handler)
        return handler

    # --- the list --------------------------------------------------------------------------------

    def insert(self, index: int, value: _Handler[*_Args]) -> None:
        """Put one before the one that has this index now."""
        self._check_changeable()
        _check(value)
        self._handlers.insert(index, value)

    def __len__(self) -> int:
        return len(self._handlers)

    @overload
    def __getitem__(self, index: int) -> _Handler[*_Args]: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Handler[*_Args]]: ...
    def __getitem__(self, index: int | slice) -> _Handler[*_Args] | list[_Handler[*_Args]]:
        return self._handlers[index]

    @overload
    def __setitem__(self, index: int, value: _Handler[*_Args]) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[_Handler[*_Args]]) -> None: ...
    def __setitem__(
        self,
        index: int | slice,
        value: _Handler[*_Args] | Iterable[_Handler[*_Args]],
    ) -> None:
        self._check_changeable()
        if not isinstance(index, slice):
            _check(value)
            self._handlers[index] = cast("_Handler[*_Args]", value)
            return
        handlers = list(cast("Iterable[_Handler[*_Args]]", value))
        for each in handlers:
            _check(each)
        self._handlers[index] = handlers

    def __delitem__(self, index: int | slice) -> None:
        self._check_changeable()
        del self._handlers[index]

    def __repr__(self) -> str:
        # Not the functions: a partial one would show what it holds.
        return f"<{type(self).__name__} frozen={self._is_frozen} handlers={len(self)}>"

    def _check_changeable(self) -> None:
        if self._is_frozen:
            raise RuntimeError("a signal cannot be changed any more once it was frozen")


def _check(handler: object) -> None:
    if not callable(handler):
        raise TypeError(f"a handler must be callable, not {type(handler).__name__}")

"""Puts a mutant into a running process: only the function it changes is exchanged, so that nothing is imported again.

What a module works out while it is imported (constants, patterns, classes) cannot be exchanged in this way, for others
have taken it already; there `Reimport` lets the whole house be imported anew from the mutated text.
"""

import gc
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType, ModuleType

Name = tuple[str, int]
"""A function: its qualified name and its first line."""


def functions_changed(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The outermost functions whose code differs; None where something outside a function does."""
    if _surface(before) != _surface(after):
        return None
    found = []
    for old, new in zip(_inner(before), _inner(after), strict=True):
        if old.co_flags & CO_OPTIMIZED:
            if _meaning(old) == _meaning(new):
                continue
            if old.co_freevars != new.co_freevars:
                return None
            found.append((old, new))
        else:
            deeper = functions_changed(old, new)
            if deeper is None:
                return None
            found += deeper
    return found


def exchange(pairs: list[tuple[CodeType, CodeType]], path: str) -> int:
    """Gives every living function made from the old code the new one; returns how many there were."""
    wanted = {(old.co_qualname, old.co_firstlineno, _meaning(old)): new for old, new in pairs}
    done = 0
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename == path:
            code = one.__code__
            new = wanted.get((code.co_qualname, code.co_firstlineno, _meaning(code)))
            if new is not None:
                one.__code__ = new
                done += 1
    return done


def forget_what_was_worked_out() -> None:
    """Empties the caches of this project's functions: what they remember was worked out by the right code."""
    for one in gc.get_objects():
        if isinstance(one, _lru_cache_wrapper) and one.__module__.startswith("voicedesk"):
            one.cache_clear()


class Reimport(MetaPathFinder):
    """Reads one module from a text given, and the others from disk."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module whose file was mutated, with the mutated text; None for any other."""
        if not name.startswith("voicedesk"):
            return None
        spec = PathFinder.find_spec(name, path, target)  # type: ignore[arg-type]
        if spec is None or spec.origin != self._path:
            return None
        spec.loader = _Mutated(name, self._path, self._text)
        return spec


class _Mutated(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, _fullname: str) -> CodeType:  # never the compiled file beside the source
        return compile(self._text, self.path, "exec", dont_inherit=True)


def forget_the_house() -> None:
    """Lets everything of this project be imported again."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("voicedesk", "tests"):
            del sys.modules[name]


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (one for one in code.co_consts if isinstance(one, CodeType))


def _surface(code: CodeType) -> tuple[object, ...]:
    """What a piece of code does by itself, without the functions in it."""
    consts = tuple("code" if isinstance(one, CodeType) else (type(one), repr(one)) for one in code.co_consts)
    return (
        *(code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        *(code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_exceptiontable),
    )


def _meaning(code: CodeType) -> tuple[object, ...]:
    return (_surface(code), *(_meaning(one) for one in _inner(code)))

"""Mutated code in the place of the original, in a process that has imported and handed round the original already."""

import ast
import sys
from types import FunctionType, ModuleType
from typing import Any


def transplant(module: str, tree: ast.Module) -> None:
    """Make a module that is imported behave as a tree in which one statement differs from its source.

    Functions and classes stay the objects that they are, since others hold them: they are given the code, the defaults
    and the attributes of the new ones. Other names of the module get new values, also where others imported them.
    """
    here = sys.modules[module]
    changed = statement_that_differs(here, tree)
    names = {**vars(here)}
    exec(compile(ast.Module([changed], []), str(here.__file__), "exec"), names)  # the code of this project itself
    if isinstance(changed, ast.FunctionDef | ast.ClassDef):
        give(vars(here)[changed.name], names[changed.name], set())
        return
    for name, value in names.items():
        if name in vars(here) and value is not vars(here)[name]:
            replace(name, vars(here)[name], value)


def statement_that_differs(module: ModuleType, tree: ast.Module) -> ast.stmt:
    """The one statement of the module's own that is not as in its source."""
    with open(str(module.__file__), encoding="utf-8") as file:
        original = ast.parse(file.read())
    pairs = zip(original.body, tree.body, strict=True)
    return next(new for old, new in pairs if ast.dump(old) != ast.dump(new))


def replace(name: str, old: Any, new: Any) -> None:
    """Another value for a name, in all modules that hold the old one under it."""
    for module in list(sys.modules.values()):
        if vars(module).get(name) is old and (module.__name__ or "").startswith(("boltzmann_rl", "test_")):
            setattr(module, name, new)


def give(old: Any, new: Any, seen: set[int]) -> None:
    """The code of a new function, or all attributes of a new class, to the old one; and so for what they wrap."""
    if old is new or id(old) in seen:
        return
    seen.add(id(old))
    if hasattr(old, "cache_clear"):
        old.cache_clear()
    if isinstance(old, type):
        give_class(old, new, seen)
    elif isinstance(old, property):
        for part in ("fget", "fset"):
            give(getattr(old, part), getattr(new, part), seen)
    elif isinstance(old, FunctionType):
        for before, after in zip(old.__closure__ or (), new.__closure__ or (), strict=False):
            if isinstance(before.cell_contents, FunctionType | type):
                give(before.cell_contents, after.cell_contents, seen)
        if len(old.__code__.co_freevars) != len(new.__code__.co_freevars):
            raise NotImplementedError("a closure over other names")
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    if hasattr(old, "__wrapped__"):
        give(old.__wrapped__, new.__wrapped__, seen)
    if isinstance(old, staticmethod | classmethod):
        give(old.__func__, new.__func__, seen)


def give_class(old: type, new: type, seen: set[int]) -> None:
    """Functions stay the same objects, with new code; other attributes are replaced."""
    for name, value in list(vars(new).items()):
        if name in ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__slots__"):
            continue
        if isinstance(vars(old).get(name), FunctionType | property | staticmethod | classmethod):
            give(vars(old)[name], value, seen)
        else:
            type.__setattr__(old, name, value)
    for name in set(vars(old)) - set(vars(new)) - {"__abstractmethods__"}:
        type.__delattr__(old, name)

"""Source for the key of a cell: the normalised text of functions and modules, and what an installation owns."""

import ast
import functools
import hashlib
import importlib.util
import itertools
import linecache
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

_STANDARD = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
_STANDARD |= {folder / "lib-dynload" for folder in _STANDARD}

# Methods that change what they are called on.
_CHANGING = {"add", "append", "clear", "discard", "extend", "fill", "insert", "pop", "popitem", "remove", "reverse"}
_CHANGING |= {"setdefault", "sort", "update"}

_FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda
_LEAVES = ast.Name, ast.Constant
_DOCUMENTED = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef

_HAS_DOCSTRING = 0x4000000  # inspect.CO_HAS_DOCSTRING, since Python 3.13


def owner_of(module: str) -> str | None:
    """The distribution that a module is installed from, with its version; "" for the standard library, None for source.

    Installed are the modules below a folder of installed packages. An editable install is source.

    Example:
        >>> owner_of("math"), owner_of("__main__")
        ('', None)
    """
    return _owner(module.partition(".")[0])


def is_standard(path: str) -> bool:
    """Whether an entry of ``sys.path`` is Python's own, or a folder of installed packages."""
    place = Path(path)
    if place.name in ("site-packages", "dist-packages") or (place.suffix == ".zip" and place.stem.startswith("python")):
        return True
    return place.resolve() in _STANDARD


@functools.cache
def _owner(package: str) -> str | None:
    place = None if package in ("__main__", "__mp_main__") else _place(package)
    if place is None:
        return "" if package in sys.stdlib_module_names else None
    folder = place.parent
    if folder.resolve() in _STANDARD or (package in sys.stdlib_module_names and not folder.is_dir()):
        return ""
    if folder.name not in ("site-packages", "dist-packages") and not any(folder.glob("*.dist-info")):
        return None
    from importlib import metadata  # imported here: declaring an experiment does not need it

    same_name = metadata.distributions(name=package, path=[str(folder)])
    others = (one for one in metadata.distributions(path=[str(folder)]) if package in _packages(one))
    found = next(itertools.chain(same_name, others), None)
    return None if found is None else f"{found.name} {found.version}"


def _place(package: str) -> Path | None:
    """The folder or file of a top-level package or module."""
    loaded = sys.modules.get(package)
    file, folders = getattr(loaded, "__file__", None), list(getattr(loaded, "__path__", ()))
    if loaded is None:
        with suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(package)
            file = spec.origin if spec is not None and spec.has_location else None
            folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    place = next(iter(folders), file)
    return None if place is None else Path(place)


def _packages(found: Any) -> set[str]:
    return {file.parts[0].partition(".")[0] for file in found.files or ()}


class _File(NamedTuple):
    """The functions of a file by name and first line, as syntax trees and as code."""

    nodes: dict[tuple[str, int], list[Any]]
    codes: dict[tuple[str, int], list[CodeType]]


_texts: dict[int, tuple[CodeType, str]] = {}  # by id: two functions with equal code may have other decorators


def text_of(code: CodeType) -> str:
    """The source of a function with its decorators, without comments, docstrings and annotations.

    If there is no source, or the file does not hold the source that was loaded, its bytecode.
    """
    if id(code) not in _texts:
        _texts[id(code)] = code, _source(code) or repr(_bytecode(code))
    return _texts[id(code)][1]


def changed_in(code: CodeType) -> frozenset[str]:
    """What functions of the same file change: globals, ``"enclosed name"`` of what they enclose, and their attributes.

    ``"name.attribute"`` is assigned to; of ``"name.attribute()"`` items are assigned to, or a changing method is
    called; ``"name.attribute[]()"`` is the same of its items.
    """
    return changed_by(code.co_filename)


def changed_by(file: str) -> frozenset[str]:
    """What functions of a file change, as `changed_in`."""
    return _changed_in(file, _lines(file))


@functools.lru_cache(maxsize=512)
def _changed_in(name: str, lines: tuple[str, ...]) -> frozenset[str]:
    file, found = _file(name, lines), set[str]()
    for place, functions in file.nodes.items():
        enclosed = {name for code in file.codes.get(place, ()) for name in code.co_freevars}
        changed = {name for function in functions for name in _changed(function)}
        found |= {f"enclosed {name}" if _root(name) in enclosed else name for name in changed}
    return frozenset(found)


def module_text(file: str) -> tuple[str, tuple[str, ...]]:
    """The normalised source of a module's file, and the names of the modules that it may import.

    Raises:
        SyntaxError: It is no valid source.
    """
    return _whole(_lines(file))


@functools.lru_cache(maxsize=512)
def _whole(lines: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse("".join(lines))
    names = set[str]()
    for node in _walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start, inside = "." * node.level + (node.module or ""), "." * (node.module is not None)
            names |= {start, *(f"{start}{inside}{alias.name}" for alias in node.names)}
    return ast.unparse(_plain(tree)), tuple(sorted(names))


def digest(*texts: str) -> str:
    """A hash of texts: sixteen digits."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _lines(file: str) -> tuple[str, ...]:
    linecache.checkcache(file)
    return tuple(linecache.getlines(file))


def _source(code: CodeType) -> str:
    place = code.co_name, code.co_firstlineno
    file = _file(code.co_filename, _lines(code.co_filename))
    nodes, codes = file.nodes.get(place, []), file.codes.get(place, [])
    if len(nodes) != 1 or code not in codes:
        return ""
    return ast.unparse(_plain(nodes[0]))


@functools.lru_cache(maxsize=512)
def _file(name: str, lines: tuple[str, ...]) -> _File:
    nodes: dict[tuple[str, int], list[Any]] = {}
    codes: dict[tuple[str, int], list[CodeType]] = {}
    text = "".join(lines)
    try:
        tree = ast.parse(text)
        compiled = _compiled(name, text, tree)
    except (SyntaxError, ValueError):  # such as a cell of a notebook with a command of its own
        return _File({}, {})
    for node in _walk(tree):
        if type(node) in _FUNCTIONS:
            decorators = getattr(node, "decorator_list", [])
            line = min(part.lineno for part in (node, *decorators))
            nodes.setdefault((getattr(node, "name", "<lambda>"), line), []).append(node)
    for code in (inner for one in compiled for inner in _codes(one)):
        codes.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    return _File(nodes, codes)


def _compiled(name: str, text: str, tree: ast.Module) -> list[CodeType]:
    """The code of a file; from Python's cache if that is there, since compiling takes longer.

    A cell of a notebook is compiled as a whole and also by statements, as IPython does: the code differs.
    """
    with suppress(OSError, ImportError, NotImplementedError):
        if os.path.exists(name) and os.path.exists(importlib.util.cache_from_source(name)):
            return [SourceFileLoader("_", name).get_code("_")]  # type: ignore[list-item]  # None for extensions only
    parts: list[Any] = [text]
    if not os.path.exists(name):
        parts += [ast.Module([statement], []) for statement in tree.body]
    return [compile(part, name, "exec", dont_inherit=True) for part in parts]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _changed(function: Any) -> set[str]:
    """What a function assigns to or changes, other than its own variables: see `changed_in`."""
    own, outer, changed = set[str](), set[str](), set[str]()
    for node in _walk(function):
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is ast.Store:
                own.add(node.id)
        elif kind is ast.Attribute:
            if type(node.ctx) is not ast.Load:
                changed.add(_path(node))
        elif kind is ast.Call:
            if type(node.func) is ast.Attribute and node.func.attr in _CHANGING:
                changed.add(f"{_path(node.func.value)}()")
        elif kind is ast.Subscript:
            if type(node.ctx) is not ast.Load:
                changed.add(f"{_path(node.value)}()")
        elif kind is ast.arg:
            own.add(node.arg)
        elif kind in (ast.Global, ast.Nonlocal):
            outer |= set(node.names)
    return outer | {path for path in changed if _root(path) not in own}


def _path(node: Any) -> str:
    """``name.attribute`` as far as there are attributes only, then ``[]``: of ``a.b[0].c`` it is ``a.b[]``."""
    names, items = list[str](), ""
    while isinstance(node, ast.Subscript | ast.Attribute):
        names, items = ([node.attr, *names], items) if isinstance(node, ast.Attribute) else ([], "[]")
        node = node.value
    return ".".join((node.id, *names)) + items if isinstance(node, ast.Name) else ""


def _root(path: str) -> str:
    return re.split(r"\W", path, maxsplit=1)[0]


def _walk(tree: ast.AST) -> Iterator[Any]:
    """A node and all nodes below it, parents first: `ast.walk` in less than half of the time.

    The contexts of names, such as ``ast.Load()``, are left out.
    """
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in () if type(node) in _LEAVES else node._fields:
            part = getattr(node, name, None)
            if type(part) is list:
                waiting += [each for each in part if isinstance(each, ast.AST)]
            elif isinstance(part, ast.AST):
                waiting.append(part)


def _plain(tree: Any) -> Any:
    """The tree, from which is dropped what does not matter: docstrings and annotations."""
    for node in _walk(tree):
        kind = type(node)
        if isinstance(node, ast.expr):  # most nodes are; in them are only lambdas, whose arguments have no annotations
            continue
        if kind in _DOCUMENTED:
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            for name in ("returns", "type_params"):
                if getattr(node, name, None):
                    setattr(node, name, [] if name == "type_params" else None)
        elif kind is ast.arg:
            node.annotation = None
        for name, part in vars(node).items():
            if type(part) is list and any(type(each) is ast.AnnAssign for each in part):
                setattr(node, name, list(map(_assignment, part)))
    return tree


def _assignment(statement: Any) -> Any:
    """An assignment without its annotation; any other statement as it is."""
    if type(statement) is not ast.AnnAssign:
        return statement
    target, value = statement.target, statement.value
    plain = ast.Expr(target) if value is None else ast.Assign([target], value)
    return ast.copy_location(plain, statement)


def _bytecode(code: CodeType) -> tuple[Any, ...]:
    """What code does, without its place and its docstring."""
    documented = code.co_flags & _HAS_DOCSTRING if sys.version_info >= (3, 13) else not code.co_name.startswith("<")
    constants = list(map(_constant, code.co_consts))
    if documented and constants and isinstance(constants[0], str):
        constants[0] = None
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_HAS_DOCSTRING
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_code, constants, names, counts, code.co_exceptiontable


def _constant(constant: Any) -> Any:
    if isinstance(constant, CodeType):
        return _bytecode(constant)
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))  # not in the order of hashes, which differ between processes
    return constant

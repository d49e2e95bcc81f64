"""The mutants of a module: its syntax tree with one expression or statement changed."""

import ast
import copy
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "boltzmann_rl"
EQUIVALENT = tomllib.loads(Path(__file__).with_name("equivalent_mutants.toml").read_text("utf-8"))

# The replacements of each operator, and of names of functions.
SWAPS: dict[type, list[type]] = {
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Mult], ast.Mod: [ast.Mult], ast.Pow: [ast.Mult], ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
}  # fmt: skip
_PAIRS = "all/any min/max minimum/maximum argmin/argmax zeros/ones isneginf/isposinf floor/ceil exp/expm1 log/log1p"
NAMES = dict(itertools.chain.from_iterable(((a, b), (b, a)) for a, b in (pair.split("/") for pair in _PAIRS.split())))


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change of a module: its place, and the statement before and after."""

    module: str
    function: str
    lines: range
    before: str
    after: str
    tree: ast.Module
    place: tuple[ast.AST, ast.AST, ast.AST]  # parent, node, variant

    def made(self) -> ast.Module:
        """The tree with the change. It is not undone, so call this in a separate process."""
        put(*self.place)
        return ast.fix_missing_locations(self.tree)

    def __str__(self) -> str:
        return f"{PACKAGE}/{self.module.replace('.', '/')}.py:{self.lines.start} [{self.function}] {self.change}"

    @property
    def change(self) -> str:
        """The statement before and after."""
        return f"{self.before} => {self.after}"

    @property
    def equivalent(self) -> bool:
        """Whether it is listed as a mutant that no test can tell from the original."""
        return self.change in EQUIVALENT.get(f"{self.module}:{self.function}", {})


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """The possible replacements of a node."""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.BinOp() | ast.AugAssign():
            yield from swapped(node)
            if isinstance(node, ast.AugAssign):
                yield ast.Pass()
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            for other in dict.fromkeys([number + 1, number - 1 if isinstance(number, int) else 2 * number]):
                if other != number:
                    yield ast.Constant(other)
        case ast.Constant(value="left" | "right"):
            yield ast.Constant("left" if node.value == "right" else "right")
        case ast.Attribute(attr=name) if name in NAMES:
            yield ast.Attribute(node.value, NAMES[name], node.ctx)
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield ast.Call(ast.Name(NAMES[name], ast.Load()), node.args, node.keywords)
        case ast.If() | ast.While() | ast.IfExp() if not isinstance(node.test, ast.Compare):
            changed = copy.copy(node)
            changed.test = ast.UnaryOp(ast.Not(), node.test)
            yield changed
        case ast.Raise() | ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()
    if isinstance(node, ast.Call) and any(keyword.arg == "axis" for keyword in node.keywords):
        yield ast.Call(node.func, node.args, [keyword for keyword in node.keywords if keyword.arg != "axis"])


def swapped(node: Any) -> Iterator[ast.AST]:
    """The same node with another operator; in a chain of comparisons, one at a time."""
    if not isinstance(node, ast.Compare):
        for other in SWAPS.get(type(node.op), []):
            changed = copy.copy(node)
            changed.op = other()
            yield changed
        return
    for position, operator in enumerate(node.ops):
        for other in SWAPS.get(type(operator), []):
            changed = copy.copy(node)
            changed.ops = [*node.ops[:position], other(), *node.ops[position + 1 :]]
            yield changed


def places(node: ast.AST, function: str = "", statement: Any = None) -> Iterator[tuple[ast.AST, str, Any, ast.AST]]:
    """Every place that may be changed: (parent, function, enclosing statement, node)."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params") or (
            isinstance(node, ast.Raise) and name in ("exc", "cause")
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr):
                continue
            around = child if isinstance(child, ast.stmt) else statement
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            yield node, function, around, child
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            yield from places(child, f"{function}.{child.name}".lstrip(".") if named else function, around)


def header(statement: ast.stmt) -> str:
    """A statement on one line, without its nested statements and its docstring."""
    shown = copy.copy(statement)
    for block in ("body", "orelse", "finalbody", "handlers"):
        if isinstance(getattr(shown, block, None), list):
            setattr(shown, block, [ast.Pass()] if block == "body" else [])
    return " ".join(ast.unparse(ast.fix_missing_locations(shown)).removesuffix("\n    pass").split())


def mutants(module: str) -> Iterator[Mutant]:
    """All mutants of a module; they share its tree."""
    tree = ast.parse(source_of(module).read_text("utf-8"))
    for parent, function, statement, node in list(places(tree)):
        before = header(statement)
        end = statement.body[0].lineno - 1 if hasattr(statement, "body") else statement.end_lineno
        lines = range(statement.lineno, max(end, statement.lineno) + 1)
        for variant in variants(node):
            ast.copy_location(variant, node)
            put(parent, node, variant)
            after = header(variant if isinstance(variant, ast.stmt) else statement)
            put(parent, variant, node)
            yield Mutant(module, function, lines, before, after, tree, (parent, node, variant))


def put(parent: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Replace a child of a node."""
    for name, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, name, new)
        elif isinstance(value, list):
            value[:] = [new if item is old else item for item in value]


def source_of(module: str) -> Path:
    """The file of a module of the package."""
    return ROOT / PACKAGE / f"{module.replace('.', '/')}.py"

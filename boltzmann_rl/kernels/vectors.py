"""Vectors of eight numbers for compiled code: the same lines run on one number or on eight.

Arithmetic, comparisons and `where` work on vectors of `WIDTH` floats, and broadcast scalars. The compiler uses the
processor's instructions for two, four or eight at a time. Each function is defined in NumPy first
(``NUMBA_DISABLE_JIT=1`` runs that, on arrays of eight); the code that the compiler emits for it follows below.
"""

import inspect
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from boltzmann_rl.kernels.jit import MISSING

try:
    from llvmlite import ir
    from numba import types
    from numba.extending import lower_builtin, models, register_model, type_callable
except ImportError as error:
    raise ImportError(MISSING) from error

WIDTH = 8


def aligned(shape: tuple[int, ...], numbers: Any = 0.0) -> Any:
    """An array of floats aligned to vectors, so that eight are read at once instead of in two pieces.

    With None for its numbers it is not filled.
    """
    size = math.prod(shape)
    room = np.empty(size + WIDTH)
    first = -room.__array_interface__["data"][0] // room.itemsize % WIDTH
    array = room[first : first + size].reshape(shape)
    if numbers is not None:
        array[...] = numbers
    return array


def eight(x):  # type: ignore[no-untyped-def]
    """A number in all lanes."""
    return np.full(WIDTH, x)


def lanes_from(first):  # type: ignore[no-untyped-def]
    """Consecutive integers, from ``first``."""
    return np.arange(first, first + WIDTH)


def counted(x):  # type: ignore[no-untyped-def]
    """Floats as integers."""
    return x.astype(np.int64)


def floats_of(x):  # type: ignore[no-untyped-def]
    """Integers as floats."""
    return x.astype(np.float64)


def root(x):  # type: ignore[no-untyped-def]
    """Square roots, rounded once."""
    return np.sqrt(x)


def sum_of(x):  # type: ignore[no-untyped-def]
    """The sum of the lanes, by pairwise halving."""
    while len(x) > 1:
        x = x[: len(x) // 2] + x[len(x) // 2 :]
    return x[0]


def flat(array):  # type: ignore[no-untyped-def]
    """All numbers of an array; in compiled code a pointer to them."""
    return array.reshape(-1)


def beyond(numbers, first):  # type: ignore[no-untyped-def]
    """The numbers from an index on."""
    return numbers[first:]


def load(numbers, first):  # type: ignore[no-untyped-def]
    """Eight numbers from an index on."""
    return numbers[first : first + WIDTH].copy()


def load_apart(numbers, first, apart):  # type: ignore[no-untyped-def]
    """Eight floats from an index on, ``apart`` places apart."""
    return numbers[first : first + WIDTH * apart : apart].astype(np.float64)


def store(numbers, first, x):  # type: ignore[no-untyped-def]
    """Write eight numbers from an index on."""
    numbers[first : first + WIDTH] = x


def gather(numbers, cells):  # type: ignore[no-untyped-def]
    """The floats at some indices."""
    return numbers[cells]


def scatter(numbers, cells, x):  # type: ignore[no-untyped-def]
    """Write floats at some indices."""
    numbers[cells] = x


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, and ``y`` elsewhere."""
    return np.where(condition, x, y)


def any_of(condition):  # type: ignore[no-untyped-def]
    """Whether a condition holds in any lane."""
    return bool(np.any(condition))


def turned(x, by):  # type: ignore[no-untyped-def]
    """Integers with their bits rotated to the right, each by its own number of places."""
    bits, by = x.view(np.uint64), by.view(np.uint64)
    return (bits >> by | bits << (64 - by) % 64).view(np.int64)


def leading(condition):  # type: ignore[no-untyped-def]
    """The number of leading lanes in which a condition holds."""
    return int(np.append(condition, False).argmin())


def bits_of(x: Any) -> Any:
    """The bits of a float as an integer."""
    return np.asarray(x, dtype=np.float64).view(np.int64)


def float_of(bits: Any) -> Any:
    """The float with these bits."""
    return np.asarray(bits, dtype=np.int64).view(np.float64)


class _Vector(types.Type):
    """`WIDTH` numbers of a kind."""

    def __init__(self, element: Any) -> None:
        super().__init__(name=f"{element} x {WIDTH}")
        self.element = element


_FLOATS, _INTEGERS, _TRUTHS = _Vector(types.float64), _Vector(types.int64), _Vector(types.boolean)
_ELEMENTS = {types.float64: ir.DoubleType(), types.int64: ir.IntType(64), types.boolean: ir.IntType(1)}
_CODE = {vector: ir.VectorType(_ELEMENTS[vector.element], WIDTH) for vector in (_FLOATS, _INTEGERS, _TRUTHS)}
_LANES = [ir.IntType(32)(lane) for lane in range(WIDTH)]


@register_model(_Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: _Vector) -> None:
        super().__init__(manager, vector, _CODE[vector])


def _spread(builder: Any, x: Any) -> Any:
    """A number broadcast to a vector; a vector unchanged."""
    if isinstance(x.type, ir.VectorType):
        return x
    first = builder.insert_element(ir.Constant(ir.VectorType(x.type, WIDTH), ir.Undefined), x, _LANES[0])
    return _shuffled(builder, first, [0] * WIDTH)


def _shuffled(builder: Any, x: Any, lanes: Iterable[int]) -> Any:
    chosen = [_LANES[lane] for lane in lanes]
    return builder.shuffle_vector(x, x, ir.Constant(ir.VectorType(ir.IntType(32), len(chosen)), chosen))


def _compile(function: Callable[..., Any], gives: Callable[..., Any], emit: Callable[..., Any], *kinds: Any) -> None:
    """Tell Numba the result type of a function and the code to emit for it, for arguments of the given kinds.

    Integers must have 64 bits: in an address, narrower ones would be extended as signed.
    """

    def typed(*given: Any) -> Any:
        indexed = all(x is types.int64 for x in given if isinstance(x, types.Integer))
        return gives(*given) if indexed else None

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = emit(builder, *arguments)
        return context.get_dummy_value() if made is None else made

    typed.__signature__ = inspect.signature(gives)  # type: ignore[attr-defined]
    type_callable(function)(lambda context: typed)
    lower_builtin(function, *kinds)(code)


def _compile_operator(name: str, vector: _Vector, gives: _Vector, instruction: str, *first: str) -> None:
    """An operator between two vectors of a kind, and between a vector and a number."""
    pairs = (vector, vector), (vector, vector.element), (vector.element, vector)

    def typed(x: Any, y: Any) -> Any:
        return gives if (types.unliteral(x), types.unliteral(y)) in pairs else None

    def emit(builder: Any, x: Any, y: Any) -> Any:
        return getattr(builder, instruction)(*first, _spread(builder, x), _spread(builder, y))

    for pair in pairs:
        _compile(getattr(operator, name), typed, emit, *pair)
    if gives is vector:
        type_callable(getattr(operator, f"i{name.rstrip('_')}"))(lambda context: typed)  # by the code of x + y


for _name, _instruction in ("add", "fadd"), ("sub", "fsub"), ("mul", "fmul"), ("truediv", "fdiv"):
    _compile_operator(_name, _FLOATS, _FLOATS, _instruction)
for _name in ("add", "sub", "mul", "and_", "xor"):
    _compile_operator(_name, _INTEGERS, _INTEGERS, _name)
for _name, _instruction in ("lshift", "shl"), ("rshift", "ashr"):
    _compile_operator(_name, _INTEGERS, _INTEGERS, _instruction)
for _name, _symbol in ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "=="):
    _compile_operator(_name, _FLOATS, _TRUTHS, "fcmp_ordered", _symbol)
    _compile_operator(_name, _INTEGERS, _TRUTHS, "icmp_signed", _symbol)
for _name in ("and_", "or_"):
    _compile_operator(_name, _TRUTHS, _TRUTHS, _name)

_compile(operator.neg, {_FLOATS: _FLOATS}.get, lambda builder, x: builder.fneg(x), _FLOATS)


def _where(builder: Any, condition: Any, x: Any, y: Any) -> Any:
    if isinstance(condition.type, ir.VectorType):
        x, y = _spread(builder, x), _spread(builder, y)
    return builder.select(condition, x, y)


def _where_type(condition: Any, x: Any, y: Any) -> Any:
    x, y = types.unliteral(x), types.unliteral(y)
    if condition is not _TRUTHS:
        return x if x == y else None
    vector = next((side for side in (x, y) if isinstance(side, _Vector)), _FLOATS)
    return vector if {x, y} <= {vector, vector.element} else None


def _sum(builder: Any, x: Any) -> Any:
    half = WIDTH // 2
    while half:
        low, high = (_shuffled(builder, x, range(first, first + half)) for first in (0, half))
        x, half = builder.fadd(low, high), half // 2
    return builder.extract_element(x, _LANES[0])


def _root(builder: Any, x: Any) -> Any:
    kind = f"v{WIDTH}f64" if isinstance(x.type, ir.VectorType) else "f64"
    function = ir.FunctionType(x.type, [x.type])
    return builder.call(builder.module.declare_intrinsic(f"llvm.sqrt.{kind}", (), function), [x])


def _turned(builder: Any, x: Any, by: Any) -> Any:
    function = ir.FunctionType(x.type, [x.type] * 3)
    return builder.call(builder.module.declare_intrinsic(f"llvm.fshr.v{WIDTH}i64", (), function), [x, x, by])


def _leading(builder: Any, condition: Any) -> Any:
    bits = builder.zext(builder.bitcast(condition, ir.IntType(WIDTH)), ir.IntType(64))
    return builder.cttz(builder.not_(bits), ir.IntType(1)(1))


def _any(builder: Any, condition: Any) -> Any:
    bits = ir.IntType(WIDTH)
    return builder.icmp_unsigned("!=", builder.bitcast(condition, bits), bits(0))


def _reread(builder: Any, x: Any, element: Any) -> Any:
    return builder.bitcast(x, ir.VectorType(element, WIDTH) if isinstance(x.type, ir.VectorType) else element)


def _start(builder: Any, numbers: Any, first: Any, vector: Any) -> Any:
    return builder.bitcast(builder.gep(numbers, [first]), vector.as_pointer())


def _load(builder: Any, numbers: Any, first: Any) -> Any:
    kind = ir.VectorType(numbers.type.pointee, WIDTH)
    return builder.load(_start(builder, numbers, first, kind), align=8, typ=kind)


def _store(builder: Any, numbers: Any, first: Any, x: Any) -> None:
    builder.store(x, _start(builder, numbers, first, x.type), align=8)


def _load_apart(builder: Any, numbers: Any, first: Any, apart: Any) -> Any:
    found = ir.Constant(_CODE[_FLOATS], ir.Undefined)
    for lane in _LANES:
        x = builder.load(builder.gep(numbers, [first]))
        x = x if x.type == ir.DoubleType() else builder.fpext(x, ir.DoubleType())
        found, first = builder.insert_element(found, x, lane), builder.add(first, apart)
    return found


def _gather(builder: Any, numbers: Any, cells: Any) -> Any:
    found = ir.Constant(_CODE[_FLOATS], ir.Undefined)
    for lane in _LANES:
        x = builder.load(builder.gep(numbers, [builder.extract_element(cells, lane)]))
        found = builder.insert_element(found, x, lane)
    return found


def _scatter(builder: Any, numbers: Any, cells: Any, x: Any) -> None:
    for lane in _LANES:
        builder.store(builder.extract_element(x, lane), builder.gep(numbers, [builder.extract_element(cells, lane)]))


@lower_builtin(flat, types.Array)
def _flat(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return context.make_array(signature.args[0])(context, builder, arguments[0]).data


type_callable(flat)(lambda context: lambda array: types.CPointer(array.dtype) if array.layout == "C" else None)

_F, _I, _P = types.CPointer(types.float64), types.Integer, types.CPointer
_EITHER = {types.float64: types.int64, _FLOATS: _INTEGERS}
_OTHER = {other: one for one, other in _EITHER.items()}
_VECTORS, _REALS = {types.float64: _FLOATS, types.int64: _INTEGERS}, (types.float64, types.float32)

_compile(eight, _VECTORS.get, _spread, types.Number)
_compile(where, _where_type, _where, types.Any, types.Any, types.Any)
_compile(turned, lambda x, by: x if x is by is _INTEGERS else None, _turned, _INTEGERS, _INTEGERS)
_compile(any_of, {_TRUTHS: types.boolean}.get, _any, _TRUTHS)
_compile(leading, {_TRUTHS: types.int64}.get, _leading, _TRUTHS)
_compile(sum_of, {_FLOATS: types.float64}.get, _sum, _FLOATS)
_compile(counted, {_FLOATS: _INTEGERS}.get, lambda builder, x: builder.fptosi(x, _CODE[_INTEGERS]), _FLOATS)
_compile(floats_of, {_INTEGERS: _FLOATS}.get, lambda builder, x: builder.sitofp(x, _CODE[_FLOATS]), _INTEGERS)
_compile(
    lanes_from,
    lambda first: _INTEGERS,
    lambda builder, first: builder.add(_spread(builder, first), ir.Constant(_CODE[_INTEGERS], list(range(WIDTH)))),
    _I,
)
for _float, _integer in _EITHER.items():
    _compile(root, lambda x: x if x in _EITHER else None, _root, _float)
    _compile(bits_of, _EITHER.get, lambda builder, x: _reread(builder, x, ir.IntType(64)), _float)
    _compile(float_of, _OTHER.get, lambda builder, bits: _reread(builder, bits, ir.DoubleType()), _integer)
_compile(beyond, lambda numbers, first: numbers, lambda builder, numbers, first: builder.gep(numbers, [first]), _P, _I)
_compile(load, lambda numbers, first: _VECTORS.get(numbers.dtype), _load, _P, _I)
_compile(load_apart, lambda x, first, apart: _FLOATS if x.dtype in _REALS else None, _load_apart, _P, _I, _I)
_compile(store, lambda numbers, first, x: types.void if numbers.dtype is x.element else None, _store, _P, _I, _Vector)
_compile(gather, lambda numbers, cells: _FLOATS if numbers == _F else None, _gather, _F, _INTEGERS)
_compile(scatter, lambda numbers, cells, x: types.void if numbers == _F else None, _scatter, _F, _INTEGERS, _FLOATS)

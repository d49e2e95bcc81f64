"""The numbers of NumPy's PCG64 generator, bit for bit, eight at a time.

The state of PCG64 has 128 bits and goes from s to a·s + c; a number is the high half ⊕ the low half, rotated right by
the six highest bits (O'Neill 2014, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
Random Number Generation*, §6.3.3, XSL-RR). Eight steps at once are s → a⁸·s + (1 + a + … + a⁷)·c: eight consecutive
states advance side by side. Normals are made from these numbers by the ziggurat method (Marsaglia & Tsang 2000, *The
Ziggurat Method for Generating Random Variables*), with NumPy's layers.
"""

import importlib
import math
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.kernels.jit import available, compiled, inner, placed
from boltzmann_rl.kernels.vectors import (
    WIDTH,
    bits_of,
    flat,
    float_of,
    floats_of,
    gather,
    leading,
    load,
    store,
    turned,
    where,
)

_MULTIPLIER, _MODULUS = 0x2360ED051FC65DA44385DF649FCCF645, 1 << 128

_HALF, _MANTISSA, _LEAST = (1 << 32) - 1, (1 << 52) - 1, -(1 << 63)

# A uniform is the upper 53 bits of a number, times 2⁻⁵³.
_UNITS, _UNIT = (1 << 53) - 1, 2.0**-53

# Sizes of the buffers: of numbers for normals (8 KiB), and of uniforms that are taken one by one.
_WAITING, _UNIFORMS = 1024, 256

# The start of the ziggurat's tail, and its inverse.
_TAIL, _INVERSE = 3.6541528853610087963519472518, 0.27366123732975827203338247596

# A source holds the high halves of eight states, of the factor and of the summand of eight steps, then the low halves.
_FACTOR, _SUMMAND, _LOWS = WIDTH, WIDTH + 1, WIDTH + 2

_POWERS = [pow(_MULTIPLIER, n, _MODULUS) for n in range(WIDTH + 1)]
_SUMS_OF_POWERS = list(accumulate(_POWERS))


class Uniforms(NamedTuple):
    """Uniforms for compiled code to take one by one: a source, a buffer, and the position of the next."""

    source: Any
    waiting: Any
    position: Any


class _Stock(NamedTuple):
    """A buffer of numbers and its position; each layer's width, its part under the curve, and its height."""

    numbers: Any
    position: Any
    widths: Any
    within: Any
    heights: Any


def uniforms(generator: np.random.Generator) -> Callable[[Any], Any]:
    """A function that fills arrays with the uniforms in [0, 1) that a generator would draw next.

    Arrays must hold a multiple of eight numbers. A PCG64 generator is not advanced; any other, or one without Numba,
    draws the numbers itself.

    Example:
        >>> numbers = np.empty((2, 8))
        >>> _ = uniforms(np.random.default_rng(0))(numbers)
        >>> bool((numbers == np.random.default_rng(0).random((2, 8))).all())
        True
    """
    if not _is_known(generator):
        return lambda numbers: generator.random(out=numbers)
    source = _source(generator)

    def fill(numbers: Any) -> None:
        if numbers.size % WIDTH:
            raise ValueError(f"the size of numbers must be a multiple of {WIDTH}, got {numbers.size}")
        _fill_uniforms(source, numbers)

    return fill


def normals(generator: np.random.Generator) -> Callable[[Any], Any]:
    """A function that fills arrays, of any size, with the standard normals that a generator would draw next.

    As `uniforms`; the generator also draws the numbers itself if Numba's copy of NumPy's layers is not found.

    Example:
        >>> numbers = np.empty(5)
        >>> _ = normals(np.random.default_rng(0))(numbers)
        >>> bool((numbers == np.random.default_rng(0).standard_normal(5)).all())
        True
    """
    layers = _layers()
    if layers is None or not _is_known(generator):
        return lambda numbers: generator.standard_normal(out=numbers)
    source, stock = _source(generator), _Stock(np.empty(_WAITING, np.int64), np.full(1, _WAITING), *layers)
    return lambda numbers: _fill_normals(source, stock, numbers)


def _layers() -> Any:
    """The width, the part under the curve and the height of each of NumPy's layers; None if Numba has no copy."""
    try:
        numbers = importlib.import_module("numba.np.random._constants")
        return numbers.wi_double, numbers.ki_double.astype(np.float64), numbers.fi_double
    except (ImportError, AttributeError):
        return None


def _is_known(generator: np.random.Generator) -> bool:
    return available() and type(generator.bit_generator) is np.random.PCG64


def _source(generator: np.random.Generator) -> Any:
    now: Any = generator.bit_generator.state
    state, summand = now["state"]["state"], now["state"]["inc"]
    states = [_POWERS[n + 1] * state + _SUMS_OF_POWERS[n] * summand for n in range(WIDTH)]
    numbers = [x % _MODULUS for x in (*states, _POWERS[WIDTH], _SUMS_OF_POWERS[WIDTH - 1] * summand)]
    return np.array([x >> 64 for x in numbers] + [x % (1 << 64) for x in numbers], dtype=np.uint64).view(np.int64)


def uniforms_of(generator: np.random.Generator) -> Uniforms:
    """The uniforms that a PCG64 generator would draw next, for `next_uniform`; the generator is not advanced."""
    return Uniforms(_source(generator), np.empty(_UNIFORMS), np.full(1, _UNIFORMS))


def advance(generator: np.random.Generator, taken: Uniforms) -> None:
    """Advance a PCG64 generator past the uniforms taken from `uniforms_of(generator)`.

    Example:
        >>> rng, other = np.random.default_rng(0), np.random.default_rng(0)
        >>> advance(rng, uniforms_of(rng))  # none was taken
        >>> rng.random() == other.random()
        True
    """
    bits: Any = generator.bit_generator
    now, (high, low) = bits.state, taken.source.view(np.uint64)[[0, _LOWS]].tolist()
    buffered = {name: now[name] for name in ("has_uint32", "uinteger")}
    bits.state = now | {"state": {"state": (high << 64) + low, "inc": now["state"]["inc"]}}
    bits.advance(int(taken.position[0]) - _UNIFORMS - 1)  # back by the rest of the buffer; this clears the 32-bit half
    bits.state = bits.state | buffered


@placed
def _flat_stock(x):  # type: ignore[no-untyped-def]
    return _Stock(flat(x.numbers), flat(x.position), flat(x.widths), flat(x.within), flat(x.heights))


@placed
def _number(high, low):  # type: ignore[no-untyped-def]
    return turned(high ^ low, (high >> 58) & 63)


@placed
def _next(high, low, source):  # type: ignore[no-untyped-def]
    """The states eight steps on; the 128-bit product of the low halves is built from 32-bit products."""
    top, bottom = source[_FACTOR], source[_FACTOR + _LOWS]
    y, z = bottom & _HALF, (bottom >> 32) & _HALF
    least, most = low & _HALF, (low >> 32) & _HALF
    inner_sum = least * z + ((least * y >> 32) & _HALF)
    outer_sum = most * y + (inner_sum & _HALF)
    carried = most * z + ((inner_sum >> 32) & _HALF) + ((outer_sum >> 32) & _HALF)
    summand = source[_SUMMAND + _LOWS]
    new = low * bottom + summand
    high = carried + low * top + high * bottom + source[_SUMMAND]
    return where(new ^ _LEAST < summand ^ _LEAST, high + 1, high), new  # as unsigned integers, less if it overflowed


@inner
def _fill(source, numbers, count):  # type: ignore[no-untyped-def]
    """Fill an array with the next uniforms of a source; the count is a multiple of eight."""
    high, low = load(source, 0), load(source, _LOWS)
    for i in range(0, count, WIDTH):
        store(numbers, i, floats_of((_number(high, low) >> 11) & _UNITS) * _UNIT)
        high, low = _next(high, low, source)
    store(source, 0, high)
    store(source, _LOWS, low)


@compiled
def _fill_uniforms(source, numbers):  # type: ignore[no-untyped-def]
    _fill(flat(source), flat(numbers), numbers.size)


@placed
def flat_uniforms(x):  # type: ignore[no-untyped-def]
    """The same uniforms, with the pointers that `next_uniform` takes."""
    return Uniforms(flat(x.source), flat(x.waiting), flat(x.position))


@placed
def next_uniform(uniforms):  # type: ignore[no-untyped-def]
    """The next uniform."""
    at = uniforms.position[0]
    if at == _UNIFORMS:
        _fill(uniforms.source, uniforms.waiting, _UNIFORMS)
        at = 0
    uniforms.position[0] = at + 1
    return uniforms.waiting[at]


@compiled
def _fill_normals(source, stock, numbers):  # type: ignore[no-untyped-def]
    out, n, source, stock = flat(numbers), numbers.size, flat(source), _flat_stock(stock)
    i, at = 0, stock.position[0]
    while i < n:
        if at + WIDTH <= _WAITING and i + WIDTH <= n:
            bits = load(stock.numbers, at)
            layer, distance = bits & 255, floats_of((bits >> 9) & _MANTISSA)
            x = bits_of(distance * gather(stock.widths, layer))
            store(out, i, float_of(x ^ ((bits << 55) & _LEAST)))
            taken = leading(distance < gather(stock.within, layer))
            if taken == WIDTH:
                at, i = at + WIDTH, i + WIDTH  # a branch is predicted; adding ``taken`` would wait for its value
                continue
            at, i = at + taken, i + taken
        out[i], at = _normal(source, stock, at)
        i += 1
    stock.position[0] = at


@placed
def _normal(source, stock, at):  # type: ignore[no-untyped-def]
    """A normal, and the position after the numbers that it used."""
    while True:
        bits, at = _one(source, stock, at)
        layer, distance = bits & 255, (bits >> 9) & _MANTISSA
        x = float(distance) * stock.widths[layer]
        if bits & 256:
            x = -x
        if float(distance) < stock.within[layer]:
            return x, at
        if layer == 0:
            while True:
                u, at = _uniform(source, stock, at)
                v, at = _uniform(source, stock, at)
                beyond, y = -_INVERSE * math.log1p(-u), -math.log1p(-v)
                if y + y > beyond * beyond:
                    return (-(_TAIL + beyond) if distance & 256 else _TAIL + beyond), at
        u, at = _uniform(source, stock, at)
        if (stock.heights[layer - 1] - stock.heights[layer]) * u + stock.heights[layer] < math.exp(-0.5 * x * x):
            return x, at


@placed
def _uniform(source, stock, at):  # type: ignore[no-untyped-def]
    bits, at = _one(source, stock, at)
    return float((bits >> 11) & _UNITS) * _UNIT, at


@placed
def _one(source, stock, at):  # type: ignore[no-untyped-def]
    """The next number, and the position after it."""
    if at == _WAITING:
        _refill(source, stock.numbers)
        at = 0
    return stock.numbers[at], at + 1


@inner
def _refill(source, numbers):  # type: ignore[no-untyped-def]
    high, low = load(source, 0), load(source, _LOWS)
    for i in range(0, _WAITING, WIDTH):
        store(numbers, i, _number(high, low))
        high, low = _next(high, low, source)
    store(source, 0, high)
    store(source, _LOWS, low)

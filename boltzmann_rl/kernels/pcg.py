"""The numbers that a generator of NumPy draws, bit for bit, but eight at a time.

The state of PCG64 has 128 bits and goes from s to a·s + c; a number is its high half ⊕ its low half, turned to the
right by the six highest bits (O'Neill 2014, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
for Random Number Generation*, §6.3.3, XSL-RR). Eight steps at once are s → a⁸·s + (1 + a + … + a⁷)·c, so that eight
states, each a step ahead of the one before, go on side by side. Normals are made of such numbers by a ziggurat
(Marsaglia & Tsang 2000, *The Ziggurat Method for Generating Random Variables*), with NumPy's layers.
"""

import importlib
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

__all__ = ["Coins", "coins_of", "flat_coins", "normals", "toss", "uniforms"]

_MULTIPLIER, _MODULUS = 0x2360ED051FC65DA44385DF649FCCF645, 1 << 128

_HALF, _MANTISSA, _LEAST = (1 << 32) - 1, (1 << 52) - 1, -(1 << 63)

# What is left of a number makes so many units of a uniform.
_UNITS, _UNIT = (1 << 53) - 1, 2.0**-53

# Numbers that wait to become normals, some eight kilobytes; and to be tossed one by one.
_WAITING, _COINS = 1024, 256

# Where the lowest layer of the ziggurat has its tail, and the inverse of that.
_TAIL, _INVERSE = 3.6541528853610087963519472518, 0.27366123732975827203338247596

# A source holds the high halves of eight states, of the factor and of the summand of eight steps, then the low ones.
_FACTOR, _SUMMAND, _LOWS = WIDTH, WIDTH + 1, WIDTH + 2

_POWERS = [pow(_MULTIPLIER, n, _MODULUS) for n in range(WIDTH + 1)]
_SUMS_OF_POWERS = list(accumulate(_POWERS))


class Coins(NamedTuple):
    """Uniforms for compiled code to take one by one: a source, those that wait, and which one is the next."""

    source: Any
    waiting: Any
    position: Any


class _Stock(NamedTuple):
    """Numbers that wait, and from where on; of each layer the width, the part that is under the curve, the height."""

    numbers: Any
    position: Any
    widths: Any
    within: Any
    heights: Any


def uniforms(generator: np.random.Generator) -> Callable[[Any], Any]:
    """A function that fills arrays with the uniforms in [0, 1) that a generator would draw from where it is now.

    The arrays hold a multiple of eight numbers. The generator itself stays where it is if it is a PCG64, and otherwise,
    as where nothing is compiled, draws for itself.

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
            raise ValueError(f"numbers must be a multiple of {WIDTH}, got {numbers.size}")
        _fill_uniforms(source, numbers)

    return fill


def normals(generator: np.random.Generator) -> Callable[[Any], Any]:
    """A function that fills arrays with the standard normals that a generator would draw from where it is now.

    What holds for `uniforms` holds here, but for any number of numbers, and where Numba shows no layers NumPy draws.

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
    """NumPy's: of each the width, the part of it that is under the curve throughout, and the height there.

    Numba has a copy, in a place that it may change: None where it is not found, and NumPy draws.
    """
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


def coins_of(generator: np.random.Generator) -> Coins:
    """The uniforms that a PCG64 would draw from where it is now, for `toss`; it stays there."""
    return Coins(_source(generator), np.empty(_COINS), np.full(1, _COINS))


@placed
def _flat_stock(x):  # type: ignore[no-untyped-def]
    return _Stock(flat(x.numbers), flat(x.position), flat(x.widths), flat(x.within), flat(x.heights))


@placed
def _number(high, low):  # type: ignore[no-untyped-def]
    return turned(high ^ low, (high >> 58) & 63)


@placed
def _next(high, low, source):  # type: ignore[no-untyped-def]
    """The states eight steps on; the full product of the low halves is made of products of 32 bits."""
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
    """The next uniforms of a source, a multiple of eight."""
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
def flat_coins(x):  # type: ignore[no-untyped-def]
    """The same coins, as `toss` takes them."""
    return Coins(flat(x.source), flat(x.waiting), flat(x.position))


@placed
def toss(coins):  # type: ignore[no-untyped-def]
    """The next uniform."""
    at = coins.position[0]
    if at == _COINS:
        _fill(coins.source, coins.waiting, _COINS)
        at = 0
    coins.position[0] = at + 1
    return coins.waiting[at]


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
                at, i = at + WIDTH, i + WIDTH  # guessed by the processor, where a sum with ``taken`` has to wait for it
                continue
            at, i = at + taken, i + taken
        out[i], at = _normal(source, stock, at)
        i += 1
    stock.position[0] = at


@placed
def _normal(source, stock, at):  # type: ignore[no-untyped-def]
    """A normal, and where the number after those that it took waits."""
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
                beyond, y = -_INVERSE * np.log1p(-u), -np.log1p(-v)
                if y + y > beyond * beyond:
                    return (-(_TAIL + beyond) if distance & 256 else _TAIL + beyond), at
        u, at = _uniform(source, stock, at)
        if (stock.heights[layer - 1] - stock.heights[layer]) * u + stock.heights[layer] < np.exp(-0.5 * x * x):
            return x, at


@placed
def _uniform(source, stock, at):  # type: ignore[no-untyped-def]
    bits, at = _one(source, stock, at)
    return float((bits >> 11) & _UNITS) * _UNIT, at


@placed
def _one(source, stock, at):  # type: ignore[no-untyped-def]
    """The next number, and where the one after it waits."""
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

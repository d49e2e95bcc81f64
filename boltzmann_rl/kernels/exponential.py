"""The exponential of x ≤ 0, without branches or calls, so that a loop over it runs in vector registers.

exp(x) = 2^k·exp(r) with k the integer nearest to x/ln 2 and |r| ≤ ½·ln 2 = 0.3466. There the error of the Taylor
polynomial of degree 13 is below r¹⁴/14! < 5·10⁻¹⁸, a twentieth of half a unit in the last place. Subnormal results are
rounded once, by the last of two multiplications with powers of two.
"""

from boltzmann_rl.kernels.jit import compiled
from boltzmann_rl.kernels.vectors import bits_of, float_of, where

LOG2_E = 1.4426950408889634

LN2 = 0.6931471805599453

# ln 2 in two parts; the first is short enough for its product with any k to be exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10

# 1.5·2⁵² and its bits. Adding it to a small number leaves the nearest integer in the lowest bits of the sum.
ROUND, ROUND_BITS = 6755399441055744.0, 0x4338000000000000

# The exponential of anything below is 0.
_LEAST = -800.0

_EXPONENT_OF_ONE = 1023 << 52


@compiled(forceinline=True, fastmath={"contract"})
def exp_nonpositive(x: float) -> float:
    """exp(x) for x ≤ 0 within one unit in the last place; exactly 1 at 0, and 0 at −∞.

    Example:
        >>> exp_nonpositive(0.0), exp_nonpositive(-1.0), exp_nonpositive(float("-inf"))
        (1.0, 0.36787944117144233, 0.0)
    """
    x = where(x < _LEAST, _LEAST, x)
    rounded = x * LOG2_E + ROUND
    k, power = rounded - ROUND, bits_of(rounded) - ROUND_BITS
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    square = r * r  # even and odd powers separately: two independent sums run in parallel
    even, odd = 1.0 / 479001600.0, 1.0 / 6227020800.0
    even, odd = even * square + 1.0 / 3628800.0, odd * square + 1.0 / 39916800.0
    even, odd = even * square + 1.0 / 40320.0, odd * square + 1.0 / 362880.0
    even, odd = even * square + 1.0 / 720.0, odd * square + 1.0 / 5040.0
    even, odd = even * square + 1.0 / 24.0, odd * square + 1.0 / 120.0
    even, odd = even * square + 0.5, odd * square + 1.0 / 6.0
    p = 1.0 + (r + square * (even + r * odd))
    half = power >> 1  # 2^k as a product of two normal numbers
    return p * float_of((half << 52) + _EXPONENT_OF_ONE) * float_of(((power - half) << 52) + _EXPONENT_OF_ONE)

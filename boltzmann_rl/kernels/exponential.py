"""The exponential of what is 0 or less, without a branch or a call, so that a loop over it runs in vector registers.

exp(x) = 2^k·exp(r) with k the integer nearest to x/ln 2 and |r| ≤ ½·ln 2 = 0.3466. There the Taylor polynomial of
degree 13 is off by less than r¹⁴/14! < 5·10⁻¹⁸, a twentieth of half a unit in the last place. Results below the
smallest normal number are rounded once, by the last of two multiplications with powers of two.
"""

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from boltzmann_rl.kernels.jit import compiled

__all__ = ["LN2_HIGH", "LN2_LOW", "ROUND", "bits_of", "exp_fused", "exp_nonpositive", "float_of"]

_LOG2_E = 1.4426950408889634

# ln 2 in two parts, the first with so few digits that its product with any k is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10

# Added to a small number it leaves the nearest integer in the lowest bits: 1.5·2⁵².
ROUND = 6755399441055744.0

# Below, the result is 0 whatever it is exactly.
_LEAST = -800.0

_EXPONENT_OF_ONE = 1023 << 52

if getattr(numba, "config").DISABLE_JIT:  # noqa: B009 - the name is made while Numba is imported

    def bits_of(x):  # type: ignore[no-untyped-def]
        """The bits of a float as an integer."""
        return np.float64(x).view(np.int64)

    def float_of(bits):  # type: ignore[no-untyped-def]
        """The float with these bits."""
        return np.int64(bits).view(np.float64)

else:

    @intrinsic
    def bits_of(context, x):  # type: ignore[no-untyped-def]
        """The bits of a float as an integer."""

        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.bitcast(arguments[0], context.get_value_type(types.int64))

        return types.int64(types.float64), code

    @intrinsic
    def float_of(context, bits):  # type: ignore[no-untyped-def]
        """The float with these bits."""

        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.bitcast(arguments[0], context.get_value_type(types.float64))

        return types.float64(types.int64), code


def _exp(x: float) -> float:
    """exp(x) for x ≤ 0 within one unit in the last place; exactly 1 at 0, and 0 at −∞.

    Example:
        >>> exp_nonpositive(0.0), exp_nonpositive(-1.0), exp_nonpositive(-np.inf)
        (1.0, 0.36787944117144233, 0.0)
    """
    x = max(x, _LEAST)
    k = (x * _LOG2_E + ROUND) - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = 1.0 + (r + r * r * p)
    shifted = 0.5 * k + ROUND  # 2^k as a product of two, each of which is a normal number
    half = shifted - ROUND
    first = float_of((bits_of(shifted) << 52) + _EXPONENT_OF_ONE)
    second = float_of((bits_of((k - half) + ROUND) << 52) + _EXPONENT_OF_ONE)
    return p * first * second


exp_nonpositive = compiled(_exp, forceinline=True)

# A product and a sum rounded once where the processor can: faster by half, with other last bits. On the disk the two
# would have one name; this one is kept there as a part of what calls it.
exp_fused = compiled(_exp, forceinline=True, fastmath={"contract"}, cache=False)

"""The natural logarithm of positive normal numbers, without branches or calls; as `boltzmann_rl.kernels.exponential`.

ln x = e·ln 2 + ln m with m in [½√2, √2), and ln m = 2·artanh(s) with s = (m − 1)/(m + 1), |s| ≤ 0.1716. The series
s + s³/3 + … + s²³/23 leaves out less than s²⁵/25 < 3·10⁻²¹ of a sum that is at least s.
"""

from boltzmann_rl.kernels.exponential import LN2_HIGH, LN2_LOW, ROUND, ROUND_BITS
from boltzmann_rl.kernels.jit import compiled
from boltzmann_rl.kernels.vectors import bits_of, float_of

_MANTISSA = (1 << 52) - 1
_HALF_ROOT_TWO = 0x3FE6A09E667F3BCD  # the bits of ½√2


@compiled(forceinline=True, fastmath={"contract"})
def log_positive(x: float) -> float:
    """The natural logarithm of x for 2⁻¹⁰²² ≤ x < ∞, within two units in the last place; exactly 0 at 1.

    Example:
        >>> log_positive(1.0), round(log_positive(10.0), 12)
        (0.0, 2.302585092994)
    """
    bits = bits_of(x) - _HALF_ROOT_TWO
    exponent = float_of((bits >> 52) + ROUND_BITS) - ROUND
    m = float_of((bits & _MANTISSA) + _HALF_ROOT_TWO)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    fourth = square * square  # every other power separately: two independent sums run in parallel
    p, other = 1.0 / 23.0, 1.0 / 21.0
    p, other = p * fourth + 1.0 / 19.0, other * fourth + 1.0 / 17.0
    p, other = p * fourth + 1.0 / 15.0, other * fourth + 1.0 / 13.0
    p, other = p * fourth + 1.0 / 11.0, other * fourth + 1.0 / 9.0
    p, other = p * fourth + 1.0 / 7.0, other * fourth + 1.0 / 5.0
    p = p * fourth + 1.0 / 3.0
    tail = exponent * LN2_LOW + 2.0 * s * square * (p + square * other)
    return exponent * LN2_HIGH + (2.0 * s + tail)

"""Python's sum as machine code, with the same bits."""

import sys

from boltzmann_rl.kernels.jit import placed

# From Python 3.12 on, sum() compensates the rounding errors of float additions.
COMPENSATES = sys.version_info >= (3, 12)


@placed
def add(total, lost, number):  # type: ignore[no-untyped-def]
    """One step of Python's sum, which is total + lost at the end (Neumaier 1974 from Python 3.12 on)."""
    new = total + number
    if COMPENSATES:
        lost += (total - new) + number if abs(total) >= abs(number) else (number - new) + total
    return new, lost

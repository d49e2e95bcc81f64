"""A test of the laws of action selection for any policy, in any array library."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_policy, as_seed
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.arguments.rows import in_row, rows_of
from boltzmann_rl.decisions.laws import laws_for
from boltzmann_rl.decisions.libraries import library
from boltzmann_rl.decisions.subject import BrokenLaw, Subject, subject_of
from boltzmann_rl.protocols import Policy, traits_of

__all__ = ["BrokenLaw", "check_policy"]


@suggesting
def check_policy(
    policy: Policy,
    *,
    backend: str = "numpy",
    shift_invariant: bool | None = None,
    memory: Callable[[Floats], Any] | None = None,
    seed: int = 0,
) -> tuple[str, ...]:
    """Test any policy against the laws of action selection; raises at the first that it breaks.

    Probabilities agree if they differ by no more than rounding errors of their format, float16 to float64. The laws, in
    this order:

    - *rows are distributions*: same shape as the values, every probability ≥ 0, each row sums to 1;
    - *masked actions are never taken*: a value of −inf has probability exactly 0;
    - *reading changes nothing*: two reads agree, and neither values nor policy are modified;
    - *a batch is its rows*: a batch has the probabilities of each row alone, over any leading axes;
    - *better is not rarer*: a higher value never has the lower probability;
    - *names do not matter*: permuting the actions permutes the probabilities;
    - *only differences count*: adding a constant to all values changes nothing (where claimed, see below);
    - *only the ratio to the temperature counts*, for dataclasses with a number as ``temperature``: scaling
      values and temperature together changes nothing, and a negative or NaN temperature is refused;
    - *extremes are finite*: values up to ±1e308 and down to 5e-324 (in shorter formats, up to half the largest number),
      step 10⁹, and temperatures of 0 and ∞ still give distributions, unless such a temperature is refused;
    - *mistakes are refused*: NaN, +inf, no action and none available raise a ValueError, or, in JAX and PyTorch, give
      NaN, since compiled code cannot raise;
    - *compiling changes nothing*, in JAX: under ``jit``, with a step that is traced, the probabilities are the same;
    - *gradients are finite*, in JAX and PyTorch: those of the probabilities, with respect to the values, also where
      actions are masked;
    - *draws follow the probabilities*: frequencies of 100,000 draws in a batch, and of 2,000 one by one, by χ² with a
      false-alarm rate of 1e-6; in JAX and PyTorch those of a declaration in a batch.

    Args:
        policy: Any callable ``(values, step) -> probabilities``; with ``clock = "pulls"`` it is given one step
            per action, with ``clock = "visits"`` one per row.
        backend: The library in which it computes: ``"numpy"``, ``"jax"`` or ``"torch"``. Of a declaration of this
            package, such as ``Boltzmann(0.5)``, the functions of ``boltzmann_rl.backends`` are checked; a function of
            your own is given arrays of the library, of its default format, and returns such.
        shift_invariant: Whether the policy claims that only differences between values count. Default: its
            attribute ``shift_invariant``, or True; for a policy that intends otherwise, give False in either place.
        memory: For a policy that takes a third argument: that argument, as a function of the values.
        seed: Of the generated values and the draws.

    If the policy has a parameter for each row, the first and the last row are checked, and all rows together against
    each alone.

    Returns:
        The names of the laws that were checked.

    Raises:
        BrokenLaw: The first law that does not hold, with the smallest example found.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> len(check_policy(Boltzmann(0.5)))
        11
        >>> check_policy(lambda values, step: values / values.sum())
        Traceback (most recent call last):
        ...
        boltzmann_rl.decisions.subject.BrokenLaw: the law 'rows are distributions' is broken: ...
    """
    as_policy(policy)
    if memory is None and traits_of(policy).takes_memory:
        raise TypeError(
            f"memory= is missing: {policy!r} takes a memory; give it as a function of the values, with one number for "
            "each row, such as memory=lambda values: np.ones(values.shape[:-1])"
        )
    subject = subject_of(policy, library(backend), memory, as_seed(seed))
    if rows := rows_of(policy):
        return _check_rows(subject, rows, shift_invariant)
    return _check(subject, shift_invariant)


def _check(subject: Subject, shift_invariant: bool | None) -> tuple[str, ...]:
    laws = laws_for(subject, shift_invariant)
    with np.errstate(under="ignore"):  # products of small probabilities and tolerances
        for law, holds in laws.items():
            holds(subject.under(law))
    return tuple(laws)


def _check_rows(subject: Subject, rows: int, shift_invariant: bool | None) -> tuple[str, ...]:
    """Check a policy with a parameter for each row: the first and the last row alone, and all together."""
    alone = [dataclasses.replace(subject, policy=in_row(subject.policy, row)) for row in range(rows)]
    for each in (alone[0], alone[-1]):
        laws = _check(each, shift_invariant)
    together = subject.under("a batch is its rows")
    for row, step in together.examples():
        values = np.stack([np.roll(row, shift) for shift in range(rows)])
        p = together.distribution(values, step)
        for k, each in enumerate(alone):
            expected = each.under(together.law).distribution(values[k], step)
            together.compare(values, step, p[k], expected, f"for row {k} alone")
    return laws

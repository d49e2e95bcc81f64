"""Any loop's exploration: values of whichever array library in, NumPy actions out, no library imported."""

from typing import Any, overload

import numpy as np

from boltzmann_rl.arguments import as_generator, as_policy
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.decisions.act import act
from boltzmann_rl.protocols import Actions, Axes, Mask, Policy, Row, Rows, Steps

__all__ = ["Explorer"]


class Explorer:
    """A policy and its generator, called with the values of the moment: ``explorer(q_values, mask, step)``.

    Replaces the ε-greedy lines of a script. Rows explore independently of each other, each with one uniform, and an
    explorer pickles with its generator, so that a saved agent goes on with the same coins.

    Args:
        policy: Any callable ``(values, step) -> probabilities``.
        rng: The generator that chance comes from.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> explorer = Explorer(Boltzmann(0.5), np.random.default_rng(0))
        >>> explorer(np.array([[0.0, 1.0], [0.0, 1.0]], dtype=np.float32), mask=[[1, 1], [1, 0]], step=0)
        array([1, 0])
    """

    @suggesting
    def __init__(self, policy: Policy, rng: np.random.Generator) -> None:
        self.policy: Policy = as_policy(policy)
        self.rng = as_generator(rng)

    def __repr__(self) -> str:
        return f"Explorer({self.policy!r}, {self.rng})"

    @overload
    def __call__(self, q_values: Axes, mask: Mask | None = None, step: Steps | None = None) -> Any: ...
    @overload
    def __call__(self, q_values: Row, mask: Mask | None = None, step: Steps | None = None) -> int: ...
    @overload
    def __call__(self, q_values: Rows, mask: Mask | None = None, step: Steps | None = None) -> Actions: ...
    @overload
    def __call__(self, q_values: Mask, mask: Mask | None = None, step: Steps | None = None) -> Any: ...
    def __call__(self, q_values: Any, mask: Mask | None = None, step: Any = None) -> Any:
        """Actions for the rows of ``q_values``.

        Args:
            q_values: ``(..., A)``: a NumPy array, a torch tensor on any device (with or without a gradient), a JAX
                array, or nested lists of these. Copied at most once on the CPU, to float64, and once from another
                device.
            mask: What may be chosen, same shape: bool, or integers 0 and 1; None for all.
            step: Decisions made so far: a number, or one per row, as an array of any of these; may be left out for a
                constant policy.

        Returns:
            An int for ``(A,)``, else an int64 array ``(...,)``.

        Raises:
            TypeError, ValueError: As `boltzmann_rl.act`.
        """
        values = to_numpy(q_values, "values")
        step = step if step is None or isinstance(step, int) else to_numpy(step, "step")
        return act(self.policy, values, self.rng, step=step, available=mask)

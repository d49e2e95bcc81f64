"""Exploration for any training loop: values of any array library in, NumPy actions out."""

from typing import Any, overload

import numpy as np

from boltzmann_rl.arguments import as_generator, as_policy
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.decisions.act import act
from boltzmann_rl.policies.parameters import check_needs_no_memory
from boltzmann_rl.protocols import Actions, Axes, Mask, Policy, Row, Rows, Steps

__all__ = ["Explorer"]


class Explorer:
    """A policy and its generator, called with the current values: ``explorer(q_values, mask, step)``.

    Replaces the ε-greedy lines of a script. Rows explore independently, each with one uniform. An explorer pickles with
    its generator, so that a saved agent continues with the same random numbers.

    Args:
        policy: Any callable ``(values, step) -> probabilities``.
        rng: The random generator.

    Raises:
        TypeError: A policy that needs a learner's memory, or arguments of the wrong type.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> explorer = Explorer(Boltzmann(0.5), np.random.default_rng(0))
        >>> explorer(np.array([[0.0, 1.0], [0.0, 1.0]], dtype=np.float32), mask=[[1, 1], [1, 0]], step=0)
        array([1, 0])
    """

    @suggesting
    def __init__(self, policy: Policy, rng: np.random.Generator) -> None:
        self.policy: Policy = as_policy(policy)
        check_needs_no_memory(policy, "policy")
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
            mask: Available actions, same shape: bool, or integers 0 and 1; None for all.
            step: Decisions made so far: a number, or an array with one per row; optional for a constant policy.

        Returns:
            An int for ``(A,)``, else an int64 array ``(...,)``.

        Raises:
            TypeError, ValueError: As `boltzmann_rl.act`.
        """
        values = to_numpy(q_values, "values")
        step = step if step is None or isinstance(step, int) else to_numpy(step, "step")
        return act(self.policy, values, self.rng, step=step, available=mask)

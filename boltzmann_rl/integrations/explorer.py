"""Exploration for any training loop: values of any array library in, NumPy actions out."""

import copy
from typing import Any, Literal, overload

import numpy as np

from boltzmann_rl.arguments import Floats, as_generator, as_integer, as_policy, shown
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.decisions.act import act
from boltzmann_rl.policies.parameters import check_needs_no_memory
from boltzmann_rl.protocols import Actions, Axes, Mask, Policy, Row, Rows, Steps

__all__ = ["Explorer"]


_RULE = "state must be what Explorer.state_dict() returned"

# The highest values of the integers in the states of NumPy's generators, which do not check all of them.
_HIGHEST = {
    "state": 2**128 - 1,
    "inc": 2**128 - 1,
    "has_uint32": 1,
    "uinteger": 2**32 - 1,
    "pos": 624,  # how many of its 624 words MT19937 has drawn
    "buffer_pos": 4,
}


class Explorer:
    """A policy and its generator, called with the current values: ``explorer(q_values, mask, step)``.

    Replaces the ε-greedy lines of a script. Rows explore independently, each with one uniform, and each with its own
    temperature or ε if the policy has one for each, such as ``EpsilonGreedy([0.05, 0.1])``. An explorer pickles with
    its generator, so that a saved agent continues with the same random numbers; `state_dict` is the generator's state
    alone, for ``torch.save``.

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

    def state_dict(self) -> dict[str, Any]:
        """The state of the generator: dictionaries, lists, strings and integers, which ``torch.load`` accepts.

        The policy is a declaration without a state. What advances it is the ``step`` of the call: save your own.

        Example:
            >>> explorer = Explorer(lambda values, step: [0.5, 0.5], np.random.default_rng(0))
            >>> explorer.state_dict()["rng"]["bit_generator"]
            'PCG64'
        """
        return {"rng": _plain(self.rng.bit_generator.state)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the random numbers that followed when `state_dict` was called.

        A state that is refused changes nothing: every entry is checked before the generator takes any.

        Args:
            state: What `state_dict` returned, of an explorer whose generator was of the same kind.

        Raises:
            TypeError: Anything that `state_dict` does not return, such as a state that lacks an entry.
            ValueError: The state of another kind of generator, or one with an entry out of range.

        Example:
            >>> explorer = Explorer(lambda values, step: [0.5, 0.5], np.random.default_rng(0))
            >>> saved = explorer.state_dict()
            >>> before = [explorer(np.zeros(2), step=step) for step in range(10)]
            >>> explorer.load_state_dict(saved)
            >>> before == [explorer(np.zeros(2), step=step) for step in range(10)]
            True
        """
        now = self.rng.bit_generator.state
        saved = state.get("rng") if isinstance(state, dict) else None
        if not isinstance(saved, dict) or not isinstance(saved.get("bit_generator"), str):
            raise TypeError(f"{_RULE}, got {shown(state)}")
        if saved["bit_generator"] != now["bit_generator"]:
            raise ValueError(
                f"state is of the generator {saved['bit_generator']}, but this explorer's is {now['bit_generator']}: "
                f"make it with np.random.Generator(np.random.{saved['bit_generator']}())"
            )
        found = _like(saved, now, "state['rng']")
        try:
            copy.deepcopy(self.rng.bit_generator).state = found  # one that refuses it halfway is thrown away
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ValueError(f"{_RULE}, got {shown(state)}: {error}") from None
        self.rng.bit_generator.state = found

    @overload
    def __call__(
        self, q_values: Axes, mask: Mask | None = ..., step: Steps | None = ..., *, with_probability: bool = ...
    ) -> Any: ...
    @overload
    def __call__(
        self,
        q_values: Row,
        mask: Mask | None = ...,
        step: Steps | None = ...,
        *,
        with_probability: Literal[False] = ...,
    ) -> int: ...
    @overload
    def __call__(
        self, q_values: Row, mask: Mask | None = ..., step: Steps | None = ..., *, with_probability: Literal[True]
    ) -> tuple[int, float]: ...
    @overload
    def __call__(
        self,
        q_values: Rows,
        mask: Mask | None = ...,
        step: Steps | None = ...,
        *,
        with_probability: Literal[False] = ...,
    ) -> Actions: ...
    @overload
    def __call__(
        self, q_values: Rows, mask: Mask | None = ..., step: Steps | None = ..., *, with_probability: Literal[True]
    ) -> tuple[Actions, Floats]: ...
    @overload
    def __call__(
        self, q_values: Mask, mask: Mask | None = ..., step: Steps | None = ..., *, with_probability: bool = ...
    ) -> Any: ...
    def __call__(
        self, q_values: Any, mask: Mask | None = None, step: Any = None, *, with_probability: bool = False
    ) -> Any:
        """Actions for the rows of ``q_values``.

        Args:
            q_values: ``(..., A)``: a NumPy array, a torch tensor on any device (with or without a gradient), a JAX
                array, or nested lists of these. Copied at most once on the CPU, to float64, and once from another
                device.
            mask: Available actions, same shape: bool, or integers 0 and 1; None for all.
            step: Decisions made so far: a number, or an array with one per row; optional for a constant policy.
            with_probability: Whether to return the probability of each action (its propensity) as well.

        Returns:
            An int for ``(A,)``, else an int64 array ``(...,)``; with ``with_probability`` the pair
            ``(actions, probabilities)``, the latter a float, or a float64 array ``(...,)``.

        Raises:
            TypeError, ValueError: As `boltzmann_rl.act`.
        """
        values = to_numpy(q_values, "values")
        step = step if step is None or isinstance(step, int) else to_numpy(step, "step")
        return act(self.policy, values, self.rng, step=step, available=mask, with_probability=with_probability)


def _plain(state: Any) -> Any:
    """A generator's state with lists and Python's integers in place of arrays and NumPy's integers."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _like(saved: Any, now: Any, name: str, highest: int | None = None) -> Any:
    """A plain state with arrays where the state ``now`` has them, each entry of its type and shape, and in range."""
    if isinstance(now, dict):
        if not isinstance(saved, dict) or now.keys() - saved.keys():
            raise TypeError(f"{_RULE}: {name} must have the entries {', '.join(now)}, got {shown(saved)}")
        return {key: _like(saved[key], value, f"{name}[{key!r}]", _HIGHEST.get(key)) for key, value in now.items()}
    if isinstance(now, np.ndarray):
        entries = np.array(saved, dtype=object)
        if entries.shape != now.shape:
            raise ValueError(f"{_RULE}: {name} must have shape {now.shape}, got {entries.shape}")
        largest = int(np.iinfo(now.dtype).max)
        numbers = [as_integer(each, f"{name}[{place}]", maximum=largest) for place, each in enumerate(entries.flat)]
        return np.array(numbers, dtype=now.dtype).reshape(now.shape)
    return as_integer(saved, name, maximum=highest) if isinstance(now, int) else saved

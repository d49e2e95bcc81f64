"""TorchRL: a module that explores with any policy over the action values, in place of ``EGreedyModule``."""

import json
from multiprocessing import current_process
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_generator, as_policy, as_steps
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.decisions.act import act
from boltzmann_rl.policies.parameters import check_counts_steps, check_needs_no_memory, example_values
from boltzmann_rl.streams import stream

try:
    import torch
    from tensordict.nn import TensorDictModuleBase
    from torchrl.data import Binary, Categorical, Composite, MultiCategorical, MultiOneHot, OneHot
    from torchrl.envs.utils import ExplorationType, exploration_type
except ModuleNotFoundError as missing:
    raise ImportError("TorchRL is not installed: pip install 'boltzmann-rl[torchrl]'") from missing

__all__ = ["ExplorationModule"]


class ExplorationModule(TensorDictModuleBase):
    """Writes the action that a policy draws from the action values, in place of TorchRL's ``EGreedyModule``.

    It follows a value network in a ``TensorDictSequential``, reads ``action_value`` (and a mask, if its key is given),
    and writes ``action``, one-hot or categorical as in the spec. Each row draws its own uniform. Under an exploration
    type other than ``RANDOM`` (and None) the action is the first of the best, and no uniform is drawn.

    The policy's step is ``clock``, which only `step` advances, once per collection, as with ``EGreedyModule``. It is a
    buffer, so a collector sends it to its workers with the weights. The generator is not: each process of a collector
    has its own, derived from this one and the name of the process. ``state_dict`` contains both.

    Args:
        policy: Any callable ``(values, step) -> probabilities``. Its temperature is in units of the action values,
            which grow during learning: see `boltzmann_rl.RelativeToSpread` and other relative temperatures.
        spec: The action's ``OneHot`` or ``Categorical`` spec, or a ``Composite`` that contains it at ``action_key``.
        rng: The random generator.
        clocks: Shape of the clock: () for a single clock, ``(n,)`` for one in each of n environments.
        action_key: Key of the action, which is written.
        action_value_key: Key of the action values ``(..., A)``.
        action_mask_key: Key of the mask of available actions, same shape; None for no mask. A ``QValueModule`` before
            this module needs the same key.
        device: Device of the clock, as in ``EGreedyModule``; actions are written on the device of the values.

    Raises:
        TypeError: A policy, generator or spec of the wrong type.
        ValueError: A policy that refuses the number of actions, or counts pulls or visits.

    Example:
        >>> from boltzmann_rl import Boltzmann
        >>> from tensordict import TensorDict
        >>> explore = ExplorationModule(Boltzmann(0.5), OneHot(2), np.random.default_rng(0))
        >>> explore(TensorDict({"action_value": torch.tensor([[0.0, 1.0]])}, [1]))["action"]
        tensor([[False,  True]])
    """

    @suggesting
    def __init__(
        self,
        policy: Any,
        spec: Any,
        rng: np.random.Generator,
        *,
        clocks: tuple[int, ...] = (),
        action_key: Any = "action",
        action_value_key: Any = "action_value",
        action_mask_key: Any = None,
        device: Any = None,
    ) -> None:
        self.in_keys = [action_value_key] if action_mask_key is None else [action_value_key, action_mask_key]
        self.out_keys = [action_key]
        super().__init__()
        check_counts_steps(as_policy(policy), "policy", "frames")
        check_needs_no_memory(policy, "policy")
        self.policy = policy
        self.rng, self._process = as_generator(rng), current_process().name
        spec = _action_spec(spec, action_key)
        self.spec = spec if device is None else spec.to(device)
        self.register_buffer("clock", torch.zeros(clocks, dtype=torch.int64, device=device))
        example = example_values(policy, self.spec.space.n, tuple(clocks))
        act(policy, example, stream(0), step=np.zeros(clocks, dtype=int))  # so that errors are raised now

    def step(self, frames: Any = 1) -> None:
        """Advance the clock by ``frames`` decisions: a number, or one for each of the ``clocks``."""
        frames = to_numpy(frames)
        as_steps(frames, "frames")
        if frames.shape not in ((), tuple(self.clock.shape)):
            raise ValueError(
                f"frames have shape {frames.shape} and the clock {tuple(self.clock.shape)}: give one number, or make "
                f"the module with clocks={frames.shape}"
            )
        self.clock.data.add_(torch.as_tensor(frames, device=self.clock.device))

    def forward(self, tensordict: Any) -> Any:
        """Write the action beside the values, and return the same tensordict."""
        values, *rest = (_entry(tensordict, key) for key in self.in_keys)
        mask = rest[0] if rest else None
        if values.shape[-1] != self.spec.space.n:
            raise ValueError(f"there are {values.shape[-1]} action values, but {self.spec.space.n} actions in the spec")
        explores = exploration_type() in (ExplorationType.RANDOM, None)
        action = self._draw(values, mask) if explores else _greedy(values, mask)
        if isinstance(self.spec, OneHot):
            action = torch.nn.functional.one_hot(action, values.shape[-1])
        return tensordict.set(self.out_keys[0], action.to(self.spec.dtype))

    def get_extra_state(self) -> Any:
        """The generator's state, as a tensor, since a collector's state can't hold 128-bit integers."""
        state = json.dumps(self.rng.bit_generator.state, default=np.ndarray.tolist)
        return {"generator": torch.tensor(list(state.encode()), dtype=torch.uint8)}

    def set_extra_state(self, state: Any) -> None:
        """Continue from the saved generator."""
        self.rng.bit_generator.state = json.loads(bytes(state["generator"].tolist()))
        self._process = current_process().name

    def _draw(self, values: Any, mask: Any) -> Any:
        """An action for each row, by the policy at the current clock."""
        if mask is None and (values == torch.finfo(values.dtype).min).any():
            raise ValueError(
                f"{self.in_keys[0]!r} contains {torch.finfo(values.dtype).min:g}, TorchRL's value for a masked action: "
                "give action_mask_key= here as well"
            )
        process = current_process().name
        if process != self._process:  # in a worker, where each copy would draw the same numbers
            self.rng, self._process = stream(int(self.rng.integers(2**63)), process), process
        step = to_numpy(self.clock) if self.clock.ndim else int(self.clock)
        available = None if mask is None else to_numpy(mask)
        action = act(self.policy, to_numpy(values), self.rng, step=step, available=available)
        return torch.as_tensor(action, device=values.device)


def _action_spec(spec: Any, action_key: Any) -> Any:
    """The spec of one discrete action; others are refused."""
    found = spec[action_key] if isinstance(spec, Composite) else spec
    if not isinstance(found, OneHot | Categorical) or isinstance(found, MultiOneHot | MultiCategorical | Binary):
        raise TypeError(f"spec must be OneHot or Categorical, one discrete action, got {type(found).__name__}")
    return found


def _entry(tensordict: Any, key: Any) -> Any:
    """The entry of the tensordict at a key, which may be nested."""
    found = tensordict.get(key, None)
    if found is None:
        present = ", ".join(map(str, tensordict.keys(True, True)))
        raise KeyError(f"{key!r} is not in the tensordict, which has {present or 'nothing'}")
    return found


def _greedy(values: Any, mask: Any) -> Any:
    """The first of the best available actions of each row."""
    return (values if mask is None else values.masked_fill(mask == 0, -torch.inf)).argmax(dim=-1)

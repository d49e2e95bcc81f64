"""TorchRL: a module that explores with any policy over the action values, in the place of ``EGreedyModule``."""

import json
from multiprocessing import current_process
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_generator, as_policy, as_steps
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.decisions.act import act
from boltzmann_rl.policies.parameters import check_counts_steps, example_values
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
    """Writes the action that a policy draws from the action values, in the place of TorchRL's ``EGreedyModule``.

    Stands behind a value network in a ``TensorDictSequential``, reads ``action_value``, and a mask where its key is
    named, and writes ``action`` as the spec has it, one-hot or categorical. Each row has a uniform of its own. Under an
    exploration type other than ``RANDOM`` (and None) the action is the first of the best, and no uniform is drawn.

    The policy's step is ``clock``, which only `step` moves, once a collection, as with ``EGreedyModule``. It is a
    buffer, so that a collector hands it to its workers with the weights; the generator is not: each process of a
    collector has its own generator, derived from this one and the name of the process. ``state_dict`` keeps both.

    Args:
        policy: Any callable ``(values, step) -> probabilities``. Its temperature is in units of the action values,
            which grow while learning: mind `boltzmann_rl.RelativeToSpread` and its kin.
        spec: The action's ``OneHot`` or ``Categorical`` spec, or a ``Composite`` that holds it at ``action_key``.
        rng: The generator that chance comes from.
        clocks: Shape of the clock: () for one that all rows share, ``(n,)`` for one in each of n environments.
        action_key: Where the action is written.
        action_value_key: Where the action values ``(..., A)`` are read.
        action_mask_key: Where the mask of the actions that may be chosen is read, same shape; None for no mask. A
            ``QValueModule`` before this module needs the same key.
        device: Of the clock, as ``EGreedyModule`` takes it; actions are written on the device of the values.

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
        self.policy = policy
        self.rng, self._process = as_generator(rng), current_process().name
        spec = _action_spec(spec, action_key)
        self.spec = spec if device is None else spec.to(device)
        self.register_buffer("clock", torch.zeros(clocks, dtype=torch.int64, device=device))
        example = example_values(policy, self.spec.space.n, tuple(clocks))
        act(policy, example, stream(0), step=np.zeros(clocks, dtype=int))  # what it refuses, it refuses now

    def step(self, frames: Any = 1) -> None:
        """Move the clock on by ``frames`` decisions: a number, or one for each of the ``clocks``."""
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
            raise ValueError(f"{values.shape[-1]} action values, and an action spec of {self.spec.space.n} actions")
        explores = exploration_type() in (ExplorationType.RANDOM, None)
        action = self._draw(values, mask) if explores else _greedy(values, mask)
        if isinstance(self.spec, OneHot):
            action = torch.nn.functional.one_hot(action, values.shape[-1])
        return tensordict.set(self.out_keys[0], action.to(self.spec.dtype))

    def get_extra_state(self) -> Any:
        """The generator's state, as a tensor: a collector's state cannot hold its 128-bit integers."""
        state = json.dumps(self.rng.bit_generator.state, default=np.ndarray.tolist)
        return {"generator": torch.tensor(list(state.encode()), dtype=torch.uint8)}

    def set_extra_state(self, state: Any) -> None:
        """Continue from the saved generator."""
        self.rng.bit_generator.state = json.loads(bytes(state["generator"].tolist()))
        self._process = current_process().name

    def _draw(self, values: Any, mask: Any) -> Any:
        """An action for each row, by the policy at the present clock."""
        if mask is None and (values == torch.finfo(values.dtype).min).any():
            raise ValueError(
                f"{self.in_keys[0]!r} holds TorchRL's mark of a masked action, {torch.finfo(values.dtype).min:g}: name "
                "action_mask_key= here as well"
            )
        process = current_process().name
        if process != self._process:  # a copy in a worker, which would draw the same numbers as all others
            self.rng, self._process = stream(int(self.rng.integers(2**63)), process), process
        step = to_numpy(self.clock) if self.clock.ndim else int(self.clock)
        available = None if mask is None else to_numpy(mask)
        action = act(self.policy, to_numpy(values), self.rng, step=step, available=available)
        return torch.as_tensor(action, device=values.device)


def _action_spec(spec: Any, action_key: Any) -> Any:
    """The spec of one discrete action; anything else is refused."""
    found = spec[action_key] if isinstance(spec, Composite) else spec
    if not isinstance(found, OneHot | Categorical) or isinstance(found, MultiOneHot | MultiCategorical | Binary):
        raise TypeError(f"spec must be OneHot or Categorical, one discrete action, got {type(found).__name__}")
    return found


def _entry(tensordict: Any, key: Any) -> Any:
    """What the tensordict has at the key, which may be nested."""
    found = tensordict.get(key, None)
    if found is None:
        present = ", ".join(map(str, tensordict.keys(True, True)))
        raise KeyError(f"{key!r} is not in the tensordict, which has {present or 'nothing'}")
    return found


def _greedy(values: Any, mask: Any) -> Any:
    """The first of the best available actions of each row."""
    return (values if mask is None else values.masked_fill(mask == 0, -torch.inf)).argmax(dim=-1)

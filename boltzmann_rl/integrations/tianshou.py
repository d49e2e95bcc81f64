"""Tianshou 2: Q-learning policies that explore with any policy over their action values, in place of ε-greedy.

Tianshou requires pandas below 3: install it in a separate environment.
"""

import json
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_generator, as_policy
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.decisions.act import act
from boltzmann_rl.integrations.action_spaces import check_begins_at_0
from boltzmann_rl.policies.parameters import check_counts_steps, check_needs_no_memory, example_values
from boltzmann_rl.streams import stream

try:
    import torch
    from tianshou.algorithm.modelfree.c51 import C51Policy
    from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
    from tianshou.algorithm.modelfree.qrdqn import QRDQNPolicy
except ModuleNotFoundError as missing:
    raise ImportError(
        "Tianshou 2 is not installed: pip install boltzmann-rl 'tianshou>=2', in a separate environment"
    ) from missing

__all__ = ["ExploringC51Policy", "ExploringPolicy", "ExploringQRDQNPolicy"]


class _Exploring(DiscreteQLearningPolicy):
    """The common part of this module's policies; it precedes Tianshou's policy in their bases."""

    @suggesting
    def __init__(self, *, exploration: Any, rng: np.random.Generator, inference: Any = None, **kwargs: Any) -> None:
        for name in ("eps_training", "eps_inference"):
            if name in kwargs:
                raise TypeError(f"{name} has no effect here, where exploration= says how to explore: leave it out, "
                                "or explore with boltzmann_rl.EpsilonGreedy")  # fmt: skip
        super().__init__(**kwargs)
        check_begins_at_0(self.action_space, "Tianshou")
        self.exploration, self.inference, self.rng = exploration, inference, as_generator(rng)
        for name, policy in {"exploration": exploration, "inference": inference}.items():
            if name == "exploration" or policy is not None:
                check_counts_steps(as_policy(policy, name), name, "the decisions of each environment")
                check_needs_no_memory(policy, name)
                example = example_values(policy, self.action_space.n)
                act(policy, example, stream(0), step=0)  # so that errors are raised now
        self.register_buffer("clock", torch.zeros((), dtype=torch.int64))
        self._answered: Any = None, None

    def set_eps_training(self, eps: float) -> None:
        """Refused, since there is no ε."""
        raise TypeError(f"no ε to set to {eps}: exploration= says how to explore, its schedule how that changes")

    set_eps_inference = set_eps_training

    def forward(self, batch: Any, state: Any = None, model: Any = None, **kwargs: Any) -> Any:
        """As Tianshou's, greedy; the result is kept, so that exploring evaluates the network only once."""
        result = super().forward(batch, state, model, **kwargs)
        if model is None:
            self._answered = batch, result.logits.detach()
        return result

    def add_exploration_noise(self, act: Any, batch: Any) -> Any:
        """Draw the actions of a batch: by ``exploration`` in training, by ``inference`` elsewhere."""
        training = self.is_within_training_step
        policy = self.exploration if training else self.inference
        if policy is None:
            return act
        actions = self._draw(policy, batch)
        self.clock.add_(training)
        return actions

    def get_extra_state(self) -> Any:
        """The generator's state, for ``state_dict``."""
        return {"generator": json.dumps(self.rng.bit_generator.state, default=np.ndarray.tolist)}

    def set_extra_state(self, state: Any) -> None:
        """Continue from the saved generator."""
        self.rng.bit_generator.state = json.loads(state["generator"])

    def _draw(self, policy: Any, batch: Any) -> Any:
        """An action for each row of the batch, by the policy at the current clock."""
        if self._answered[0] is not batch:
            with torch.no_grad():
                self(batch)
        values = to_numpy(self.compute_q_value(self._answered[1], None))
        self._answered = None, None
        mask = getattr(batch.obs, "mask", None)
        available = None if mask is None else to_numpy(mask)
        return act(policy, values, self.rng, step=int(self.clock), available=available)


class ExploringPolicy(_Exploring):
    """Tianshou's ``DiscreteQLearningPolicy`` that explores with any policy over its action values.

    For ``DQN`` and all other algorithms with that policy. It explores if the collector has ``exploration_noise=True``,
    with a separate uniform for each row, and never takes an action that ``batch.obs.mask`` excludes. The policy's step
    is ``clock``: the number of decisions of each environment in training, without those of ``collect(random=True)``.
    ``state_dict`` contains the clock and the generator.

    Args:
        exploration: Any callable ``(values, step) -> probabilities``, for training steps. Its temperature is in units
            of the action values, which grow during learning: see `boltzmann_rl.RelativeToSpread` and other relative
            temperatures.
        rng: The random generator.
        inference: The same for test steps and all others, at the training's clock; None for greedy.
        kwargs: As ``DiscreteQLearningPolicy`` except ε: ``model``, ``action_space``, ``observation_space``.

    Raises:
        TypeError: An argument of ε-greedy, a policy or generator of the wrong type, or a policy that needs a memory.
        ValueError: A policy that refuses the number of actions, or counts pulls or visits; actions that do not begin at
            0.

    Example:
        >>> import gymnasium
        >>> from tianshou.utils.net.common import Net
        >>> from boltzmann_rl import Boltzmann, RelativeToSpread
        >>> policy = ExploringPolicy(
        ...     exploration=Boltzmann(RelativeToSpread(0.5)),
        ...     rng=np.random.default_rng(0),
        ...     model=Net(state_shape=4, action_shape=2),
        ...     action_space=gymnasium.spaces.Discrete(2),
        ... )
        >>> int(policy.clock)
        0
    """


class ExploringQRDQNPolicy(_Exploring, QRDQNPolicy):
    """Tianshou's ``QRDQNPolicy``, whose values are the means of the quantiles; all else as in `ExploringPolicy`."""


class ExploringC51Policy(_Exploring, C51Policy):
    """Tianshou's ``C51Policy``, whose values are the means over the support; all else as in `ExploringPolicy`."""

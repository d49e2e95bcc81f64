"""Stable-Baselines3: DQN and QR-DQN that explore with any policy, in place of ε-greedy.

The policy's step is ``clock``, the number of decisions of each environment, including the random ones before
``learning_starts``; parameters may follow the training's progress instead, with `Progress`.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_callable, as_number, as_policy, as_values, set_fields
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import WITHOUT_DEFAULT, dataclass
from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.decisions.act import act, decide, probabilities
from boltzmann_rl.decisions.fill_values import check_fill_values, holds_fill_values
from boltzmann_rl.integrations.action_spaces import check_begins_at_0
from boltzmann_rl.numerics import entropy
from boltzmann_rl.policies.greedy import EpsilonGreedy
from boltzmann_rl.policies.parameters import check_counts_steps, check_needs_no_memory, temperature_at
from boltzmann_rl.protocols import traits_of
from boltzmann_rl.streams import stream

try:
    import torch
    from stable_baselines3 import DQN
    from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
    from stable_baselines3.common.save_util import load_from_zip_file
    from stable_baselines3.common.utils import LinearSchedule
except ModuleNotFoundError as missing:
    raise ImportError("Stable-Baselines3 is not installed: pip install 'boltzmann-rl[sb3]'") from missing

__all__ = ["ExploringDQN", "ExploringQRDQN", "Progress"]

# The arguments of ε-greedy in Stable-Baselines3, with their defaults.
_EPSILON = {"exploration_fraction": 0.1, "exploration_initial_eps": 1.0, "exploration_final_eps": 0.05}


@dataclass(frozen=True)
class Progress:
    """A parameter that follows the remaining progress, 1 at the beginning of a training and 0 at its end.

    It can replace any schedule in a policy, also inside a relative temperature or a combinator. The progress is
    1 − num_timesteps / total_timesteps, clamped to [0, 1], since the last rollout may run past the end.

    Args:
        schedule: A callable ``progress_remaining -> value``, such as those of Stable-Baselines3.

    Example:
        >>> from boltzmann_rl import Boltzmann
        >>> Boltzmann(Progress(abs))
        Boltzmann(temperature=Progress(schedule=<built-in function abs>))
    """

    schedule: Callable[[float], Any]

    def __post_init__(self) -> None:
        set_fields(self, schedule=as_callable(self.schedule, "schedule", "schedule(progress_remaining) -> value"))

    def __call__(self, step: Any) -> Any:
        """Refused, since the step does not determine the progress."""
        raise TypeError(f"{self!r} follows the training's progress, not the step {step!r}: only the agents of "
                        "boltzmann_rl.integrations.stable_baselines3 know it, elsewhere use a schedule")  # fmt: skip


class _Exploring(OffPolicyAlgorithm):
    """The common part of `ExploringDQN` and `ExploringQRDQN`; it precedes the algorithm in their bases."""

    clock = 0

    def __init__(self, policy: Any, env: Any, *args: Any, exploration: Any = None, **kwargs: Any) -> None:
        given = inspect.signature(super().__init__).bind(policy, env, *args, **kwargs)
        if given.arguments.get("_init_setup_model", True):  # load sets both as attributes
            exploration, self.clock = _exploration(exploration, given.arguments), 0
        self.exploration = exploration
        given.arguments.update(exploration_initial_eps=0.0, exploration_final_eps=0.0)
        super().__init__(*given.args, **given.kwargs)

    @classmethod
    def load(cls, path: Any, env: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As in Stable-Baselines3; ``exploration=`` and ``seed=`` replace the saved policy and generator.

        The clock continues with any number of environments. For files without a clock it is ``num_timesteps // n_envs``
        with the saved number of environments.
        """
        _refuse_epsilon(kwargs)
        model = super().load(path, env, *args, **kwargs)
        if "clock" not in vars(model):
            saved: Any = load_from_zip_file(path, device="cpu", custom_objects=kwargs.get("custom_objects"))[0]
            model.clock = saved["num_timesteps"] // saved["n_envs"]
        model.set_random_seed(kwargs.get("seed"))
        return model

    def set_random_seed(self, seed: int | None = None) -> None:
        """Seed every generator, including that of the exploration; None leaves them as they are."""
        super().set_random_seed(seed)
        if seed is not None:
            self.exploration_rng = stream(seed, "exploration")

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Any, Any]:
        """The greedy actions if ``deterministic``, else a draw of the exploration policy for each row."""
        if deterministic:
            return super().predict(observation, state, episode_start, deterministic)
        return self._decide(observation, record=False), state

    def _setup_model(self) -> None:
        rng = vars(self).get("exploration_rng")
        super()._setup_model()  # it seeds again, also when loading, where the saved generator must continue
        if rng is not None:
            self.exploration_rng = rng
        elif self.seed is None:  # from torch's generator, which Stable-Baselines3 seeds
            self.exploration_rng = stream(int(torch.randint(2**63 - 1, ())), "exploration")
        space: Any = self.action_space
        check_begins_at_0(space, "Stable-Baselines3")
        as_policy(self.exploration, "exploration")
        check_counts_steps(self.exploration, "exploration", "the decisions of each environment")
        check_needs_no_memory(self.exploration, "exploration")
        example = np.tile(np.arange(float(space.n)), (self.n_envs, 1))
        act(_at_progress(self.exploration, 1.0), example, stream(0), step=0)  # so that errors are raised now

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        found = super()._setup_learn(*args, **kwargs)
        if self.num_timesteps == 0:  # restarted, as with reset_num_timesteps=True
            self.clock = 0
        return found

    def _sample_action(self, learning_starts: int, action_noise: Any = None, n_envs: int = 1) -> tuple[Any, Any]:
        if self.num_timesteps < learning_starts:
            actions, stored = super()._sample_action(learning_starts, action_noise, n_envs)
        else:
            actions = stored = self._decide(self._last_obs, record=True)
        self.clock += 1
        return actions, stored

    def _on_step(self) -> None:
        super()._on_step()
        for records in (self.logger.name_to_value, self.logger.name_to_excluded):
            records.pop("rollout/exploration_rate", None)  # there is no ε

    def _decide(self, observation: Any, *, record: bool) -> Any:
        """One action for each row of the observation, by the policy at the current step and progress."""
        values, step = self._values_of(observation), self.clock
        total = self._total_timesteps
        policy = _at_progress(self.exploration, 1.0 - self.num_timesteps / total if total else 1.0)
        p = probabilities(policy, values, step)
        if holds_fill_values(values):
            check_fill_values(policy, values, p, lambda others: probabilities(policy, others, step))
        if record:
            self._record(policy, p, values, step)
        uniforms = self.exploration_rng.random(traits_of(policy).uniforms(values.shape))
        return np.asarray(decide(policy, p, values, step, uniforms))

    def _values_of(self, observation: Any) -> Any:
        """The network's action values, ``(A,)`` for one observation and ``(rows, A)`` for many."""
        self.policy.set_training_mode(False)
        tensor, vectorised = self.policy.obs_to_tensor(observation)
        with torch.no_grad():
            values = as_values(to_numpy(self._q_values(tensor)))
        return values if vectorised else values[0]

    def _record(self, policy: Any, p: Any, values: Any, step: int) -> None:
        """Log how the policy explores; the logger averages over the decisions since its last dump."""
        nats = entropy(p)
        best = values == values.max(axis=-1, keepdims=True)
        record = {"entropy": nats, "effective_actions": np.exp(nats), "greedy_share": (p * best).sum(axis=-1)}
        if (temperature := traits_of(policy).temperature) is not None:
            record["temperature"] = temperature_at(temperature, values, step)
        for name, value in record.items():
            self.logger.record_mean(f"rollout/{name}", float(np.mean(value)))


class ExploringDQN(_Exploring, DQN):  # pyright: ignore[reportGeneralTypeIssues] (an optional library)
    """Stable-Baselines3's DQN that explores with any policy over its action values, in place of ε-greedy.

    Takes the arguments of ``DQN``, and ``exploration``. Actions are uniform before ``learning_starts``, then drawn from
    the policy with a separate uniform for each environment, and greedy in evaluation (``deterministic=True``). A saved
    model contains policy, clock and generator: a loaded model explores with the same random numbers as without the
    interruption, also with another number of environments. Without ``exploration``, the arguments of ε-greedy (in
    rl-zoo's files, for example) work as in Stable-Baselines3; together with it they are refused.
    Logs the means of ``rollout/temperature``, ``entropy``, ``effective_actions`` and
    ``greedy_share`` (the probability of the best actions) over the decisions since the last dump.

    Args:
        policy: The network, such as ``"MlpPolicy"``.
        env: The environment, a vector of them, or an id.
        exploration: Any callable ``(values, step) -> probabilities``. Its temperature is in units of the action
            values, which grow during learning: see `boltzmann_rl.RelativeToSpread` and other relative temperatures.
        args, kwargs: As ``DQN``; ``seed`` and ``set_random_seed`` seed the exploration as well.

    Attributes:
        clock: Number of decisions of each environment, which is the policy's step. ``num_timesteps`` counts those of
            all environments together; ``learn(…, reset_num_timesteps=True)``, the default, resets both.

    Raises:
        TypeError: No exploration, an argument of ε-greedy beside it, or a policy that needs a memory.
        ValueError: A policy that refuses the number of actions or environments, or counts pulls or visits; actions
            that do not begin at 0.

    Example:
        >>> from boltzmann_rl import Boltzmann, RelativeToSpread
        >>> from boltzmann_rl.schedules import Exponential
        >>> exploration = Boltzmann(RelativeToSpread(Exponential(4.0, 0.2, steps=5000)))
        >>> model = ExploringDQN("MlpPolicy", "CartPole-v1", exploration=exploration, buffer_size=1000, seed=0)
        >>> model.learn(200).num_timesteps
        200
    """

    def _q_values(self, observation: Any) -> Any:
        return self.q_net(observation)


try:
    from sb3_contrib import QRDQN
except ModuleNotFoundError:

    def __getattr__(name: str) -> Any:
        if name == "ExploringQRDQN":
            raise ImportError("sb3-contrib, which has QR-DQN, is not installed: pip install 'boltzmann-rl[sb3]'")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

else:

    class ExploringQRDQN(_Exploring, QRDQN):
        """sb3-contrib's QR-DQN that explores with any policy over its action values, the means of the quantiles.

        All else as in `ExploringDQN`.

        Example:
            >>> from boltzmann_rl import Boltzmann, GreedyProbability
            >>> exploration = Boltzmann(GreedyProbability(0.9))
            >>> model = ExploringQRDQN("MlpPolicy", "CartPole-v1", exploration=exploration, buffer_size=1000, seed=0)
            >>> model.learn(200).num_timesteps
            200
        """

        def _q_values(self, observation: Any) -> Any:
            return self.quantile_net(observation).mean(dim=1)


def _exploration(exploration: Any, given: Any) -> Any:
    """The policy, or the ε-greedy policy that the arguments of ε-greedy describe."""
    if exploration is not None:
        _refuse_epsilon(given)
        if isinstance(exploration, str):
            raise TypeError(
                f"exploration must be a policy, got the string {exploration!r}: YAML can't hold one, so write rl-zoo's "
                "hyperparameters in Python (--conf-file FILE.py), with boltzmann_rl.Boltzmann(temperature)"
            )
        return exploration
    if not any(name in given for name in _EPSILON):
        raise TypeError(f"exploration= is missing: {WITHOUT_DEFAULT['exploration']}")
    fraction, initial, final = (given.get(name, default) for name, default in _EPSILON.items())
    return EpsilonGreedy(Progress(LinearSchedule(initial, final, fraction)))


def _refuse_epsilon(given: Any) -> None:
    """Refuse the arguments of ε-greedy, which would have no effect."""
    for name in _EPSILON:
        if name in given:
            raise TypeError(f"{name} has no effect here, where exploration= says how to explore: leave it out, "
                            "or explore with boltzmann_rl.EpsilonGreedy")  # fmt: skip


def _at_progress(part: Any, progress: float) -> Any:
    """A policy, or a part of one, with each `Progress` in it replaced by its current value."""
    if isinstance(part, PerRow):
        return PerRow(_at_progress(each, progress) for each in part)
    if isinstance(part, Progress):
        progress = min(max(progress, 0.0), 1.0)
        return as_number(part.schedule(progress), f"the value of {part!r} at progress {progress:g}")
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return part
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    now = {name: _at_progress(value, progress) for name, value in fields.items()}
    changed = {name: value for name, value in now.items() if value is not fields[name]}
    return dataclasses.replace(part, **changed) if changed else part

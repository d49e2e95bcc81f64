"""Observers: generators that pass a training's transitions on unchanged."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.protocols import Transition
from boltzmann_rl.training.training import Training

_OF_THE_POLICY = ("temperature", "entropy", "effective_actions", "greedy_share")


def logged(training: Training, writer: Any, *, every: int = 100) -> Iterator[Transition]:
    """The transitions of a training, while its exploration and its episodes are logged as TensorBoard scalars.

    Every ``every`` steps it logs ``policy/temperature`` (if the policy has one), ``policy/entropy`` in nats,
    ``policy/effective_actions`` and ``policy/greedy_share`` (the probability of an action with the highest value) of
    the next decision, as by `Training.look`, averaged over the environments. At the end of each episode it logs
    ``episode/return`` and ``episode/length``. Logging does not change the training by a byte.

    Args:
        training: The training to continue and log.
        writer: Any object with ``add_scalar(tag, value, step)``, such as ``torch.utils.tensorboard.SummaryWriter``.
        every: Number of steps between logs of the policy, ≥ 1.

    Raises:
        TypeError: A writer without ``add_scalar``.

    Example:
        >>> from itertools import islice
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning
        >>> class Printer:
        ...     def add_scalar(self, tag, value, step):
        ...         print(step, tag, round(value, 3))
        >>> agent = Agent(QLearning(learning_rate=0.5), Boltzmann(temperature=0.1))
        >>> training = Training(Environment("CliffWalking-v1").make(), agent, seed=0)
        >>> for transition in islice(logged(training, Printer(), every=50), 50):
        ...     pass
        50 policy/temperature 0.1
        50 policy/entropy 1.192
        50 policy/effective_actions 3.294
        50 policy/greedy_share 0.973
    """
    every = as_integer(every, "every", minimum=1)
    if not callable(getattr(writer, "add_scalar", None)):
        raise TypeError(f"writer must have add_scalar(tag, value, step), as TensorBoard's writers have, got {writer!r}")
    return _logged(training, writer, every)


def _logged(training: Training, writer: Any, every: int) -> Iterator[Transition]:
    for transition in training:
        step = training.step
        if transition.terminated or transition.truncated:
            episode: Any = training.last
            writer.add_scalar("episode/return", episode.total_reward, step)
            writer.add_scalar("episode/length", episode.length, step)
        if step % every == 0:
            look = training.look()
            for name in _OF_THE_POLICY:
                if (value := getattr(look, name)) is not None:
                    writer.add_scalar(f"policy/{name}", float(np.mean(value)), step)
        yield transition

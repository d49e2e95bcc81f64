"""Q-learning on 1,024 CartPoles at once, compiled by JAX: environments, exploration and learning in one scan.

    pip install 'boltzmann-rl[jax]' optax
    python docs/jax_q_learning.py --train 8

The runs of the figure are in ``jax_q_learning.csv``; without ``--train`` the figure is drawn from them.

A network with layer normalisation learns λ-returns of the latest steps, without replay and without a target network:
Gallici et al. (2025), *Simplifying Deep Temporal Difference Learning*, ICLR, algorithm 1. The policy is a declaration
of this package, outside of what is compiled.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd

import boltzmann_rl as brl
from boltzmann_rl.backends import jax as brl_jax

RUNS = Path(__file__).with_suffix(".csv")


class Settings(NamedTuple):
    """What a training is made of; two equal ones share their compilation."""

    environments: int = 1024
    steps: int = 32  # of each environment between two updates
    updates: int = 150
    passes: int = 2  # over the transitions of an update
    minibatches: int = 8
    learning_rate: float = 1e-3
    discount: float = 0.99
    decay: float = 0.65  # λ
    reward: float = 0.1  # for each step: returns in the values, and the temperature, are in units of 10 steps
    width: int = 64


class Transition(NamedTuple):
    """What each environment saw in a step."""

    observation: jax.Array
    action: jax.Array
    reward: jax.Array
    terminated: jax.Array
    ended: jax.Array  # terminated or truncated
    following: jax.Array  # the largest action value of the next observation, before a reset


def dynamics(state: jax.Array, action: jax.Array) -> tuple[jax.Array, jax.Array]:
    """CartPole-v1 of Gymnasium: the next states ``(N, 4)``, and whether the pole fell or the cart left its track.

    Source: Barto, Sutton & Anderson (1983), *Neuronlike Adaptive Elements That Can Solve Difficult Learning Control
    Problems*, and Gymnasium's ``cartpole.py`` for the constants and the Euler steps of 0.02 s.
    """
    _, speed, angle, turn = state.T
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    pushed = (jnp.where(action == 1, 10.0, -10.0) + 0.05 * turn**2 * sine) / 1.1
    bend = (9.8 * sine - cosine * pushed) / (0.5 * (4.0 / 3.0 - 0.1 * cosine**2 / 1.1))
    push = pushed - 0.05 * bend * cosine / 1.1
    state = state + 0.02 * jnp.stack([speed, push, turn, bend], axis=-1)
    return state, (jnp.abs(state[:, 0]) > 2.4) | (jnp.abs(state[:, 2]) > 0.2095)


def first_states(key: jax.Array, environments: int) -> jax.Array:
    """States ``(environments, 4)`` of carts that start."""
    return jax.random.uniform(key, (environments, 4), minval=-0.05, maxval=0.05)


def new_weights(key: jax.Array, width: int) -> list[jax.Array]:
    """Matrices of two hidden layers and the action values, each with its bias as the last row."""
    sizes = [(4, width), (width, width), (width, 2)]
    keys = jax.random.split(key, len(sizes))
    normal = [jax.random.normal(k, size) / size[0] ** 0.5 for k, size in zip(keys, sizes, strict=True)]
    return [jnp.pad(matrix, ((0, 1), (0, 0))) for matrix in normal]


def action_values(weights: list[jax.Array], observations: jax.Array) -> jax.Array:
    """Two layers of ReLU, each after a layer normalisation, and a linear one: ``(..., 4)`` to ``(..., 2)``."""
    x = observations
    *hidden, last = weights
    for matrix in hidden:
        x = x @ matrix[:-1] + matrix[-1]
        x = (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
        x = jax.nn.relu(x)
    return x @ last[:-1] + last[-1]


def lambda_returns(seen: Transition, settings: Settings) -> jax.Array:
    """The λ-returns ``(steps, N)``: a terminated episode has no future, a truncated one has that of its last state."""

    def backwards(future: jax.Array, now: Transition) -> tuple[jax.Array, jax.Array]:
        bootstrap = jnp.where(now.ended, now.following, future)
        mixed = settings.decay * bootstrap + (1.0 - settings.decay) * now.following
        target = now.reward + settings.discount * jnp.where(now.terminated, 0.0, mixed)
        return target, target

    return jax.lax.scan(backwards, seen.following[-1], seen, reverse=True)[1]


@partial(jax.jit, static_argnums=(0, 1))
def train(policy: Any, settings: Settings, key: jax.Array) -> jax.Array:
    """The mean return of the episodes that ended in each update ``(updates,)``, NaN where none did.

    The step of the policy counts the decisions of each environment.
    """
    optimiser = optax.radam(settings.learning_rate)
    key, first, start = jax.random.split(key, 3)
    weights = new_weights(first, settings.width)

    def step(carry: Any, key: jax.Array) -> tuple[Any, Any]:
        weights, state, age, total, decisions = carry
        choose, restart = jax.random.split(key)
        action = brl_jax.act(policy, choose, action_values(weights, state), decisions)
        after, terminated = dynamics(state, action)
        total, age = total + 1.0, age + 1
        ended = terminated | (age >= 500)
        following = action_values(weights, after).max(-1)
        seen = Transition(state, action, jnp.full_like(following, settings.reward), terminated, ended, following)
        finished = jnp.where(ended, total, jnp.nan)
        state = jnp.where(ended[:, None], first_states(restart, len(state)), after)
        carry = weights, state, jnp.where(ended, 0, age), jnp.where(ended, 0.0, total), decisions + 1
        return carry, (seen, finished)

    def loss(weights: Any, batch: Any) -> jax.Array:
        observation, action, target = batch
        chosen = jnp.take_along_axis(action_values(weights, observation), action[:, None], axis=-1)[:, 0]
        return 0.5 * jnp.mean((chosen - target) ** 2)

    def learn(carry: Any, batch: Any) -> tuple[Any, None]:
        weights, optimised = carry
        change, optimised = optimiser.update(jax.grad(loss)(weights, batch), optimised, weights)
        return (optax.apply_updates(weights, change), optimised), None

    def update(carry: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        weights, optimised, *environments = carry
        act_key, *shuffle_keys = jax.random.split(key, settings.passes + 1)
        keys = jax.random.split(act_key, settings.steps)
        (_, *environments), (seen, finished) = jax.lax.scan(step, (weights, *environments), keys)
        data = (seen.observation, seen.action, lambda_returns(seen, settings))
        flat = [x.reshape(-1, *x.shape[2:]) for x in data]
        for shuffle in shuffle_keys:
            order = jax.random.permutation(shuffle, flat[0].shape[0])
            batches = [x[order].reshape(settings.minibatches, -1, *x.shape[1:]) for x in flat]
            (weights, optimised), _ = jax.lax.scan(learn, (weights, optimised), batches)
        return (weights, optimised, *environments), jnp.nanmean(finished)

    n = settings.environments
    carry = (weights, optimiser.init(weights), first_states(start, n), jnp.zeros(n, int), jnp.zeros(n), jnp.int32(0))
    return jax.lax.scan(update, carry, jax.random.split(key, settings.updates))[1]


def policies(settings: Settings) -> dict[str, Any]:
    """What is compared, by label; each schedule ends after half of the steps."""
    half = settings.updates * settings.steps // 2
    falling = partial(brl.schedules.Linear, steps=half)
    return {
        "ε-greedy, ε from 1 to 0.05": brl.EpsilonGreedy(falling(1.0, 0.05)),
        "Boltzmann, τ from 1 to 0.05": brl.Boltzmann(falling(1.0, 0.05)),
        "Boltzmann, 2 to 1.1 effective actions": brl.Boltzmann(brl.EffectiveActions(falling(2.0, 1.1))),
    }


def trained(settings: Settings, seeds: int) -> pd.DataFrame:
    """Agent, seed, decisions of all environments and mean return of the episodes that ended in each update."""
    keys = jnp.stack([jax.random.key(seed) for seed in range(seeds)])
    decisions = settings.environments * settings.steps * np.arange(1, settings.updates + 1)
    rows = []
    for label, policy in policies(settings).items():
        for seed, returns in enumerate(jax.vmap(partial(train, policy, settings))(keys)):
            rows.append(pd.DataFrame({"agent": label, "seed": seed, "step": decisions, "return": returns}))
        print(f"{label}: trained with {seeds} seeds")
    return pd.concat(rows, ignore_index=True).dropna()  # in some updates no episode ends


def judged() -> brl.Results:
    """The results of the runs that are kept, compared with ε-greedy."""
    runs = pd.read_csv(RUNS).assign(problem="CartPole-v1")
    metric = brl.Metric("return", "Return while learning", "reward per episode")
    return brl.Results.of_runs(
        runs, "Q_learning_on_CartPole-v1", metrics=[metric], compare=next(iter(policies(Settings())))
    )


def main() -> None:
    """Print the comparison and draw the figure, of the runs that are kept or of new ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--train", type=int, metavar="SEEDS", help="train all agents anew, with this number of seeds")
    if seeds := parser.parse_args().train:
        trained(Settings(), seeds).to_csv(RUNS, index=False, float_format="%.2f")
    results = judged()
    results.plot().savefig(RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None})
    print(results.sentence)


if __name__ == "__main__":
    main()

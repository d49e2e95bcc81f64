"""Decisions in JAX and PyTorch: `act` beside what one would write by hand, and beside what these libraries offer.

distrax is compared if it is installed. Values are float32. Run: ``python benchmarks/backends.py``.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from batches import rested
from rounds import Table, show, take_turns

from boltzmann_rl import Boltzmann

SHAPES, TEMPERATURE, ROUNDS = ((65_536, 18), (4_096, 18)), 0.5, 31
ENVIRONMENTS, STEPS = 1_024, 500


def tables() -> Iterator[Table]:
    """The tables of the libraries that are installed."""
    if find_spec("jax") is not None:
        for rows, actions in SHAPES:
            yield from _in_jax(rows, actions)
        if find_spec("optax") is not None:  # docs/jax_q_learning.py imports it
            yield _in_a_scan()
    if find_spec("torch") is not None:
        for rows, actions in SHAPES:
            yield _in_torch(rows, actions)


def action_values(rows: int, actions: int) -> np.ndarray:
    """Values of a standard normal distribution."""
    return np.random.default_rng(0).normal(size=(rows, actions)).astype(np.float32)


def repeated(way: Callable[[], object], rows: int) -> Callable[[], object]:
    """Enough calls to be timed: 65,536 rows at least."""

    def calls() -> None:
        for _ in range(-(-65_536 // rows)):
            way()

    return calls


def _in_jax(rows: int, actions: int) -> Iterator[Table]:
    import jax
    import jax.numpy as jnp

    from boltzmann_rl.backends.jax import act

    q = jnp.asarray(action_values(rows, actions))

    def by_hand(key: Any, q: Any) -> Any:
        weights = jnp.exp((q - q.max(-1, keepdims=True)) / TEMPERATURE)
        sums = weights.cumsum(-1)
        return (sums <= jax.random.uniform(key, (len(q), 1)) * sums[:, -1:]).sum(-1)

    draws = {
        "inverse CDF by hand": by_hand,
        "act": lambda key, q: act(Boltzmann(TEMPERATURE), key, q),
        "act, fine": lambda key, q: act(Boltzmann(TEMPERATURE), key, q, fine=True),
        "jax.random.categorical": lambda key, q: jax.random.categorical(key, q / TEMPERATURE),
    }
    if find_spec("distrax") is not None:
        import distrax

        draws["distrax.Softmax"] = lambda key, q: distrax.Softmax(q, TEMPERATURE).sample(seed=key)
    keys = cycle(jax.random.split(jax.random.key(0), 1000))

    def decided(draw: Callable[[Any, Any], Any]) -> Callable[[], object]:
        compiled = jax.jit(draw)
        return repeated(lambda: compiled(next(keys), q).block_until_ready(), rows)

    ways = {name: decided(draw) for name, draw in draws.items()}
    taken = take_turns(ways, ROUNDS, rested)
    title = f"JAX, a decision for each of {rows:,} × {actions}"
    yield Table(title, "inverse CDF by hand", taken, drawn=tuple(ways), limits={"act": 1.4})
    offered = {name: times for name, times in taken.items() if name == "act" or "." in name}
    yield Table(f"{title}, beside what is offered", "jax.random.categorical", offered, limits={"act": 1.0})


def _in_a_scan() -> Table:
    """CartPoles with action values from a network, as in docs/jax_q_learning.py, without learning."""
    import jax

    from boltzmann_rl.backends.jax import act

    sys.path.append(str(Path(__file__).parents[1] / "docs"))
    import jax_q_learning as client

    weights = client.new_weights(jax.random.key(0), 64)

    @partial(jax.jit, static_argnums=0)
    def play(choose: Callable[[Any, Any], Any], key: Any) -> Any:
        def step(state: Any, key: Any) -> tuple[Any, Any]:
            choosing, restarting = jax.random.split(key)
            values = client.action_values(weights, state)
            state, terminated = client.dynamics(state, choose(choosing, values))
            fresh = client.first_states(restarting, ENVIRONMENTS)
            return jax.numpy.where(terminated[:, None], fresh, state), values.max(-1)

        first = client.first_states(key, ENVIRONMENTS)
        return jax.lax.scan(step, first, jax.random.split(key, STEPS))[1]

    policy = Boltzmann(TEMPERATURE)
    chosen: dict[str, Callable[[Any, Any], Any]] = {
        "random actions": lambda key, values: jax.random.randint(key, (ENVIRONMENTS,), 0, 2),
        "act": lambda key, values: act(policy, key, values),
        "jax.random.categorical": lambda key, values: jax.random.categorical(key, values / TEMPERATURE),
    }

    def played(choose: Callable[[Any, Any], Any]) -> Callable[[], object]:
        return lambda: play(choose, jax.random.key(1)).block_until_ready()

    ways = {name: played(choose) for name, choose in chosen.items()}
    title = f"JAX, {STEPS} steps of {ENVIRONMENTS:,} CartPoles and a network in one scan"
    return Table(title, "random actions", take_turns(ways, ROUNDS, rested), drawn=tuple(ways), limits={"act": 1.3})


def _in_torch(rows: int, actions: int) -> Table:
    import torch

    from boltzmann_rl.backends.torch import act

    q, policy = torch.from_numpy(action_values(rows, actions)), Boltzmann(TEMPERATURE)

    def ours(q: Any) -> Any:
        return act(policy, None, q)  # the default generator: compiled code takes no other

    def multinomial(q: Any) -> Any:
        return torch.multinomial(torch.softmax(q / TEMPERATURE, dim=-1), 1)

    draws = {
        "act, compiled": torch.compile(ours, fullgraph=True),
        "act": ours,
        "torch.multinomial": multinomial,
        "torch.multinomial, compiled": torch.compile(multinomial),
    }
    ways = {name: repeated(partial(draw, q), rows) for name, draw in draws.items()}
    title = f"PyTorch, a decision for each of {rows:,} × {actions}"
    taken, limits = take_turns(ways, ROUNDS, rested), {"act, compiled": 1.0 / 3.0}
    return Table(title, "torch.multinomial", taken, drawn=tuple(ways), limits=limits)


if __name__ == "__main__":
    show(tables())

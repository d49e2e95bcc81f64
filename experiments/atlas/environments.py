"""The environments: forty Garnets, twenty grids, fifteen frozen lakes, ten cliffs and taxis, fifteen deep seas."""

from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import generate_random_map

import boltzmann_rl as brl
from atlas.problems import SEED, Problem, log_uniform
from boltzmann_rl.engines.selection import engine_of
from boltzmann_rl.planning import MDP, value_iteration
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.streams import child_seed, stream

# Problems of each family.
FAMILIES = {"Garnet": 40, "grid": 20, "frozen lake": 15, "cliff and taxi": 10, "deep sea": 15}

# The range of the factors by which rewards are multiplied.
SCALES = 0.01, 100.0

# The ranges of the numbers of episodes.
EPISODES = {"100–300": (100, 300), "300–1,000": (300, 1000)}

_OURS = "boltzmann_rl.gridworlds:boltzmann_rl"

# The newest of the installed version of Gymnasium.
_TAXI = max(name for name in gymnasium.registry if name.startswith("Taxi-v"))


class World(NamedTuple):
    """An environment before its rewards are rescaled, its time limit, and its number of actions."""

    id: str
    options: dict[str, Any]
    limit: int
    actions: int = 4


def garnet(rng: np.random.Generator) -> World:
    """10 to 100 states, 2 to 10 actions, each of which leads to 1 to 5 states."""
    states, actions = round(log_uniform(rng, 10, 100)), round(log_uniform(rng, 2, 10))
    options = {"states": states, "actions": actions, "branching": int(rng.integers(1, 6))}
    return World(f"{_OURS}/Garnet-v0", options | {"instance": int(rng.integers(2**31))}, 100, actions)


def grid(rng: np.random.Generator) -> World:
    """An empty room of 4 × 4 to 10 × 10 cells, where each step costs 1; moves slip in none, few or many steps."""
    rows, columns = rng.integers(4, 11, size=2).tolist()
    start, goal = rng.choice(rows * columns, 2, replace=False).tolist()
    letters = ["S" if cell == start else "G" if cell == goal else "F" for cell in range(rows * columns)]
    desc = tuple("".join(letters[row * columns : (row + 1) * columns]) for row in range(rows))
    moves = ({"is_slippery": False}, {"success_rate": 0.9}, {"success_rate": 0.5})[rng.integers(3)]
    return World("FrozenLake-v1", {"desc": desc, "reward_schedule": (0.0, 0.0, -1.0), **moves}, 200)


def frozen_lake(rng: np.random.Generator) -> World:
    """A lake of 4 × 4 to 8 × 8 cells with holes; the goal pays 1, and everything else 0."""
    size = int(rng.integers(4, 9))
    desc = tuple(generate_random_map(size, p=0.85, seed=int(rng.integers(2**31))))
    moves = ({"is_slippery": False}, {"success_rate": 1 / 3}, {"success_rate": 0.8})[rng.integers(3)]
    return World("FrozenLake-v1", {"desc": desc, **moves}, 100)


def cliff_or_taxi(rng: np.random.Generator) -> World:
    """The cliff, with ice on it or not, or the taxi."""
    kind = rng.integers(3)
    if kind == 2:
        return World(_TAXI, {}, 200, 6)
    return World("CliffWalking-v1", {"is_slippery": bool(kind)}, 200)


def deep_sea(rng: np.random.Generator) -> World:
    """5 × 5 to 12 × 12 cells; half of them are stochastic."""
    options = {"size": int(rng.integers(5, 13)), "stochastic": bool(rng.integers(2))}
    return World(f"{_OURS}/DeepSea-v0", options | {"instance": int(rng.integers(2**31))}, options["size"], 2)


DRAWN: dict[str, Callable[[np.random.Generator], World]] = {
    "Garnet": garnet,
    "grid": grid,
    "frozen lake": frozen_lake,
    "cliff and taxi": cliff_or_taxi,
    "deep sea": deep_sea,
}


def environments(seed: int = SEED, share: float = 1.0) -> list[Problem]:
    """The environments of the population, or the first of each family.

    Example:
        >>> len(environments(share=0.1)), environments(share=0.1)[0].name
        (12, 'Garnet #0')
    """
    places = [(family, k) for family, count in FAMILIES.items() for k in range(max(2, round(share * count)))]
    return [_environment(seed, *place) for place in places]


def _environment(seed: int, family: str, k: int) -> Problem:
    rng = stream(seed, "atlas", family, k)
    world, scale = DRAWN[family](rng), log_uniform(rng, *SCALES)
    horizon = list(EPISODES)[k // 2 % 2]
    episodes = round(log_uniform(rng, *EPISODES[horizon]))
    discount, rate, optimistic = rng.choice((0.9, 0.95, 0.99)), rng.choice((0.1, 0.3, 0.5)), k // 4 % 2 == 1
    declared = brl.Environment(world.id, world.limit, world.options, wrap=brl.RescaledRewards(scale))
    mdp = _mdp(declared)
    values = value_iteration(mdp, float(discount), tolerance=1e-9 * scale).action_values
    best = np.sort(values, axis=1)
    learner = brl.QLearning(float(rate), float(discount), initial=float(values.max()) if optimistic else 0.0)
    runs = child_seed(seed, "atlas", family, k)
    return Problem(
        name=f"{family} #{k}",
        number=k,
        family=family,
        horizon=horizon,
        declared=declared,
        axis="episode",
        length=episodes,
        steps=_steps(declared, learner, episodes, runs),
        actions=world.actions,
        learner=learner,
        scale=scale,
        offset=0.0,
        noise=float(np.mean(best[:, -1] - best[:, 0])),
        gap=float(np.mean(best[:, -1] - best[:, -2])),
        seed=runs,
    )


def _mdp(declared: brl.Environment) -> MDP:
    with closing(declared.make()) as env:
        return MDP.of(env)


def _steps(declared: brl.Environment, learner: Any, episodes: int, seed: int) -> int:
    """The steps of one run of ε-greedy exploration."""
    agent = brl.Agent(learner, brl.EpsilonGreedy(0.1))
    engine, _ = engine_of("episode", declared, agent, 10**12)
    return int(Cell(declared, agent, "episode", (), engine, 0, 1, episodes, seed).simulate().totals["length"].sum())

"""The compiled engine for tabular environments relative to the reference engine, on the same runs.

Processor time per step, including the start of each run. Compiling and reading the tables happen once, before.
Run: ``python benchmarks/tabular.py``.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
from rounds import Table, show, take_turns

from boltzmann_rl import SARSA, Agent, Boltzmann, DoubleQLearning, Environment, EpsilonGreedy, ExpectedSARSA, QLearning
from boltzmann_rl.engines.compiled import tabular
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.schedules import Exponential

ROUNDS = 3
WORK = {"first": 0, "runs": 2, "seed": 0}
ENVIRONMENTS = (
    (Environment("FrozenLake-v1"), 3000),
    (Environment("CliffWalking-v1", max_episode_steps=500), 1000),
    (Environment(max(name for name in gymnasium.registry if name.startswith("Taxi-v"))), 500),
)
BOLTZMANN = Boltzmann(0.2)
BESIDE, LIMIT = "compiled beside reference, Q-learning, Boltzmann", 1 / 60
AGENTS = {
    "Q-learning, Boltzmann": Agent(QLearning(), BOLTZMANN),
    "Q-learning, Boltzmann cooled": Agent(QLearning(), Boltzmann(Exponential(1.0, 0.05, steps=5000))),
    "Q-learning, ε-greedy": Agent(QLearning(), EpsilonGreedy(0.1)),
    "Sarsa, Boltzmann": Agent(SARSA(), BOLTZMANN),
    "Expected Sarsa, Boltzmann": Agent(ExpectedSARSA(), BOLTZMANN),
    "Double Q-learning, Boltzmann": Agent(DoubleQLearning(), BOLTZMANN),
}


def processor_seconds(way: Callable[[], Any]) -> float:
    """Processor seconds per step of the block that a way returns."""
    began = time.process_time()
    block = way()
    return (time.process_time() - began) / float(block.totals["length"].sum())


def tables() -> Iterator[Table]:
    """One table for each environment: each agent on the reference engine relative to itself on the compiled one."""
    for environment, episodes in ENVIRONMENTS:
        ways, bases, work = {}, {}, WORK | {"episodes": episodes}
        for name, agent in AGENTS.items():
            one, other = (engine.simulate(environment, agent, **work) for engine in (tabular, reference))
            if any((one.totals[metric] != other.totals[metric]).any() for metric in other.totals):
                raise RuntimeError(f"the engines differ: {environment} {agent}")
            for engine, kind in ((tabular, "compiled"), (reference, "reference")):
                bases[f"{kind}, {name}"] = f"compiled, {name}"
                ways[f"{kind}, {name}"] = lambda engine=engine, environment=environment, agent=agent, work=work: (
                    engine.simulate(environment, agent, **work)
                )
        taken = take_turns(ways, ROUNDS, processor_seconds)
        drawn = tuple(way for way in ways if way.endswith("Q-learning, Boltzmann") and "Double" not in way)
        first = next(iter(AGENTS))
        taken[BESIDE] = taken[f"compiled, {first}"]
        bases[BESIDE] = f"reference, {first}"
        yield Table(environment.id, bases, taken, drawn=drawn, limits={BESIDE: LIMIT})


if __name__ == "__main__":
    show(tables())

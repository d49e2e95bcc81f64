"""The compiled engine for tabular environments against the reference, on the same runs.

Each round takes the processor time of a block of the reference and of the same block compiled, one after the other;
printed is the median of the rounds' ratios. Both include what a run needs to begin; compiling and reading the tables
come before, once. Run: ``python benchmarks/tabular.py``.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from boltzmann_rl import SARSA, Agent, Boltzmann, DoubleQLearning, Environment, EpsilonGreedy, ExpectedSARSA, QLearning
from boltzmann_rl.compiled import tabular
from boltzmann_rl.schedules import Exponential
from boltzmann_rl.simulation import episodes as reference

ROUNDS = 3
WORK = {"block": 0, "runs": 2, "seed": 0}
ENVIRONMENTS = (
    (Environment("FrozenLake-v1"), 3000),
    (Environment("CliffWalking-v1", max_episode_steps=500), 1000),
    (Environment("Taxi-v4"), 500),
)
BOLTZMANN = Boltzmann(0.2)
AGENTS = {
    "Q-learning, Boltzmann": Agent(QLearning(), BOLTZMANN),
    "Q-learning, Boltzmann cooled": Agent(QLearning(), Boltzmann(Exponential(1.0, 0.05, steps=5000))),
    "Q-learning, ε-greedy": Agent(QLearning(), EpsilonGreedy(0.1)),
    "Sarsa, Boltzmann": Agent(SARSA(), BOLTZMANN),
    "Expected Sarsa, Boltzmann": Agent(ExpectedSARSA(), BOLTZMANN),
    "Double Q-learning, Boltzmann": Agent(DoubleQLearning(), BOLTZMANN),
}


def timed(simulate: Callable[..., Any], *arguments: Any, **work: Any) -> tuple[float, Any]:
    began = time.process_time()
    block = simulate(*arguments, **work)
    return time.process_time() - began, block


def main() -> None:
    print(f"{'':<52}{'steps':>8}{'reference':>12}{'compiled':>12}   ratio, median of {ROUNDS} (least, most)")
    for environment, episodes in ENVIRONMENTS:
        for name, agent in AGENTS.items():
            work = WORK | {"episodes": episodes}
            timed(tabular.simulate, environment, agent, **work)  # compile
            rounds = []
            for _ in range(ROUNDS):
                slow, expected = timed(reference.simulate, environment, agent, **work)
                fast, found = timed(tabular.simulate, environment, agent, **work)
                if any((found.totals[metric] != expected.totals[metric]).any() for metric in expected.totals):
                    raise RuntimeError(f"the engines differ: {environment} {agent}")
                rounds.append((slow, fast))
            steps = expected.totals["length"].sum()
            ratios = [slow / fast for slow, fast in rounds]
            reference_time, compiled_time = (statistics.median(times) / steps for times in zip(*rounds, strict=True))
            print(
                f"{environment.id + ', ' + name:<52}{steps:8.0f}"
                f"{reference_time * 1e6:9.2f} µs{compiled_time * 1e9:9.1f} ns"
                f"   {statistics.median(ratios):.0f} ({min(ratios):.0f}, {max(ratios):.0f})"
            )


if __name__ == "__main__":
    main()

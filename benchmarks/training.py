"""Training with Q-learning on CliffWalking, relative to ``env.step`` alone with the same actions.

Times the whole loop, and the environment alone with the actions that the loop took. The difference is the time of our
code: at a ratio below 2 it takes less than ``env.step``. Then many steps at once, by `Training.run`, relative to the
loop; and vectors of environments, relative to their own ``step``, in processor time. Run:
``python benchmarks/training.py``.
"""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import gymnasium
from rounds import Table, answered, show, take_turns

from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonGreedy, QLearning, schedules
from boltzmann_rl.decisions import machine
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.training.training import Training

STEPS, COMPILED, ROUNDS = 10_000, 300_000, 9
POLICIES = {
    "Boltzmann": Boltzmann(0.1),
    "Boltzmann with a schedule": Boltzmann(schedules.Exponential(1.0, 0.1, steps=5000)),
    "ε-greedy": EpsilonGreedy(0.1),
}


def make() -> Any:
    return Environment("CliffWalking-v1", max_episode_steps=500).make()


def loop(env: Any, agent: Agent) -> float:
    """Seconds per transition."""
    steps = islice(Training(env, agent, seed=0), STEPS)
    start = time.perf_counter()
    for _ in steps:
        pass
    return (time.perf_counter() - start) / STEPS


def environment(actions: list[int]) -> float:
    """Seconds per step of the environment alone."""
    env = make()
    env.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return (time.perf_counter() - start) / STEPS


def vector(rows: int) -> Any:
    return gymnasium.make_vec("CliffWalking-v1", rows, vectorization_mode="sync", max_episode_steps=500)


def run(training: Training, steps: int) -> float:
    """Seconds per transition of a whole run."""
    start = time.perf_counter()
    training.run(steps)
    return (time.perf_counter() - start) / steps


def at_once() -> Table:
    """`Training.run` relative to the loop, each going on with its own training."""
    ways: dict[str, Callable[[], float]] = {}
    bases = {}
    for name, policy in POLICIES.items():
        agent = Agent(QLearning(0.5), policy)
        training = Training(make(), agent, seed=0)
        training.run(COMPILED)  # compiles
        ways[f"run, {name}"] = lambda training=training: run(training, COMPILED)
        ways[f"loop, {name}"] = lambda agent=agent: loop(make(), agent)
        bases |= dict.fromkeys(list(ways)[-2:], f"loop, {name}")
    limits = {f"run, {name}": 1 / 40 for name in POLICIES}
    return Table("Many transitions at once", bases, take_turns(ways, ROUNDS, answered), limits=limits)


def vector_loop(rows: int, agent: Agent) -> float:
    """Processor seconds per transition."""
    steps = islice(Training(vector(rows), agent, seed=0), STEPS)
    start = time.process_time()
    for _ in steps:
        pass
    return (time.process_time() - start) / STEPS


def vector_alone(rows: int, sent: list[Any]) -> float:
    """Processor seconds per transition of the vector alone, with the same actions and the steps that reset."""
    env = vector(rows)
    env.reset(seed=0)
    start = time.process_time()
    for actions in sent:
        env.step(actions)
    return (time.process_time() - start) / STEPS


def sent_by(rows: int, agent: Agent) -> list[Any]:
    """The actions that a training sends to its vector."""
    env, sent = vector(rows), list[Any]()
    step: Any = env.step
    env.step = lambda actions: (sent.append(actions), step(actions))[1]
    for _ in islice(Training(env, agent, seed=0), STEPS):
        pass
    return sent


def vectors(title: str, limits: dict[int, float]) -> Table:
    """Training in vectors relative to their own stepping, and in one environment."""
    agent = Agent(QLearning(0.5), POLICIES["Boltzmann"])
    ways: dict[str, Callable[[], float]] = {}
    bases = {}
    for rows in limits:
        alone, sent = f"step of {rows} alone", sent_by(rows, agent)
        ways[alone] = lambda rows=rows, sent=sent: vector_alone(rows, sent)
        ways[f"Q-learning, {rows} at once"] = lambda rows=rows: vector_loop(rows, agent)
        bases |= dict.fromkeys(list(ways)[-2:], alone)
    allowed = {f"Q-learning, {rows} at once": limit for rows, limit in limits.items()}
    return Table(title, bases, take_turns(ways, ROUNDS, answered), limits=allowed)


def tables() -> Iterator[Table]:
    """Training relative to the environment alone, and several environments at once relative to one."""
    ways: dict[str, Callable[[], float]] = {}
    bases = {}
    for name, policy in POLICIES.items():
        agent = Agent(QLearning(0.5), policy)
        actions = [transition.action for transition in islice(Training(make(), agent, seed=0), STEPS)]
        ways[f"env.step alone, {name}"] = lambda actions=actions: environment(actions)
        ways[f"Q-learning, {name}"] = lambda agent=agent: loop(make(), agent)
        bases |= dict.fromkeys(list(ways)[-2:], f"env.step alone, {name}")
    yield Table("A transition of Q-learning on CliffWalking", bases, take_turns(ways, ROUNDS, answered))
    if available():
        yield at_once()
    machine.ready = machine.decide = None
    yield vectors("A transition in vectors of environments, in plain Python and NumPy", {1: 1.75, 16: 1.9})
    machine.prepare()
    if machine.ready is not None:
        yield vectors("A transition in vectors of environments, with Numba", {1: 1.6, 16: 1.5})


if __name__ == "__main__":
    show(tables())

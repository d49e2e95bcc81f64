"""The choice of an engine: the readable reference, or its compiled twin if that is applicable, installed and faster.

Both give the same results (`boltzmann_rl.engines.compiled`), so only time depends on the choice. It is made from the
declaration and from what is installed, never from what happens to be compiled already.
"""

import importlib
from contextlib import nullcontext
from typing import Any

from boltzmann_rl.kernels.forks import no_fork
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.protocols import traits_of

REFERENCE, COMPILED = "reference", "compiled"

# Compiling pays from this number of steps of all runs and agents on: a first run with one kind of agents, which
# compiles for about six seconds (bandits) or four, then takes at most about a second more than the reference in two
# processes (benchmarks/startup.py). Each further kind (docs/engines.md) is compiled as well.
PAYS = {"step": 24_000_000, "episode": 250_000}

# The modules of the two engines, by the axis along which they measure.
_ROOMS = {
    ("step", REFERENCE): "reference.bandits",
    ("step", COMPILED): "compiled.bandits",
    ("episode", REFERENCE): "reference.episodes",
    ("episode", COMPILED): "compiled.tabular",
}

# A perturbed step, which draws and integrates for every action, takes the time of at least this many ordinary ones.
_PERTURBED = 10


def engine_of(axis: str, problem: Any, agent: Any, steps: int, added: str = "") -> tuple[str, str]:
    """The engine for an agent on a problem, in an experiment with this number of steps.

    Args:
        axis: ``"step"`` for bandits, ``"episode"`` for environments.
        problem: A bandit or an `Environment`.
        agent: An `Agent`.
        steps: Total over all runs, agents and problems of the experiment, or an estimate.
        added: What is to be measured that only the reference engine can; empty for nothing.

    Returns:
        ``"compiled"`` if that is installed, supports the agent and the problem, and the steps are enough for compiling
        to pay; else ``"reference"``. Also one line why not, if compiling would have paid; else an empty string.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning
        >>> agent = Agent(QLearning(), Boltzmann(0.1))
        >>> engine_of("episode", Environment("Blackjack-v1"), agent, steps=1000)
        ('reference', '')
        >>> engine_of("episode", Environment("Blackjack-v1"), agent, steps=10**6)
        ('reference', 'Blackjack-v1 has no P: only environments with transition tables are known')
    """
    if steps * (_PERTURBED if traits_of(agent.policy).uniforms_per_action else 1) < PAYS[axis]:
        return REFERENCE, ""
    if not available():
        return REFERENCE, "Numba is not installed or is told not to compile"
    reason: str = f"it alone measures {added}" if added else room(axis, COMPILED).reason(problem, agent)
    return (REFERENCE, reason) if reason else (COMPILED, "")


def room(axis: str, engine: str) -> Any:
    """The module of an engine; the compiled ones need Numba."""
    with no_fork() if engine == COMPILED else nullcontext():
        return importlib.import_module(f"boltzmann_rl.engines.{_ROOMS[axis, engine]}")


def simulating(axis: str, engine: str) -> tuple[Any, ...]:
    """The function that simulates, and modules with code that it runs without a reference to it."""
    simulate = room(axis, engine).simulate_ranges
    unnamed = () if engine == REFERENCE else ("numba", "boltzmann_rl.kernels.vectors")  # the second emits code for it
    return simulate, *map(importlib.import_module, unnamed)

"""Which engine runs: the readable reference, or its compiled twin where that is known, installed and pays.

The two answer alike (`boltzmann_rl.engines.compiled`), so the choice is one of time. It depends on the declaration and
on what is installed, never on what happens to be compiled already.
"""

import importlib
from contextlib import nullcontext
from typing import Any

from boltzmann_rl.kernels.forks import no_fork
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.protocols import traits_of

__all__ = ["COMPILED", "PAYS", "REFERENCE", "engine_of", "room"]

REFERENCE, COMPILED = "reference", "compiled"

# Steps of all runs and agents from which on compiling pays: so many that a first run, which compiles for some five
# (bandits) or four seconds, takes at most three more than the reference engine in two processes: benchmarks/startup.py.
PAYS = {"step": 24_000_000, "episode": 250_000}

# The modules of the two engines, by the axis along which they measure.
_ROOMS = {
    ("step", REFERENCE): "reference.bandits",
    ("step", COMPILED): "compiled.bandits",
    ("episode", REFERENCE): "reference.episodes",
    ("episode", COMPILED): "compiled.tabular",
}

# At least so many steps of the reference take the time of one that draws and integrates for every action.
_PERTURBED = 10


def engine_of(axis: str, problem: Any, agent: Any, steps: int) -> tuple[str, str]:
    """The engine for an agent on a problem in an experiment of so many steps in all.

    Args:
        axis: ``"step"`` of bandits, ``"episode"`` of environments.
        problem: A bandit or an `Environment`.
        agent: An `Agent`.
        steps: Of all runs, agents and problems of the experiment, or a guess at them.

    Returns:
        ``"compiled"`` if that is installed, knows the two, and the steps are so many that compiling pays; else
        ``"reference"``. And why it is the reference where compiling would have paid, in a line; else an empty one.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning
        >>> agent = Agent(QLearning(), Boltzmann(0.1))
        >>> engine_of("episode", Environment("Blackjack-v1"), agent, steps=1000)
        ('reference', '')
        >>> engine_of("episode", Environment("Blackjack-v1"), agent, steps=10**6)
        ('reference', 'Blackjack-v1 has no P: only environments with transition tables are known')
    """
    if not _pays(axis, agent, steps):
        return REFERENCE, ""
    if not available():
        return REFERENCE, "Numba is not installed or is told not to compile"
    reason: str = room(axis, COMPILED).reason(problem, agent)
    return (REFERENCE, reason) if reason else (COMPILED, "")


def _pays(axis: str, agent: Any, steps: int) -> bool:
    """Whether an agent in work of so many steps is worth compiling for."""
    return steps * (_PERTURBED if traits_of(agent.policy).uniforms_per_action else 1) >= PAYS[axis]


def room(axis: str, engine: str) -> Any:
    """The module of an engine; the compiled ones need Numba."""
    with no_fork() if engine == COMPILED else nullcontext():
        return importlib.import_module(f"boltzmann_rl.engines.{_ROOMS[axis, engine]}")

"""Which engine runs: the readable reference, or its compiled twin where that is known, installed and pays.

The two answer alike (`boltzmann_rl.engines.compiled`), so the choice is one of time. It depends on the declaration and on what
is installed, never on what happens to be compiled already.
"""

import importlib
from typing import Any

from boltzmann_rl.kernels.forks import no_fork
from boltzmann_rl.kernels.jit import available

__all__ = ["COMPILED", "REFERENCE", "engine_of", "pays", "reason_of", "twin"]

REFERENCE, COMPILED = "reference", "compiled"

# Steps of all runs and agents from which on compiling pays: so many that a first run, which compiles for some five
# (bandits) or four seconds, takes at most three more than the reference engine in two processes: benchmarks/startup.py.
_PAYS = {"bandits": 24_000_000, "tabular": 250_000}

# At least so many steps of the reference take the time of one that draws and integrates for every action.
_PERTURBED = 10


def engine_of(kind: str, problem: Any, agent: Any, steps: int) -> str:
    """The engine for an agent on a problem in an experiment of so many steps in all.

    Args:
        kind: ``"bandits"`` or ``"tabular"``.
        problem: A bandit or an `Environment`.
        agent: An `Agent`.
        steps: Of all runs, agents and problems of the experiment, or a guess at them.

    Returns:
        ``"compiled"`` if that is installed, knows the two, and the steps are so many that compiling pays; else
        ``"reference"``.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, GaussianBandit, SampleAverage
        >>> engine_of("bandits", GaussianBandit(), Agent(SampleAverage(), Boltzmann(0.1)), steps=1000)
        'reference'
    """
    if not pays(kind, agent, steps) or not available():
        return REFERENCE
    return COMPILED if twin(kind).knows(problem, agent) else REFERENCE


def reason_of(kind: str, problem: Any, agent: Any, steps: int) -> str:
    """Why the reference engine does work that is worth compiling for, in a line; empty of other work.

    Args:
        kind: As for `engine_of`.
        problem: As there.
        agent: As there.
        steps: As there.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning
        >>> agent = Agent(QLearning(), Boltzmann(0.1))
        >>> reason_of("tabular", Environment("Blackjack-v1"), agent, steps=10**6)
        'Blackjack-v1 has no P: only environments with transition tables are known'
    """
    if not pays(kind, agent, steps):
        return ""
    if not available():
        return "Numba is not installed or is told not to compile"
    reason: str = twin(kind).reason(problem, agent)
    return reason


def pays(kind: str, agent: Any, steps: int) -> bool:
    """Whether an agent in work of so many steps is worth compiling for."""
    perturbs = getattr(getattr(agent, "policy", None), "uniforms_per_action", False)
    return steps * (_PERTURBED if perturbs else 1) >= _PAYS[kind]


def twin(kind: str) -> Any:
    """The compiled engine of a kind: its module, which needs Numba."""
    with no_fork():
        return importlib.import_module(f"boltzmann_rl.engines.compiled.{kind}")

"""Agents in the numbers of the kernel: which ones it knows, and their schedules at many steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.learners.noise import NoiseEstimate
from boltzmann_rl.learners.temporal_difference import SARSA, DoubleQLearning, ExpectedSARSA, QLearning
from boltzmann_rl.learners.untried import EveryActionFirst
from boltzmann_rl.numerics.plain_temperatures import PLAIN
from boltzmann_rl.policies.mixture import Mixture, mixture_of, mixtures, unknown
from boltzmann_rl.policies.parameters import at_steps
from boltzmann_rl.policies.units import LOGS, UNITS, meaning_of, numbers_of
from boltzmann_rl.protocols import is_unit, layers_of
from boltzmann_rl.schedules import is_constant
from boltzmann_rl.tables import kernel

_LEARNERS = {
    QLearning: kernel.Q_LEARNING,
    SARSA: kernel.SARSA,
    ExpectedSARSA: kernel.EXPECTED_SARSA,
    DoubleQLearning: kernel.DOUBLE_Q_LEARNING,
}

# What may be around a learner, once each, in any order.
_AROUND = {NoiseEstimate, EveryActionFirst}


def why_unknown(agent: Agent) -> str:
    """Why the kernel does not know an agent, in one line; empty if it does.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> why_unknown(Agent(QLearning(), Boltzmann(0.1))), why_unknown(Agent(QLearning(), Boltzmann(0.1), "pulls"))
        ('', "the clock 'pulls' is not known")
    """
    *around, learner = layers_of(agent.learner)
    kinds = [type(layer) for layer in around]
    if type(learner) not in _LEARNERS or len(set(kinds)) < len(kinds) or not set(kinds) <= _AROUND:
        return f"{agent.learner!r} is not known"
    if type(learner) is DoubleQLearning and learner.ties == "draw":
        return f"{learner!r} draws among equal maxima, which is not known"
    if agent.clock == "pulls":
        return "the clock 'pulls' is not known"
    return unknown(agent.policy, UNITS)


def _temperature_of(policy: Any) -> Any:
    """The temperature that a policy states at step 0: a number or a unit."""
    mixture: Any = mixture_of(policy, 0)
    return mixture.temperature


def unit_for(policy: Any) -> int | None:
    """What the numbers that state a policy's temperature mean; None if they are temperatures."""
    meaning = meaning_of(_temperature_of(policy))
    return None if meaning == PLAIN else meaning


def rules(agent: Agent, first: int = 0, evaluated: list[Floats] | None = None) -> Callable[..., kernel.Rule | None]:
    """A function of ``size`` that evaluates an agent's schedules at that many steps or more; None if that fails.

    The kernel counts its steps from 0, which is step ``first`` of the training. With the clock ``"visits"`` a policy's
    schedules begin at 0 visits, and a second argument is the number of visits so far of the state with the most. Since
    these do not depend on ``first``, a list ``evaluated``, empty at first, keeps them from one call to the next.
    """
    policy, by_visits = agent.policy, agent.clock == "visits"
    *around, learner = layers_of(agent.learner)
    untried_first, measures_noise = (kind in map(type, around) for kind in (EveryActionFirst, NoiseEstimate))
    temperature, unit = _temperature_of(policy), unit_for(policy)
    known = [] if evaluated is None else evaluated
    known += [np.empty(0)] * (4 - len(known))  # weights, and temperatures or the multiples or targets of the unit
    rates = np.array([learner.learning_rate]) if isinstance(learner.learning_rate, float) else np.empty(0)
    begin = 0 if by_visits else first

    def rule(size: int, visits: int = 0) -> kernel.Rule | None:
        nonlocal rates
        try:
            count, needed = len(known[0]), size + visits
            if count < needed and not (count and is_constant(policy)):
                found = _in_numbers(mixtures(policy, begin + count, begin + needed), temperature, begin + count)
                known[:] = [np.append(before, new) for before, new in zip(known, found, strict=True)]
            if len(rates) < size and not isinstance(learner.learning_rate, float):
                rates = np.append(rates, at_steps(learner.learning_rate, first + len(rates), first + size))
        except Exception:  # if such a step is reached, the reference raises the error and names the step
            return None
        if not ((rates >= 0.0) & (rates <= 1.0)).all():  # likewise
            return None
        mixture = known[0], known[1], known[2], known[3]
        learning = _LEARNERS[type(learner)], rates, learner.discount
        return kernel.Rule(*mixture, unit, LOGS, by_visits, untried_first, measures_noise, *learning)

    return rule


def _in_numbers(mixture: Mixture, unit: Any, first: int) -> tuple[Floats, ...]:
    """A mixture at many steps, with the numbers of a unit of temperature in its place."""
    uniform, soft, greedy, temperature = mixture
    if is_unit(unit):
        if temperature != unit:
            raise ValueError("the unit of the temperature must be the same at each step")
        temperature = numbers_of(unit, first, first + len(soft))
    return uniform, soft, greedy, np.asarray(temperature, dtype=np.float64)

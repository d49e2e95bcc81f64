"""A default that needs no tuning: which exploration to take by what is known."""

from typing import Literal, overload

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_choice, as_count
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.learners.bandit import SampleAverage
from boltzmann_rl.learners.noise import NoiseEstimate
from boltzmann_rl.learners.untried import EveryActionFirst
from boltzmann_rl.policies.noise import RelativeToNoise
from boltzmann_rl.policies.perturbation import BoltzmannGumbel
from boltzmann_rl.policies.softmax import Boltzmann
from boltzmann_rl.policies.temperatures import GreedyByVisits
from boltzmann_rl.schedules import Exponential

# Stated before the atlas ran: at 30,000 steps the falling temperature loses 1.54, Boltzmann–Gumbel 0.66 (medians).
LONGEST = 10_000


@overload
def recommended(actions: int, steps: int | None = None, states: Literal[False] = False) -> Agent: ...
@overload
def recommended(actions: int, steps: int | None = None, *, states: Literal[True]) -> Boltzmann: ...
@suggesting
def recommended(actions: int, steps: int | None = None, states: bool = False) -> Agent | Boltzmann:
    """Exploration that needs no tuning and no scale of rewards, by what is known beforehand.

    - a bandit whose number of steps is known, up to 10,000: every arm once, then `Boltzmann` at the temperature
      0.4·σ̂·0.001^(t/steps) after t decisions, 0 ≤ t ≤ steps, with the observed noise σ̂ of `NoiseEstimate`;
    - a bandit of unknown or longer duration: `BoltzmannGumbel` with the scale 0.35·σ̂, which explores each arm by its
      own number of pulls;
    - a table of states (Q-learning and its kin): `Boltzmann` with the `GreedyProbability` 1 − (A − 1)/n in the n-th
      visit of a state with A available actions, for a learner in `EveryActionFirst`. It explores by the visits of
      single states, and does not look ahead to rewards that are rare and far away.

    Measured by ``experiments/atlas`` on problems that chose none of the constants, its regret is this multiple of that
    of the best constant or falling temperature, tuned on each problem (median / 90th percentile / worst):

    - 160 bandits: 1.03 / 1.36 / 13 with known steps, 0.99 / 1.83 / 13 without;
    - 67 tables of states: 1.06 / 1.35 / 2.1.

    It is not for networks, which count no visits; nor for heavy-tailed rewards in 1,000 steps or more, where all losses
    of bandits above 2.2 are; nor for means that move fast, since sample averages never forget.

    Args:
        actions: Number of actions, ≥ 1; checked, but no rule depends on it.
        steps: Decisions in a run, ≥ 1, if known beforehand; only for bandits. Afterwards the temperature stays at
            0.0004·σ̂.
        states: True for a table of states; False for a bandit.

    Returns:
        For a bandit an `Agent`. For a table of states a policy:
        ``Agent(EveryActionFirst(QLearning()), recommended(4, states=True))``. Both are declarations like any other:
        print them, change them, write them down.

    Raises:
        TypeError: Arguments of another type.
        ValueError: Numbers below 1, or ``steps`` for states.

    Example:
        >>> recommended(actions=10)
        Agent(learner=NoiseEstimate(learner=SampleAverage(initial=0.0, count_initial=False)), \
policy=BoltzmannGumbel(scale=RelativeToNoise(scale=0.35)), clock='pulls')
        >>> recommended(actions=10, steps=1000).policy
        Boltzmann(temperature=RelativeToNoise(scale=Exponential(start=0.4, end=0.0004, steps=1000, decay=None)))
        >>> recommended(actions=4, states=True)
        Boltzmann(temperature=GreedyByVisits())

        In a loop of one's own, for one bandit of two arms, count the pulls for Boltzmann–Gumbel:

        >>> import numpy as np
        >>> from boltzmann_rl import act
        >>> from boltzmann_rl.protocols import memory_of
        >>> agent, rng = recommended(actions=2), np.random.default_rng(0)
        >>> state, pulls = agent.learner.start((1, 2), rng), np.zeros((1, 2), dtype=int)
        >>> for step in range(1000):  # of a policy that counts no pulls, step=step
        ...     values, memory = agent.learner.values(state), memory_of(agent.learner, state)
        ...     arm = act(agent.policy, values, rng, step=pulls, memory=memory)
        ...     reward = rng.normal([0.0, 1.0])[arm]
        ...     state = agent.learner.update(state, arm, reward, None, rng)
        ...     pulls[0, arm] += 1
        >>> bool(pulls[0, 1] > 950)
        True
    """
    as_count(actions, "actions")
    if steps is not None:
        steps = as_count(steps, "steps")
    if as_choice(states, "states", (False, True)):
        if steps is not None:
            raise ValueError(f"steps={steps} has no effect for states: leave it out")
        return Boltzmann(GreedyByVisits())
    if steps is None or steps > LONGEST:
        return Agent(NoiseEstimate(SampleAverage()), BoltzmannGumbel(RelativeToNoise(0.35)))
    cooling = Exponential(0.4, 0.4 * 0.001, steps=steps)
    return Agent(EveryActionFirst(NoiseEstimate(SampleAverage())), Boltzmann(RelativeToNoise(cooling)))

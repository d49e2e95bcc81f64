"""A default for those who cannot tune: which exploration to take by what is known."""

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

# The longest horizon at which one temperature for all arms was the better rule.
LONGEST = 10_000


@overload
def recommended(actions: int, steps: int | None = None, states: Literal[False] = False) -> Agent: ...
@overload
def recommended(actions: int, steps: int | None = None, *, states: Literal[True]) -> Boltzmann: ...
@suggesting
def recommended(actions: int, steps: int | None = None, states: bool = False) -> Agent | Boltzmann:
    """Exploration for those who cannot tune, by what is known before the first decision; no scale of rewards is needed.

    - a bandit whose number of steps is known, up to 10,000: every arm once, then `Boltzmann` at the temperature
      0.4·σ̂·0.001^(t/steps), where σ̂ is the standard deviation of an arm's rewards so far;
    - any other bandit: `BoltzmannGumbel` with the scale 0.35·σ̂, which explores each arm by its own number of pulls;
    - a table of states (Q-learning and its kin): `Boltzmann` with the `GreedyProbability` 1 − (A − 1)/n in the n-th
      visit of a state with A available actions.

    Args:
        actions: Number of actions, ≥ 1.
        steps: Number of decisions, ≥ 1, if it is known beforehand.
        states: Whether values are kept for many states.

    Returns:
        For a bandit an `Agent`; for states a policy, for an agent with the learner of your choice. Both are
        declarations like any other: print them, change them, write them down.

    Example:
        >>> recommended(actions=10)
        Agent(learner=NoiseEstimate(learner=SampleAverage(initial=0.0, count_initial=False)), \
policy=BoltzmannGumbel(scale=RelativeToNoise(scale=0.35)), clock='pulls')
        >>> recommended(actions=10, steps=1000).policy
        Boltzmann(temperature=RelativeToNoise(scale=Exponential(start=0.4, end=0.0004, steps=1000, decay=None)))
        >>> recommended(actions=4, states=True)
        Boltzmann(temperature=GreedyByVisits())
    """
    as_count(actions, "actions")
    if steps is not None:
        steps = as_count(steps, "steps")
    if as_choice(states, "states", (False, True)):
        return Boltzmann(GreedyByVisits())
    if steps is None or steps > LONGEST:
        return Agent(NoiseEstimate(SampleAverage()), BoltzmannGumbel(RelativeToNoise(0.35)))
    cooling = Exponential(0.4, 0.4 * 0.001, steps=steps)
    return Agent(EveryActionFirst(NoiseEstimate(SampleAverage())), Boltzmann(RelativeToNoise(cooling)))

"""An agent: a way of learning and a rule of action, side by side."""

from typing import Any

from boltzmann_rl.arguments import as_choice, as_policy, shown
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.parameters import CLOCKS, clock_of
from boltzmann_rl.protocols import Learner, Policy, learner_traits, traits_of

__all__ = ["Agent"]

_LEARNS = ("start", "values", "update")


@dataclass(frozen=True)
class Agent:
    """A learner, the policy that follows its values, and the clock that the policy is given.

    Every rule of action combines with every way of learning: sample averages + Boltzmann; gradient preferences +
    Boltzmann at temperature 1 (the gradient bandit); UCB1 indices + Greedy; Q-learning + ε-greedy.

    Args:
        learner: Has ``start``, ``values`` and ``update``; one for environments that remembers something within an
            episode also ``forget(state)``, which answers the state without that (see `Training.save`).
        policy: Any callable ``(values, step) -> probabilities``.
        clock: What the policy's ``step`` counts: ``"step"``, decisions in the run; ``"pulls"``, decisions for each
            action (one number an action); ``"visits"``, decisions in the current state (for bandits the same as
            ``"step"``). Default: what the policy or a part of it asks for by an attribute ``clock``, or ``"step"``.

    Raises:
        TypeError: A learner or a policy that lacks what is named above; a policy with ``takes_memory = True`` (whose
            third argument is what the learner's ``memory(state)`` returns) beside a learner that keeps none.
        ValueError: An unknown clock, or another one than a policy that counts pulls or visits asks for.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Agent(SampleAverage(), Boltzmann(0.2))
        Agent(learner=SampleAverage(initial=0.0, count_initial=False), policy=Boltzmann(temperature=0.2), clock='step')
    """

    learner: Learner
    policy: Policy
    clock: str = ""

    def __post_init__(self) -> None:
        _check_learner(self.learner, self.policy)
        as_policy(self.policy)
        if traits_of(self.policy).takes_memory and not learner_traits(self.learner).memory:
            raise TypeError(f"{self.policy!r} needs a learner with memory(state), got {self.learner!r}")
        asked = clock_of(self.policy)
        clock = asked if isinstance(self.clock, str) and self.clock == "" else as_choice(self.clock, "clock", CLOCKS)
        if asked not in ("step", clock):
            raise ValueError(f"{self.policy!r} counts {asked}, got clock={clock!r}: leave clock out")
        object.__setattr__(self, "clock", clock)


def _check_learner(learner: Any, policy: Any) -> None:
    if isinstance(learner, type):
        raise TypeError(f"learner must be an instance, such as {learner.__name__}(...), got the class")
    missing = [function for function in _LEARNS if not callable(getattr(learner, function, None))]
    if missing and all(hasattr(policy, function) for function in _LEARNS):
        raise TypeError(f"Agent takes the learner first: write Agent({shown(policy)}, {shown(learner)})")
    if missing:
        raise TypeError(
            f"learner must have start(), values() and update(), as QLearning() has, got {shown(learner)} without "
            f"{', '.join(missing)}"
        )
